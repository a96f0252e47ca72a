package admin

import (
	"fmt"
	"io"
	"time"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/override"
	"signpost/host/policy"
)

// Status is what the control plane knows of itself at one moment. The receiver may keep it; nobody changes it.
type Status struct {
	Loaded      bool // the first load is done and answers are served
	Seen, ToSee int  // the endpoints that were probed, and all, while answers wait for the first probes; zero: they do not
	Generation  uint64
	Views       int
	Zones       int
	Records     int
	Stale       []Stale
	States      [len(policy.HealthWords)]int   // candidates in each state, by policy.Health
	Distressed  [len(health.DistressWords)]int // policies in each distress, by health.Distress
	Overrides   int                            // of these, the ones that an operator holds there
	Held        override.Status                // what operators say, and its file
	Diagnostics diag.List                      // of the latest version of all files, errors and warnings
	Plugins     []Plugin                       // by name, each once
	Data        []Data                         // about clients, each file once
}

// Data is a file of data about clients that serves.
type Data struct {
	Key   string    // of signpost.yaml that names it
	File  string    // as in diagnostics
	Built time.Time // of a database; zero for a table
	Rows  int       // of a table
}

// Stale is a file whose latest version is not the one that serves.
type Stale struct {
	File    string // as in diagnostics
	View    string // empty for signpost.yaml and plugins
	Zone    string // likewise; presentation form, with the last dot
	Serving bool   // the last good version serves; false: there is none, the zone answers SERVFAIL
}

// Plugin is one loaded plugin, or one that did not load.
type Plugin struct {
	Name, Version, SHA256 string
	State                 PluginState
	Strikes               uint64 // since its file was loaded, and so the others
	Calls, Fallbacks      uint64 // that went well; that did not, or were not made while it was tripped
	Fuel                  uint64 // of the calls that went well
}

// PluginState is what a plugin is doing.
type PluginState uint8

// The states.
const (
	PluginLoading PluginState = iota // being compiled
	PluginReady
	PluginTripped // too many strikes: tried again once a minute
	PluginFailed  // its file does not load
)

// pluginStates are the label values, in the order of the constants.
var pluginStates = [...]string{"loading", "ready", "tripped", "failed"}

// String returns the label value of the state.
func (s PluginState) String() string {
	if int(s) < len(pluginStates) {
		return pluginStates[s]
	}
	return fmt.Sprintf("PluginState(%d)", s)
}

// linesMax bounds each list in a body.
const linesMax = 100

// writeReady writes the body of /readyz.
func (s Status) writeReady(w io.Writer) {
	switch {
	case !s.Loaded && s.ToSee > 0:
		fmt.Fprintf(w, "not ready: waiting for the first probes (%d of %d)\n", s.Seen, s.ToSee)
		return
	case !s.Loaded:
		fmt.Fprintln(w, "not ready: the first load is not done")
		return
	case len(s.Stale) == 0:
		fmt.Fprintln(w, "ready")
	case len(s.Stale) == 1:
		fmt.Fprintln(w, "ready, but the latest version of 1 file is not served")
	default:
		fmt.Fprintf(w, "ready, but the latest versions of %d files are not served\n", len(s.Stale))
	}
	fmt.Fprintf(w, "generation %d, views %d, zones %d, records %d\n", s.Generation, s.Views, s.Zones, s.Records)
	if s.States != [len(policy.HealthWords)]int{} {
		fmt.Fprintf(w, "candidates up %d, down %d, unknown %d, held by operators %d\n", s.States[policy.Up], s.States[policy.Down], s.States[policy.Unknown], s.Overrides)
	}
	if s.Held.Trouble != nil {
		fmt.Fprintf(w, "overrides in force %d, changes that a restart forgets %d: %v\n", len(s.Held.Overrides), s.Held.Unsaved, s.Held.Trouble)
	}
	for i, stale := range s.Stale {
		if i == linesMax {
			fmt.Fprintf(w, "and %d more\n", len(s.Stale)-linesMax)
			break
		}
		fmt.Fprintln(w, stale)
	}
	for i, d := range s.Diagnostics {
		if i == linesMax {
			fmt.Fprintf(w, "and %d more diagnostics\n", len(s.Diagnostics)-linesMax)
			break
		}
		fmt.Fprintln(w, d)
	}
}

// String returns one line about the file.
func (s Stale) String() string {
	subject := s.File
	if s.Zone != "" {
		subject = fmt.Sprintf("%s: zone %s in view %s", s.File, s.Zone, s.View)
	}
	if s.Serving {
		return subject + ": its last good version serves"
	}
	if s.Zone != "" {
		return subject + ": no version of it ever loaded, it answers SERVFAIL"
	}
	return subject + ": no version of it ever loaded"
}
