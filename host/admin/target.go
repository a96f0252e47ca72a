package admin

import (
	"net/http"
	"time"

	"signpost/host/reply"
)

// Targets is what GET /health/checks answers.
type Targets struct {
	Targets []Target `json:"targets"` // by check and endpoint
}

// Target is what a check knows of an endpoint.
type Target struct {
	Check     string      `json:"check"`
	Kind      string      `json:"kind"`     // http, tcp, …
	Endpoint  string      `json:"endpoint"` // empty where the check does not depend on one
	Probes    string      `json:"probes,omitempty"`
	Judge     string      `json:"judge"` // the health plugin
	State     string      `json:"state"` // up, down or unknown
	Share     int         `json:"share"` // percent of its weight that a candidate gets here
	Since     time.Time   `json:"since"`
	Why       string      `json:"why,omitempty"`
	Last      *time.Time  `json:"last,omitempty"`      // end of the latest attempt; left out: there was none
	LastError string      `json:"lastError,omitempty"` // what that saw, if it failed
	NoData    bool        `json:"noData,omitempty"`    // of a metric check: the latest attempt got none, so the state is as on-no-data says
	RTTMillis float64     `json:"rttMillis"`           // of attempts that passed, smoothed; 0: none did
	Attempts  uint64      `json:"attempts"`            // since the start
	Failed    uint64      `json:"failed"`              // of these
	Recent    string      `json:"recent"`              // the latest attempts, the latest first: + passed, - failed
	Of        []string    `json:"of,omitempty"`        // the checks that it is calculated from
	Users     []TargetUse `json:"users"`               // at most 100
	UserCount int         `json:"userCount"`
}

// TargetUse is a candidate whose health a target decides.
type TargetUse struct {
	View string `json:"view"`
	Name string `json:"name"` // with the last dot
	Type string `json:"type"`
	ID   string `json:"id"`
}

// targetList serves GET /health/checks?check=NAME&state=STATE.
func targetList(targets func() []Target) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.URL.Query()
		check, state := values.Get("check"), values.Get("state")
		out := Targets{Targets: []Target{}}
		for _, t := range targets() {
			if (check == "" || check == t.Check) && (state == "" || state == t.State) {
				out.Targets = append(out.Targets, t)
			}
		}
		reply.JSON(w, http.StatusOK, out)
	})
}
