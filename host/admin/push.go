package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"signpost/host/override"
)

// Why a Push was not taken.
var (
	ErrNoPush    = errors.New("no such push check")
	ErrPushToken = errors.New("the check's own token is needed (Authorization: Bearer …)")
)

// Push is what POST /push/NAME takes. Without a body it is OK.
type Push struct {
	OK   *bool  `json:"ok,omitempty"` // left out: true
	Text string `json:"text,omitempty"`
}

// Pushed is what POST /push/NAME answers.
type Pushed struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"` // as it was taken
}

// Pusher takes what others report of checks.
type Pusher interface {
	// Guarded tells whether the push check of that name asks for a token of its own. Its error is ErrNoPush, which may be wrapped.
	Guarded(name string) (bool, error)
	// Push takes one report with the token that came with it. Its errors are ErrNoPush and ErrPushToken, which may be wrapped.
	Push(name, token string, ok bool, text string) error
}

// Each push check may be reported of so often: in a row, and on average.
const (
	pushBurst = 20
	pushEvery = 100 * time.Millisecond
)

// pushes serves POST /push/NAME.
type pushes struct {
	pusher Pusher
	gate   *gate
	now    func() time.Time

	mu   sync.Mutex
	next map[string]time.Time // by check: when all reports so far would have been taken at pushEvery
}

func (p *pushes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	ok, code, err := p.push(name, w, r)
	switch {
	case err == nil:
		respondJSON(w, http.StatusOK, Pushed{name, ok})
		return
	case code == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	refuse(w, code, err)
}

// push takes one report; if it does not, code says why not.
func (p *pushes) push(name string, w http.ResponseWriter, r *http.Request) (ok bool, code int, err error) {
	guarded, err := p.pusher.Guarded(name)
	if err != nil {
		return false, http.StatusNotFound, err
	}
	if !guarded { // who brings the check's token is no page of another site
		if code, err = p.gate.admits(r); err != nil {
			return false, code, err
		}
	}
	ok, text, err := readPush(http.MaxBytesReader(w, r.Body, changeLenMax))
	if err != nil {
		return false, http.StatusBadRequest, err
	}
	if !p.allow(name) {
		return false, http.StatusTooManyRequests, fmt.Errorf("%q is reported of too often: %d times in a row, and every %v on average, are taken", name, pushBurst, pushEvery)
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch err := p.pusher.Push(name, strings.TrimSpace(token), ok, text); {
	case errors.Is(err, ErrPushToken):
		p.restore(name) // whoever guesses does not keep others out
		return false, http.StatusUnauthorized, err
	case errors.Is(err, ErrNoPush):
		return false, http.StatusNotFound, err
	case err != nil:
		return false, http.StatusServiceUnavailable, err
	}
	return ok, http.StatusOK, nil
}

// readPush reads a Push. Its errors are for the client.
func readPush(body io.Reader) (ok bool, text string, err error) {
	var push Push
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&push); err != nil && !errors.Is(err, io.EOF) {
		return false, "", fmt.Errorf(`the body is not such as {"ok": true, "text": "all is well"}: %w`, err)
	}
	if override.CheckWords(push.Text) != nil {
		return false, "", fmt.Errorf("text is one line of at most %d bytes", override.WordsLenMax)
	}
	return push.OK == nil || *push.OK, push.Text, nil
}

// allow tells whether one more report of a check may be taken now. Checks are few: the configuration bounds them.
func (p *pushes) allow(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	next := p.next[name]
	if next.Before(now) {
		next = now
	}
	if next.Sub(now) > (pushBurst-1)*pushEvery {
		return false
	}
	if p.next == nil {
		p.next = map[string]time.Time{}
	}
	p.next[name] = next.Add(pushEvery)
	return true
}

// restore takes back what allow counted.
func (p *pushes) restore(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next[name] = p.next[name].Add(-pushEvery)
}
