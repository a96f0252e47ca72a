package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zonefile"
)

// Bounds of what a client can say.
const (
	changeLenMax = 16 << 10
	wordsLenMax  = 200 // of a reason, and of a name of who gives it
)

// Health is what GET /health answers.
type Health struct {
	Epoch      uint64      `json:"epoch"` // moves with each change of a state
	Candidates []Candidate `json:"candidates"`
}

// Candidate is one alternative of a policy and its state.
type Candidate struct {
	View     string    `json:"view"`
	Name     string    `json:"name"` // with the last dot
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	State    string    `json:"state"` // up, down or unknown: what decisions see
	Since    time.Time `json:"since"`
	Why      string    `json:"why,omitempty"`      // the operator's reason, or what the check found
	Check    string    `json:"check,omitempty"`    // "": none
	Verdict  string    `json:"verdict"`            // the state without the override
	Override string    `json:"override,omitempty"` // up or down
	By       string    `json:"by,omitempty"`       // who overrides
}

// Change is what POST /health takes: it holds candidates up or down, or leaves them to their checks (auto). Without a type or a view it is for
// all that the name has.
type Change struct {
	Name   string `json:"name"`
	Type   string `json:"type,omitempty"`
	ID     string `json:"id"`
	View   string `json:"view,omitempty"`
	State  string `json:"state"` // up, down or auto
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
}

// Refusal is what a request gets that makes no sense.
type Refusal struct {
	Error string `json:"error"`
}

// candidates serves /health.
type candidates struct {
	table *health.Table
	log   *slog.Logger // nil: none
}

// list answers GET /health?name=NAME&type=TYPE&view=VIEW&id=ID.
func (c *candidates) list(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	which, err := queryOf(values.Get("name"), values.Get("type"), values.Get("view"), values.Get("id"))
	if err != nil {
		respondJSON(w, http.StatusBadRequest, Refusal{err.Error()})
		return
	}
	respondJSON(w, http.StatusOK, c.answer(c.table.List(which)))
}

// change answers POST /health with the candidates that were changed.
func (c *candidates) change(w http.ResponseWriter, r *http.Request) {
	which, word, err := readChange(http.MaxBytesReader(w, r.Body, changeLenMax))
	if err != nil {
		respondJSON(w, http.StatusBadRequest, Refusal{err.Error()})
		return
	}
	if word.By == "" {
		word.By = r.RemoteAddr
	}
	changed := c.table.Override(which, word)
	if len(changed) == 0 {
		respondJSON(w, http.StatusNotFound, Refusal{c.missing(which)})
		return
	}
	for _, one := range changed {
		if c.log != nil {
			c.log.Warn(fmt.Sprintf("candidate %s of %s %s: an operator says %s", one.ID, one.Name, health.TypeName(one.Type), word.Force),
				"view", one.View, "state", one.State, "reason", word.Reason, "by", word.By)
		}
	}
	respondJSON(w, http.StatusOK, c.answer(changed))
}

// readChange reads a Change. Its errors are for the client.
func readChange(body io.Reader) (which health.Query, word health.Override, err error) {
	var change Change
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&change); err != nil {
		return which, word, fmt.Errorf("the body is no change: %w", err)
	}
	force := slices.Index(health.ForceWords[:], change.State)
	switch {
	case change.Name == "" || change.ID == "":
		return which, word, errors.New("name and id are needed")
	case force < 0:
		return which, word, fmt.Errorf("state %q is not one of %s%s", change.State, strings.Join(health.ForceWords[:], ", "), diag.DidYouMean(change.State, health.ForceWords[:]))
	case change.Reason == "" && health.Force(force) != health.Auto:
		return which, word, errors.New("a reason is needed, for whoever sees it next")
	case !sayable(change.Reason) || !sayable(change.By):
		return which, word, fmt.Errorf("reason and by are one line each of at most %d bytes", wordsLenMax)
	}
	which, err = queryOf(change.Name, change.Type, change.View, change.ID)
	return which, health.Override{Force: health.Force(force), Reason: change.Reason, By: change.By}, err
}

// sayable tells whether a text can stand in a line of a log and on a terminal.
func sayable(text string) bool {
	return len(text) <= wordsLenMax && !strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) })
}

// queryOf reads what names candidates; "" is any.
func queryOf(name, typ, view, id string) (health.Query, error) {
	which := health.Query{View: view, ID: id}
	if name != "" {
		raw, err := zonefile.ParseName(name)
		if err != nil {
			return which, err
		}
		wire.LowerName(raw)
		which.Name = string(zonefile.AppendName(nil, raw))
	}
	if typ != "" {
		number, ok := rrdata.TypeByName([]byte(strings.ToUpper(typ)))
		if !ok {
			return which, fmt.Errorf("type %q is no record type", typ)
		}
		which.Type = number
	}
	return which, nil
}

// missing tells what of a query there is not.
func (c *candidates) missing(which health.Query) string {
	names, ids, views := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, one := range c.table.List(health.Query{}) {
		names[one.Name], views[one.View] = true, true
		if one.Name == which.Name && (which.Type == 0 || which.Type == one.Type) && (which.View == "" || which.View == one.View) {
			ids[one.ID] = true
		}
	}
	what := which.Name
	if which.Type != 0 {
		what += " " + rrdata.TypeName(which.Type)
	}
	if which.View != "" {
		what += " in the view " + which.View
	}
	switch {
	case !names[which.Name]:
		return fmt.Sprintf("%s is no routed name%s", which.Name, diag.DidYouMean(which.Name, keys(names)))
	case len(ids) == 0:
		if which.View != "" && !views[which.View] {
			return what + " is not routed" + diag.DidYouMean(which.View, keys(views))
		}
		return what + " is not routed"
	}
	known := keys(ids)
	return fmt.Sprintf("%s has no candidate %q%s; it has %s", what, which.ID, diag.DidYouMean(which.ID, known), strings.Join(known[:min(len(known), linesMax)], ", "))
}

func keys(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for word := range set {
		list = append(list, word)
	}
	slices.Sort(list)
	return list
}

// answer describes candidates.
func (c *candidates) answer(list []health.Candidate) Health {
	out := Health{Epoch: c.table.Epoch(), Candidates: make([]Candidate, 0, len(list))}
	for _, one := range list {
		described := Candidate{
			View: one.View, Name: one.Name, Type: health.TypeName(one.Type), ID: one.ID, State: one.State.String(), Since: one.Since,
			Why: one.Why, Check: one.Check, Verdict: one.Verdict.String(),
		}
		if one.Override.Force != health.Auto {
			described.Override, described.By = one.Override.Force.String(), one.Override.By
		}
		out.Candidates = append(out.Candidates, described)
	}
	return out
}

// respondJSON sends one value that no cache keeps.
func respondJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // an error means that the client went away
}
