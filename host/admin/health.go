package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"signpost/host/health"
	"signpost/host/override"
	"signpost/host/reply"
)

// Health is what GET and POST /health answer.
type Health struct {
	Epoch      uint64      `json:"epoch"` // moves with each change of a state
	Candidates []Candidate `json:"candidates"`
	Warning    string      `json:"warning,omitempty"` // of a change: why a restart forgets it
}

// Candidate is one alternative of a policy and its state.
type Candidate struct {
	View      string     `json:"view"`
	Name      string     `json:"name"` // with the last dot
	Type      string     `json:"type"`
	ID        string     `json:"id"`
	State     string     `json:"state"` // up, down or unknown: what decisions see
	Share     uint8      `json:"share"` // percent of its weight that it gets while it is not down
	Since     time.Time  `json:"since"`
	Why       string     `json:"why,omitempty"`       // the operator's reason, or what the check found
	Check     string     `json:"check,omitempty"`     // "": none
	Verdict   string     `json:"verdict"`             // what the check says, whatever operators do
	Found     string     `json:"found,omitempty"`     // what it found
	RTTMillis float64    `json:"rttMillis,omitempty"` // of the probes that pass, smoothed; left out: none is known
	Override  string     `json:"override,omitempty"`  // up, down or drain
	By        string     `json:"by,omitempty"`        // who overrides
	Pattern   string     `json:"pattern,omitempty"`   // of the override
	Until     *time.Time `json:"until,omitempty"`     // when it ends; left out: when somebody takes it back
}

// Change is what POST /health and POST /overrides take: it holds candidates up or down, drains them, or leaves them to their checks (auto), which
// takes back what was said of exactly the same. Name, id and view may have * and ?. Without a type or a view it is for all that the name has.
type Change struct {
	Pattern string `json:"pattern,omitempty"` // NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID, in place of the next four
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	ID      string `json:"id,omitempty"`
	View    string `json:"view,omitempty"`
	State   string `json:"state"` // up, down, drain or auto
	Reason  string `json:"reason,omitempty"`
	By      string `json:"by,omitempty"`
	For     string `json:"for,omitempty"`   // how long, such as 2h; left out: until somebody takes it back
	Until   string `json:"until,omitempty"` // or until when
	Over    string `json:"over,omitempty"`  // how long a drain takes; left out: a minute
}

// candidates serves /health.
type candidates struct{ table *health.Table }

// list answers GET /health?name=GLOB&type=TYPE&view=GLOB&id=GLOB.
func (c *candidates) list(w http.ResponseWriter, r *http.Request) {
	which, err := patternOf(r.URL.Query())
	if err != nil {
		reply.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	var list []health.Candidate
	if which == (health.Pattern{}) {
		list = c.table.List(health.Query{})
	} else if list = c.table.Matching(which); len(list) == 0 {
		reply.Refuse(w, http.StatusNotFound, override.Missing(c.table.List(health.Query{}), which))
		return
	}
	reply.JSON(w, http.StatusOK, Health{Epoch: c.table.Epoch(), Candidates: described(list)})
}

// patternOf reads what names candidates; what is left out is any.
func patternOf(values url.Values) (health.Pattern, error) {
	part := func(key string) string {
		if raw := values.Get(key); raw != "" {
			return raw
		}
		return "*"
	}
	if pattern := values.Get("pattern"); pattern != "" {
		return override.ParsePattern(pattern)
	}
	return override.NewPattern(part("view"), part("name"), part("type"), part("id"))
}

// readChange reads a Change. Its errors are for the client.
func readChange(body io.Reader, now time.Time) (word health.Override, err error) {
	var change Change
	if err := readOne(body, &change); err != nil {
		return word, fmt.Errorf("the body is no change: %w", err)
	}
	if word.Pattern, err = change.pattern(); err != nil {
		return word, err
	}
	if word.Force, err = override.ParseForce(change.State); err != nil {
		return word, fmt.Errorf("state %w", err)
	}
	if change.Reason == "" && word.Force != health.Auto {
		return word, errors.New("a reason is needed, for whoever sees it next")
	}
	if err := override.CheckWords(change.Reason); err != nil {
		return word, fmt.Errorf("reason %w", err)
	}
	if err := override.CheckWords(change.By); err != nil {
		return word, fmt.Errorf("by %w", err)
	}
	word.Reason, word.By = change.Reason, change.By
	if word.Until, err = change.end(word.Force, now); err != nil {
		return word, err
	}
	word.Over, err = change.over(word.Force)
	return word, err
}

func (c *Change) pattern() (health.Pattern, error) {
	switch {
	case c.Pattern == "":
		return override.NewPattern(c.View, c.Name, c.Type, c.ID)
	case c.Name+c.Type+c.ID+c.View != "":
		return health.Pattern{}, errors.New("pattern stands in place of name, type, id and view")
	}
	return override.ParsePattern(c.Pattern)
}

// end is when the override ends; zero: never.
func (c *Change) end(force health.Force, now time.Time) (time.Time, error) {
	switch {
	case c.For == "" && c.Until == "":
		return time.Time{}, nil
	case force == health.Auto:
		return time.Time{}, errors.New("auto has no end")
	case c.For != "" && c.Until != "":
		return time.Time{}, errors.New("for and until are one too many")
	case c.Until != "":
		until, err := override.ParseTime(c.Until)
		if err != nil {
			return until, fmt.Errorf("until: %w", err)
		}
		if !until.After(now) {
			return until, fmt.Errorf("until: %s is over already", c.Until)
		}
		return until, nil
	}
	length, err := time.ParseDuration(c.For)
	if err != nil || length <= 0 {
		return time.Time{}, fmt.Errorf("for: %q is not a duration such as 30m or 2h", c.For)
	}
	return now.Add(length), nil
}

// over is how long a drain takes.
func (c *Change) over(force health.Force) (time.Duration, error) {
	switch {
	case c.Over != "" && force != health.ForceDrain:
		return 0, errors.New("over is for drain")
	case c.Over == "" && force == health.ForceDrain:
		return health.DefaultOver, nil
	case c.Over == "":
		return 0, nil
	}
	over, err := time.ParseDuration(c.Over)
	if err != nil {
		return 0, fmt.Errorf("over: %q is not a duration such as 30s or 5m", c.Over)
	}
	if err := override.CheckOver(over); err != nil {
		return 0, fmt.Errorf("over: %w", err)
	}
	return over, nil
}

// described are candidates as clients see them.
func described(list []health.Candidate) []Candidate {
	out := make([]Candidate, 0, len(list))
	for _, one := range list {
		c := Candidate{
			View: one.View, Name: one.Name, Type: health.TypeName(one.Type), ID: one.ID, State: one.State.String(), Share: one.Share, Since: one.Since,
			Why: one.Why, Check: one.Check, Verdict: one.Verdict.String(), Found: one.Found, RTTMillis: float64(one.Took.Microseconds()) / 1000,
		}
		if o := &one.Override; o.Force != health.Auto {
			c.Override, c.By, c.Pattern, c.Until = o.Force.String(), o.By, o.Pattern.String(), moment(o.Until)
		}
		out = append(out, c)
	}
	return out
}

// moment is a time that JSON leaves out where it is zero.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// readOne reads the one value that a body has. A second one, which would be lost, is refused. An empty body is io.EOF.
func readOne(body io.Reader, value any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
