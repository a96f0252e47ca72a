package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"signpost/host/override"
	"signpost/host/reply"
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
	// Guarded tells whether the push check of that name asks for a token of its own, which must be the one that came then. Its errors are
	// ErrNoPush and ErrPushToken, which may be wrapped.
	Guarded(name, token string) (bool, error)
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
	taken  http.Handler // of what is let through: take, so many at a time

	mu   sync.Mutex
	next map[string]time.Time // by check: when all reports so far would have been taken at pushEvery
}

func newPushes(pusher Pusher, g *gate, turns turns) *pushes {
	p := &pushes{pusher: pusher, gate: g, now: time.Now}
	p.taken = whole(bounded(http.HandlerFunc(p.take), turns))
	return p
}

// ServeHTTP looks who it is before anything else: whoever may not report takes no place from those who may, and no report from the check's measure.
func (p *pushes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if code, err := p.admits(r); err != nil {
		refuse(w, code, err)
		return
	}
	p.taken.ServeHTTP(w, r)
}

// admits tells why a report is not let through.
func (p *pushes) admits(r *http.Request) (code int, err error) {
	switch guarded, err := p.pusher.Guarded(r.PathValue("name"), tokenOf(r)); {
	case err != nil:
		return codeOf(err), err
	case guarded: // who brings the check's token is no page of another site
		return 0, nil
	}
	return p.gate.admits(r)
}

// tokenOf is the token that a request brings; "": none.
func tokenOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// codeOf is the status for an error of a Pusher.
func codeOf(err error) int {
	switch {
	case errors.Is(err, ErrPushToken):
		return http.StatusUnauthorized
	case errors.Is(err, ErrNoPush):
		return http.StatusNotFound
	}
	return http.StatusServiceUnavailable
}

// take takes one report of who was let through.
func (p *pushes) take(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	ok, text, err := readPush(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if !p.allow(name) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests,
			fmt.Errorf("%q is reported of too often: %d times in a row, and every %v on average, are taken", name, pushBurst, pushEvery))
		return
	}
	if err := p.pusher.Push(name, tokenOf(r), ok, text); err != nil { // of a token, too: it may be another one by now
		refuse(w, codeOf(err), err)
		return
	}
	reply.JSON(w, http.StatusOK, Pushed{name, ok})
}

// readPush reads a Push. Its errors are for the client.
func readPush(body io.Reader) (ok bool, text string, err error) {
	var push Push
	if err := readOne(body, &push); err != nil && !errors.Is(err, io.EOF) {
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
