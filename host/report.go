package host

import (
	"fmt"
	"time"

	"signpost/host/admin"
	"signpost/host/health"
	"signpost/host/load"
	"signpost/host/policy"
)

// reportMax bounds the lists of a report that zones, checks and operators make long.
const reportMax = 100

// report is what GET /status answers.
func (h *Host) report() admin.Report {
	r := admin.Report{
		Version: Version, Started: h.began, UptimeSeconds: time.Since(h.began).Seconds(), Directory: h.options.Dir, Ready: h.ready.Load(),
		Listen: texts(h.listeners.addrs()), Admin: h.desk.places(),
		Views: []admin.ViewReport{}, Zones: []admin.ZoneReport{}, Stale: []admin.StaleReport{}, Plugins: []admin.PluginReport{},
		Distressed: []admin.PolicyReport{}, Overrides: []admin.OverrideReport{}, Diagnostics: []admin.Diagnostic{},
	}
	var failed []load.Failed
	if loaded := h.loader.Status(); loaded != nil {
		failed = loaded.Failed
		r.Generation, r.Diagnostics = loaded.Generation, admin.Diagnostics(loaded.Diagnostics)
		r.Zones, r.Views = zoneReports(loaded)
	}
	for _, f := range failed {
		r.Stale = append(r.Stale, admin.StaleReport{File: f.Path, View: f.View, Zone: f.Name, Serving: f.Serving})
	}
	held := h.overrides.Status()
	r.Diagnostics = append(r.Diagnostics, admin.Diagnostics(held.Diagnostics)...)
	if held.Stale {
		r.Stale = append(r.Stale, admin.StaleReport{File: held.Path, Serving: true})
	}
	for _, p := range h.pluginStates(failed) {
		r.Plugins = append(r.Plugins, admin.PluginReport{Name: p.Name, Version: p.Version, SHA256: p.SHA256, State: p.State.String(),
			Strikes: p.Strikes, Calls: p.Calls, Fallbacks: p.Fallbacks})
	}
	h.reportHealth(&r)
	r.SumUp(h.targets())
	if held.Trouble != nil {
		r.Trouble = append(r.Trouble, fmt.Sprintf("overrides: changes that a restart forgets %d: %v", held.Unsaved, held.Trouble))
	}
	return r
}

func zoneReports(loaded *load.Status) (zones []admin.ZoneReport, views []admin.ViewReport) {
	zones, views = make([]admin.ZoneReport, 0, len(loaded.Zones)), make([]admin.ViewReport, 0, len(loaded.Config.Views))
	at := map[string]int{}
	for i := range loaded.Config.Views {
		at[loaded.Config.Views[i].Name] = i
		views = append(views, admin.ViewReport{Name: loaded.Config.Views[i].Name})
	}
	for _, z := range loaded.Zones {
		state := admin.ZoneServed
		switch {
		case z.Broken:
			state = admin.ZoneBroken
		case z.Stale:
			state = admin.ZoneStale
		case z.Pending:
			state = admin.ZonePending
		}
		zones = append(zones, admin.ZoneReport{
			View: z.View, Name: z.Name, File: z.Path, State: state, Serial: z.Serial, Records: z.Records, Routes: z.Routes,
			Loaded: z.Loaded, TookMillis: millisOf(z.Took),
		})
		if i, known := at[z.View]; known {
			views[i].Zones++
			views[i].Records += z.Records
		}
	}
	return zones, views
}

// reportHealth adds what is known of candidates.
func (h *Host) reportHealth(r *admin.Report) {
	states, overridden, _ := h.health.Counts()
	r.Candidates = admin.CandidateCount{Up: states[policy.Up], Down: states[policy.Down], Unknown: states[policy.Unknown], Overridden: overridden}
	distressed := h.health.Distressed()
	r.DistressCount = len(distressed)
	for _, d := range distressed[:min(len(distressed), reportMax)] {
		r.Distressed = append(r.Distressed, admin.PolicyReport{View: d.View, Name: d.Name, Type: health.TypeName(d.Type), Distress: d.Distress.String(), Why: d.Why})
	}
	overrides := h.health.Overrides()
	r.OverrideCount = len(overrides)
	for _, o := range overrides[:min(len(overrides), reportMax)] {
		r.Overrides = append(r.Overrides, overrideReport(o))
	}
}

func overrideReport(o health.Override) admin.OverrideReport {
	out := admin.OverrideReport{Pattern: o.Pattern.String(), State: o.Force.String(), Reason: o.Reason, By: o.By, At: o.At}
	if !o.Until.IsZero() {
		out.Until = &o.Until
	}
	return out
}

func millisOf(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
