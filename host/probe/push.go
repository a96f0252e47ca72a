package probe

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/probe/attempt"
)

// Report is what somebody says of a push check.
type Report struct {
	Down  bool   // it is not well
	Text  string // in a few words; ""
	Token string // what proves who it is
}

// Why a Report was not taken. ErrNoPush may come wrapped, with the nearest name.
var (
	ErrNoPush    = errors.New("there is no such push check")
	ErrPushToken = errors.New("the token is not the check's")
)

// reportLenMax bounds the text that is kept of a report.
const reportLenMax = 200

// Guarded tells whether a push check asks for a token, which is the one that is given then: else the error is ErrPushToken. It is ErrNoPush, with
// the nearest name, where there is none of that name.
func (s *Scheduler) Guarded(name, token string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.pushLocked(name)
	if err == nil && !c.admits(token) {
		err = ErrPushToken
	}
	return err == nil && c.config.Push.Token != "", err
}

// admits tells whether who brings that token may report of a push check.
func (c *check) admits(token string) bool {
	want := c.config.Push.Token
	return want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(token)) == 1
}

// pushLocked finds a push check.
func (s *Scheduler) pushLocked(name string) (*check, error) {
	if c := s.checks[name]; c != nil && c.config.Kind == config.CheckPush {
		return c, nil
	}
	var names []string
	for other, c := range s.checks {
		if c.config.Kind == config.CheckPush {
			names = append(names, other)
		}
	}
	return nil, fmt.Errorf("%q: %w%s", name, ErrNoPush, diag.DidYouMean(name, names))
}

// Push takes a report about a push check. A name that is not one's is told with the nearest.
func (s *Scheduler) Push(name string, r Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.pushLocked(name)
	if err != nil {
		return err
	}
	if !c.admits(r.Token) {
		return ErrPushToken
	}
	t := s.targets[targetKey{name, ""}]
	if t == nil || c.config.Disabled || s.closed {
		return nil
	}
	if len(r.Text) > reportLenMax {
		r.Text = strings.ToValidUTF8(r.Text[:reportLenMax], "")
	}
	if r.Text == "" {
		r.Text = "well"
		if r.Down {
			r.Text = "not well"
		}
	}
	now := s.elapsed()
	s.options.Metrics.Probed(name, !r.Down, 0)
	s.seeLocked(t, attempt.Result{OK: !r.Down, Text: r.Text}, now)
	s.due.set(t, now+c.config.Push.Within)
	s.poke()
	return nil
}

// silentLocked notes that nobody said anything for too long; every interval it is one more failed attempt.
func (s *Scheduler) silentLocked(t *target, now time.Duration) {
	c := &t.check.config
	silence := c.Push.Within
	if t.heard > 0 {
		silence = now - t.heard
	}
	s.options.Metrics.Probed(t.check.name, false, 0)
	s.seeLocked(t, attempt.Result{Text: fmt.Sprintf("silent for %v", silence.Round(time.Second))}, now)
	s.due.set(t, now+min(c.Interval, c.Push.Within))
}
