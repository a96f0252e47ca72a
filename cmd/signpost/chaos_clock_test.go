package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signpost/host/admin"
)

const (
	// chaosWordLasts is how long an operator's word holds: longer than the test, shorter than a step of the clock.
	chaosWordLasts = 30 * time.Minute
	// chaosWordBound is how long it may last beyond its end: the server looks each second; and a second for a busy machine.
	chaosWordBound = 2 * time.Second
	chaosAheadMax  = 25 * time.Hour
)

var chaosSteps = []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour}

// chaosWord is what an operator says of a candidate, again and again: it is down for a while. The time of day decides when that is over.
type chaosWord struct {
	clock *skewed   // nil: nobody steps it
	until time.Time // zero: nothing was said
	over  time.Time // when a step of the clock ended it; zero: it holds
	ended int
	worst time.Duration
}

// step sets the server's clock, unless it is yet to end a word: what is true between two steps nobody can tell.
func (w *chaosWord) step(random *rand.Rand) bool {
	if w.clock == nil || !w.over.IsZero() {
		return false
	}
	by := chaosSteps[random.IntN(len(chaosSteps))]
	if (w.clock.ahead + by).Abs() > chaosAheadMax {
		by = -by
	}
	w.clock.step(by)
	if !w.until.IsZero() && !w.clock.now().Before(w.until) {
		w.over = time.Now()
	}
	return true
}

// see says the word where there is none, and compares the answer with it.
func (w *chaosWord) see(p *program) {
	p.t.Helper()
	if w.clock == nil {
		return
	}
	if w.until.IsZero() {
		if w.clock.ahead > 0 {
			return // it is to end before the clock cannot go on
		}
		var list admin.Health
		p.ask(http.MethodPost, "/health", fmt.Sprintf(`{"pattern":"held.example.com/main","state":"down","for":"%v","reason":"chaos"}`, chaosWordLasts), &list)
		if len(list.Candidates) != 1 || list.Candidates[0].Until == nil {
			p.t.Fatalf("got %+v, want one candidate with an end", list)
		}
		w.until = *list.Candidates[0].Until
		if off := w.until.Sub(w.clock.now().Add(chaosWordLasts)); off.Abs() > time.Minute {
			p.t.Errorf("a word for %v ends %v beside that", chaosWordLasts, off)
		}
	}
	held := p.address("udp", "held.example.com.") == chaosStandby
	switch wrong := time.Since(w.over); {
	case w.over.IsZero():
		if !held {
			p.t.Errorf("a word until %v does not hold at %v", w.until, w.clock.now())
		}
	case held && wrong > chaosWordBound:
		p.t.Errorf("a word until %v holds at %v, %v after a step of the clock ended it", w.until, w.clock.now(), wrong)
	case held:
		w.worst = max(w.worst, wrong)
	case w.forgotten(p):
		w.until, w.over = time.Time{}, time.Time{}
		w.ended++
	}
}

// forgotten tells whether the file has lost the word: before, a restart with the clock set back would rightly find it in force again.
func (w *chaosWord) forgotten(p *program) bool {
	p.t.Helper()
	var list admin.OverrideList
	p.ask(http.MethodGet, "/overrides", "", &list)
	text, err := os.ReadFile(filepath.Clean(list.File))
	if err != nil {
		p.t.Fatal(err)
	}
	return !strings.Contains(string(text), "held.example.com")
}

// String sums up.
func (w *chaosWord) String() string {
	if w.clock == nil {
		return "no steps of the clock"
	}
	return fmt.Sprintf("%d steps of the clock that ended %d words of an operator, at most %v late", w.clock.steps, w.ended, w.worst.Round(10*time.Millisecond))
}
