package admin

import (
	"fmt"
	"net/http"
	"time"

	"signpost/host/diag"
	"signpost/host/reply"
)

// Report is what GET /status answers: what is served, and what is not as it should be.
type Report struct {
	Version       string           `json:"version"`
	Started       time.Time        `json:"started"`
	UptimeSeconds float64          `json:"uptimeSeconds"`
	Directory     string           `json:"directory"`
	Ready         bool             `json:"ready"`      // the first load is done and answers are served
	Generation    uint64           `json:"generation"` // of the snapshot served
	Listen        []string         `json:"listen"`     // addresses that answer DNS, over UDP and TCP
	Admin         []string         `json:"admin"`      // where this is served
	Views         []ViewReport     `json:"views"`      // in the order in which a client is sent to them
	Zones         []ZoneReport     `json:"zones"`
	Stale         []StaleReport    `json:"stale"` // files whose latest version is not the one that serves
	Plugins       []PluginReport   `json:"plugins"`
	Candidates    CandidateCount   `json:"candidates"`
	Checks        []CheckReport    `json:"checks"`
	Down          []Target         `json:"down"`          // at most 100
	Distressed    []PolicyReport   `json:"distressed"`    // policies with too few live candidates, at most 100
	DistressCount int              `json:"distressCount"` // of all of them
	Overrides     []OverrideReport `json:"overrides"`     // at most 100
	OverrideCount int              `json:"overrideCount"` // of all of them
	Diagnostics   []Diagnostic     `json:"diagnostics"`   // of the latest version of all files
	Trouble       []string         `json:"trouble"`       // what is wrong, a line each; empty: all is well
}

// ViewReport is a view.
type ViewReport struct {
	Name    string `json:"name"`
	Zones   int    `json:"zones"`
	Records int    `json:"records"`
}

// ZoneReport is a zone of a view.
type ZoneReport struct {
	View       string    `json:"view"`
	Name       string    `json:"name"` // with the last dot
	File       string    `json:"file"`
	State      string    `json:"state"` // served, stale (an earlier version serves), pending (plugins are awaited) or broken (SERVFAIL)
	Serial     uint32    `json:"serial"`
	Records    int       `json:"records"`
	Routes     int       `json:"routes"` // routed names
	Loaded     time.Time `json:"loaded"` // the version that serves
	TookMillis float64   `json:"tookMillis"`
}

// The states of a zone.
const (
	ZoneServed  = "served"
	ZoneStale   = "stale"
	ZonePending = "pending"
	ZoneBroken  = "broken"
)

// StaleReport is a file whose latest version is not the one that serves.
type StaleReport struct {
	File    string `json:"file"`
	View    string `json:"view,omitempty"` // of a zone, as the next
	Zone    string `json:"zone,omitempty"`
	Serving bool   `json:"serving"` // the last good version serves; false: there is none
}

// PluginReport is a plugin that is loaded, or one that should be.
type PluginReport struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
	State     string `json:"state"` // loading, ready, tripped or failed
	Strikes   uint64 `json:"strikes"`
	Calls     uint64 `json:"calls"`
	Fallbacks uint64 `json:"fallbacks"`
}

// CandidateCount is how many candidates are in each state.
type CandidateCount struct {
	Up         int `json:"up"`
	Down       int `json:"down"`
	Unknown    int `json:"unknown"`
	Overridden int `json:"overridden"` // of these, the ones that operators hold there
}

// CheckReport sums up what a check knows of its endpoints.
type CheckReport struct {
	Check   string `json:"check"`
	Kind    string `json:"kind"`
	Up      int    `json:"up"`
	Down    int    `json:"down"`
	Unknown int    `json:"unknown"`
}

// PolicyReport is a policy with too few live candidates.
type PolicyReport struct {
	View     string `json:"view"`
	Name     string `json:"name"` // with the last dot
	Type     string `json:"type"`
	Distress string `json:"distress"` // panic or fail-open (the dead are taken as up), or all-down (nothing is answered)
	Why      string `json:"why"`
}

// OverrideReport is an operator's word about candidates.
type OverrideReport struct {
	Pattern string     `json:"pattern"` // of candidates, for people
	State   string     `json:"state"`   // up, down or drain
	Reason  string     `json:"reason"`
	By      string     `json:"by"`
	At      time.Time  `json:"at"`
	Until   *time.Time `json:"until,omitempty"` // left out: until somebody takes it away
}

// Diagnostic is a mistake in a file.
type Diagnostic struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"` // from 1; left out where the whole file is meant
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"` // error or warning
	Text     string `json:"text"`
}

// Diagnostics puts a list in the form of the report.
func Diagnostics(list diag.List) []Diagnostic {
	out := make([]Diagnostic, 0, len(list))
	for _, d := range list {
		out = append(out, Diagnostic{d.Pos.File, d.Pos.Line, d.Pos.Col, d.Severity.String(), d.Text})
	}
	return out
}

// SumUp adds what follows from the rest: the checks of targets, which of these are down, and what is wrong.
func (r *Report) SumUp(targets []Target) {
	r.Checks, r.Down, r.Trouble = []CheckReport{}, []Target{}, []string{}
	var blind []string // a line for each check without data
	told := ""
	for _, t := range targets {
		last := len(r.Checks) - 1
		if last < 0 || r.Checks[last].Check != t.Check {
			r.Checks = append(r.Checks, CheckReport{Check: t.Check, Kind: t.Kind})
			last++
		}
		if t.NoData && t.Check != told {
			told = t.Check
			blind = append(blind, fmt.Sprintf("check %s has no data and stays %s: %s", t.Check, t.State, t.Why))
		}
		switch t.State {
		case "up":
			r.Checks[last].Up++
		case "down":
			if r.Checks[last].Down++; len(r.Down) < linesMax {
				r.Down = append(r.Down, t)
			}
		default:
			r.Checks[last].Unknown++
		}
	}
	r.findTrouble()
	r.Trouble = append(r.Trouble, blind...)
}

func (r *Report) findTrouble() {
	add := func(format string, args ...any) { r.Trouble = append(r.Trouble, fmt.Sprintf(format, args...)) }
	if !r.Ready {
		add("not ready: the first load is not done")
	}
	if errors := r.errors(); errors > 0 {
		add("%s in the files", diag.Count(errors, "error", "errors"))
	}
	for i, s := range r.Stale {
		if i == linesMax {
			add("and %d more files", len(r.Stale)-linesMax)
			break
		}
		add("%s", Stale(s))
	}
	for _, p := range r.Plugins {
		if p.State == PluginTripped.String() || p.State == PluginFailed.String() {
			add("plugin %s is %s", p.Name, p.State)
		}
	}
	for _, p := range r.Distressed {
		add("%s %s in view %s: %s (%s)", p.Name, p.Type, p.View, p.Why, p.Distress)
	}
	if more := r.DistressCount - len(r.Distressed); more > 0 {
		add("and %d more names with too few live candidates", more)
	}
	for _, c := range r.Checks {
		if c.Down > 0 {
			add("check %s: %d of %d down", c.Check, c.Down, c.Up+c.Down+c.Unknown)
		}
	}
}

func (r *Report) errors() (count int) {
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error.String() {
			count++
		}
	}
	return count
}

// reports serves GET /status.
func reports(report func() Report) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply.JSON(w, http.StatusOK, report()) })
}
