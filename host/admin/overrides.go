package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/override"
	"signpost/host/reply"
)

// Overrides keep what operators say of candidates.
type Overrides interface {
	// Set says something of all candidates that a pattern names; Auto takes back what was said of exactly this pattern. Its error is a
	// *override.Refusal.
	Set(health.Override) (override.Outcome, error)
	Status() override.Status
}

// OverrideList is what GET /overrides answers.
type OverrideList struct {
	File        string     `json:"file,omitempty"` // left out: there is none, and a restart forgets them
	Overrides   []Override `json:"overrides"`      // the latest last, which counts
	Unsaved     int        `json:"unsaved"`        // changes that the file does not have
	Trouble     string     `json:"trouble,omitempty"`
	Mistaken    bool       `json:"mistaken"`    // the file has mistakes or cannot be read: its last good text counts
	Diagnostics []string   `json:"diagnostics"` // of the file, a line each
}

// Override is what an operator says of candidates.
type Override struct {
	Pattern    string     `json:"pattern"` // NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID, with * and ?
	State      string     `json:"state"`   // up, down, drain or auto
	Reason     string     `json:"reason,omitempty"`
	By         string     `json:"by"`
	At         time.Time  `json:"at"`
	Until      *time.Time `json:"until,omitempty"` // left out: until somebody takes it back
	Over       string     `json:"over,omitempty"`  // how long a drain takes
	Candidates int        `json:"candidates"`      // that it names
	Held       int        `json:"candidatesHeld"`  // for which no later override counts
}

// words serves /overrides and the changes of /health.
type words struct {
	table     *health.Table
	overrides Overrides
}

// list answers GET /overrides.
func (o *words) list(w http.ResponseWriter, _ *http.Request) {
	status := o.overrides.Status()
	out := OverrideList{File: status.Path, Overrides: []Override{}, Unsaved: status.Unsaved, Mistaken: status.Stale, Diagnostics: []string{}}
	if status.Trouble != nil {
		out.Trouble = status.Trouble.Error()
	}
	for _, d := range status.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, diag.OneLine(d.String()))
	}
	for _, one := range status.Overrides {
		described := Override{Pattern: one.Pattern.String(), State: one.Force.String(), Reason: one.Reason, By: one.By, At: one.At, Until: moment(one.Until)}
		if one.Force == health.ForceDrain {
			described.Over = one.Over.String()
		}
		for _, c := range o.table.Matching(one.Pattern) {
			described.Candidates++
			if c.Override.Force != health.Auto && c.Override.Pattern == one.Pattern {
				described.Held++
			}
		}
		out.Overrides = append(out.Overrides, described)
	}
	reply.JSON(w, http.StatusOK, out)
}

// change answers POST /overrides and POST /health with the candidates that were named.
func (o *words) change(w http.ResponseWriter, r *http.Request) {
	o.answer(w, r, func(body io.Reader) (health.Override, error) { return readChange(body, time.Now()) })
}

// remove answers DELETE /overrides?pattern=PATTERN.
func (o *words) remove(w http.ResponseWriter, r *http.Request) {
	o.answer(w, r, func(io.Reader) (word health.Override, err error) {
		values := r.URL.Query()
		if values.Get("pattern") == "" {
			return word, errors.New("pattern is needed")
		}
		if word.Pattern, err = patternOf(values); err == nil {
			word.By = values.Get("by")
			if err = override.CheckWords(word.By); err != nil {
				err = fmt.Errorf("by %w", err)
			}
		}
		return word, err
	})
}

// answer makes the change that read finds in a request.
func (o *words) answer(w http.ResponseWriter, r *http.Request, read func(io.Reader) (health.Override, error)) {
	word, err := read(r.Body)
	if err != nil {
		reply.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if word.By == "" {
		word.By = r.RemoteAddr
	}
	outcome, err := o.overrides.Set(word)
	if err != nil {
		reply.Refuse(w, http.StatusNotFound, err.Error())
		return
	}
	answer := Health{Epoch: o.table.Epoch(), Candidates: described(outcome.Candidates)}
	if outcome.Unsaved != nil {
		answer.Warning = "this counts, but a restart forgets it: " + outcome.Unsaved.Error()
	}
	reply.JSON(w, http.StatusOK, answer)
}
