package admin

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
)

// row is one time series of a family: a counter of the data plane and its label values.
type row struct {
	counter metrics.Counter
	values  []string
}

// families name the counters of the data plane. Each counter stands in exactly one row.
var families = []struct {
	name, help string
	labels     []string
	rows       []row
}{
	{"signpost_queries_total", "Queries received.", []string{"transport", "family"}, []row{
		{metrics.QueriesUDP4, []string{"udp", "ipv4"}},
		{metrics.QueriesUDP6, []string{"udp", "ipv6"}},
		{metrics.QueriesTCP4, []string{"tcp", "ipv4"}},
		{metrics.QueriesTCP6, []string{"tcp", "ipv6"}},
	}},
	{"signpost_received_bytes_total", "Bytes of DNS messages received.", []string{"transport"}, []row{
		{metrics.BytesInUDP, []string{"udp"}},
		{metrics.BytesInTCP, []string{"tcp"}},
	}},
	{"signpost_sent_bytes_total", "Bytes of DNS messages sent.", []string{"transport"}, []row{
		{metrics.BytesOutUDP, []string{"udp"}},
		{metrics.BytesOutTCP, []string{"tcp"}},
	}},
	{"signpost_responses_total", "Responses by response code.", []string{"rcode"}, []row{
		{metrics.RcodeNoError, []string{"NOERROR"}},
		{metrics.RcodeFormErr, []string{"FORMERR"}},
		{metrics.RcodeServFail, []string{"SERVFAIL"}},
		{metrics.RcodeNXDomain, []string{"NXDOMAIN"}},
		{metrics.RcodeNotImp, []string{"NOTIMP"}},
		{metrics.RcodeRefused, []string{"REFUSED"}},
		{metrics.RcodeYXDomain, []string{"YXDOMAIN"}},
		{metrics.RcodeNotAuth, []string{"NOTAUTH"}},
		{metrics.RcodeBadVers, []string{"BADVERS"}},
		{metrics.RcodeBadCookie, []string{"BADCOOKIE"}},
		{metrics.RcodeOther, []string{"other"}},
	}},
	{"signpost_results_total", "Responses by what was found.", []string{"kind"}, []row{
		{metrics.KindAnswer, []string{"answer"}},
		{metrics.KindWildcard, []string{"wildcard"}},
		{metrics.KindCNAME, []string{"cname"}},
		{metrics.KindReferral, []string{"referral"}},
		{metrics.KindNoData, []string{"nodata"}},
		{metrics.KindNXDomain, []string{"nxdomain"}},
		{metrics.KindRefused, []string{"refused"}},
		{metrics.KindServFail, []string{"servfail"}},
		{metrics.KindError, []string{"error"}},
		{metrics.KindChaos, []string{"chaos"}},
	}},
	{"signpost_truncated_responses_total", "Responses sent with TC=1, rate-limit slips included.", nil, []row{
		{metrics.Truncated, nil},
	}},
	{"signpost_decisions_total", "Routed answers, by whether the policy's plugins were called or the decision of the epoch was used.", []string{"source"}, []row{
		{metrics.DecisionsCalled, []string{"called"}},
		{metrics.DecisionsCached, []string{"cached"}},
	}},
	{"signpost_view_decisions_total", "Calls of the plugins that choose a client's view, by how they ended.", []string{"result"}, []row{
		{metrics.ViewsChosen, []string{"chosen"}},
		{metrics.ViewsFailed, []string{"failed"}},
	}},
	{"signpost_decision_fallbacks_total", "Routed answers for which a plugin failed, and changed nothing.", nil, []row{
		{metrics.DecisionsFallback, nil},
	}},
	{"signpost_decision_fail_open_total", "Routed answers as if all candidates were up because all were down.", nil, []row{
		{metrics.DecisionsFailOpen, nil},
	}},
	{"signpost_decision_panic_total", "Routed answers as if dead candidates were up because too few were live (panic-threshold).", nil, []row{
		{metrics.DecisionsPanic, nil},
	}},
	{"signpost_rate_limited_responses_total", "Responses that rate limiting dropped or sent truncated (slipped).", []string{"action"}, []row{
		{metrics.RateLimitDropped, []string{"dropped"}},
		{metrics.RateLimitSlipped, []string{"slipped"}},
	}},
	{"signpost_cookie_queries_total", "Queries with a DNS cookie, by what it was.", []string{"cookie"}, []row{
		{metrics.CookiesGood, []string{"good"}},
		{metrics.CookiesNew, []string{"new"}},
		{metrics.CookiesBad, []string{"bad"}},
		{metrics.CookiesMalformed, []string{"malformed"}},
	}},
	{"signpost_tsig_queries_total", "Queries with a TSIG record, by what it was.", []string{"result"}, []row{
		{metrics.TSIGGood, []string{"good"}},
		{metrics.TSIGBadKey, []string{"badkey"}},
		{metrics.TSIGBadSig, []string{"badsig"}},
		{metrics.TSIGBadTime, []string{"badtime"}},
		{metrics.TSIGBadTrunc, []string{"badtrunc"}},
		{metrics.TSIGFormErr, []string{"formerr"}},
	}},
	{"signpost_acl_denied_queries_total", "Queries that the access list refused.", nil, []row{
		{metrics.ACLDenied, nil},
	}},
	{"signpost_query_log_dropped_lines_total", "Queries that are not in the query log because its writer was behind.", nil, []row{
		{metrics.QueryLogDropped, nil},
	}},
	{"signpost_ignored_packets_total", "Packets not answered: responses, and too short ones.", nil, []row{
		{metrics.Ignored, nil},
	}},
}

// collector turns counters and status into metrics at each scrape.
type collector struct {
	state    State
	counters *metrics.Set
	version  string
	families []*prometheus.Desc // aligned with families

	build, ready, generation, views, zones, records, stale, diagnostics *prometheus.Desc
	candidates, distressed, overrides, unsaved                          *prometheus.Desc
	reloads, reloadSeconds, lastReloadSeconds, lastGoodReload           *prometheus.Desc
	connections, accepted, refused                                      *prometheus.Desc
	cut, portZero, sendErrors, receiveErrors                            *prometheus.Desc
	logLines                                                            *prometheus.Desc
	pluginInfo, pluginState, pluginStrikes                              *prometheus.Desc
	pluginCalls, pluginFallbacks, pluginFuel                            *prometheus.Desc
	viewQueries, databaseBuilt, tableRows                               *prometheus.Desc
}

func newCollector(state State, counters *metrics.Set, version string) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	c := &collector{
		state: state, counters: counters, version: version,

		build:       desc("signpost_build_info", "The version that runs; always 1.", "version"),
		ready:       desc("signpost_ready", "1 when the first load is done."),
		generation:  desc("signpost_generation", "Number of the snapshot served."),
		views:       desc("signpost_views", "Views served."),
		zones:       desc("signpost_zones", "Zones served."),
		records:     desc("signpost_records", "Records served."),
		stale:       desc("signpost_stale_files", "Files whose latest version is not served because it does not load.", "serving"),
		diagnostics: desc("signpost_diagnostics", "Diagnostics of the latest files.", "severity"),
		candidates:  desc("signpost_candidates", "Candidates of policies by the state that decisions see.", "state"),
		distressed:  desc("signpost_distressed_policies", "Policies that have too few live candidates, by what becomes of them: panic, fail-open or all-down.", "distress"),
		unsaved:     desc("signpost_unsaved_overrides", "Changes of overrides that could not be written: a restart forgets them."),
		overrides:   desc("signpost_overridden_candidates", "Candidates that an operator holds up or down."),

		reloads:           desc("signpost_reloads_total", "Loads without (good) and with (bad) an error in a file.", "result"),
		reloadSeconds:     desc("signpost_reload_duration_seconds_total", "Time that all loads took."),
		lastReloadSeconds: desc("signpost_last_reload_duration_seconds", "Time that the last load took."),
		lastGoodReload:    desc("signpost_last_good_reload_timestamp_seconds", "When a load last ended without an error; 0 = never."),

		connections: desc("signpost_tcp_connections", "TCP connections open."),
		accepted:    desc("signpost_tcp_accepted_connections_total", "TCP connections accepted."),
		refused:     desc("signpost_tcp_refused_connections_total", "TCP connections closed because of a limit."),

		cut:           desc("signpost_udp_cut_queries_total", "UDP queries longer than the buffer, answered with FORMERR."),
		portZero:      desc("signpost_udp_port_zero_queries_total", "UDP queries from port 0, where no response can go."),
		sendErrors:    desc("signpost_udp_send_errors_total", "UDP responses that the system did not take."),
		receiveErrors: desc("signpost_udp_receive_errors_total", "Receive calls that failed."),

		pluginInfo:      desc("signpost_plugin_info", "A plugin's version and sum; always 1.", "plugin", "version", "sha256"),
		pluginState:     desc("signpost_plugin_state", "1 for the state the plugin is in.", "plugin", "state"),
		pluginStrikes:   desc("signpost_plugin_strikes", "Failed calls since the plugin's file was loaded.", "plugin"),
		pluginCalls:     desc("signpost_plugin_calls", "Calls that went well since the plugin's file was loaded.", "plugin"),
		pluginFallbacks: desc("signpost_plugin_fallbacks", "Decisions that had to do without the plugin since its file was loaded.", "plugin"),
		pluginFuel:      desc("signpost_plugin_fuel", "Fuel that the calls which went well took since the plugin's file was loaded.", "plugin"),
		logLines:        desc("signpost_query_log_lines_total", "Lines of the query log that were written, and that its file did not take.", "result"),

		databaseBuilt: desc("signpost_geo_database_built_timestamp_seconds", "When the maker of a database of places or autonomous systems made it.", "key", "file"),
		tableRows:     desc("signpost_latency_table_rows", "Rows of the table of measured latencies.", "file"),

		viewQueries: desc("signpost_view_queries_total", "Queries whose name was found in a zone of the view; not kept while there is one view for everybody.", "view"),
	}
	for _, f := range families {
		c.families = append(c.families, desc(f.name, f.help, f.labels...))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.families {
		out <- d
	}
	for _, d := range []*prometheus.Desc{
		c.build, c.ready, c.generation, c.views, c.zones, c.records, c.stale, c.diagnostics, c.candidates, c.distressed, c.overrides, c.unsaved,
		c.reloads, c.reloadSeconds, c.lastReloadSeconds, c.lastGoodReload,
		c.connections, c.accepted, c.refused, c.cut, c.portZero, c.sendErrors, c.receiveErrors, c.logLines, c.pluginInfo, c.pluginState, c.pluginStrikes,
		c.pluginCalls, c.pluginFallbacks, c.pluginFuel, c.viewQueries, c.databaseBuilt, c.tableRows,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- metric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- metric(d, prometheus.GaugeValue, v, labels...)
	}

	totals := c.counters.Totals()
	for i, f := range families {
		for _, r := range f.rows {
			counter(c.families[i], float64(totals[r.counter]), r.values...)
		}
	}
	for view, count := range c.counters.Views() {
		counter(c.viewQueries, float64(count), view)
	}
	c.collectStatus(gauge)

	control := &c.counters.Control
	reloads := control.Reloads()
	counter(c.reloads, float64(reloads.Good), "good")
	counter(c.reloads, float64(reloads.Bad), "bad")
	counter(c.reloadSeconds, reloads.Took.Seconds())
	gauge(c.lastReloadSeconds, reloads.LastTook.Seconds())
	gauge(c.lastGoodReload, unixSeconds(reloads.LastGoodTime))
	gauge(c.connections, float64(control.TCPConnections.Load()))
	counter(c.accepted, float64(control.TCPAccepted.Load()))
	counter(c.refused, float64(control.TCPRefused.Load()))
	counter(c.cut, float64(control.UDPCut.Load()))
	counter(c.portZero, float64(control.UDPPortZero.Load()))
	counter(c.sendErrors, float64(control.UDPSendErrors.Load()))
	counter(c.receiveErrors, float64(control.UDPReceiveErrors.Load()))
	counter(c.logLines, float64(control.QueryLogWritten.Load()), "written")
	counter(c.logLines, float64(control.QueryLogFailed.Load()), "failed")
}

func (c *collector) collectStatus(gauge func(*prometheus.Desc, float64, ...string)) {
	status := c.state.Status()
	ready := 0.0
	if status.Loaded {
		ready = 1
	}
	gauge(c.build, 1, c.version)
	gauge(c.ready, ready)
	gauge(c.generation, float64(status.Generation))
	gauge(c.views, float64(status.Views))
	gauge(c.zones, float64(status.Zones))
	gauge(c.records, float64(status.Records))
	serving := 0
	for _, s := range status.Stale {
		if s.Serving {
			serving++
		}
	}
	gauge(c.stale, float64(serving), "last_good")
	gauge(c.stale, float64(len(status.Stale)-serving), "nothing")
	errors := status.Diagnostics.Errors()
	gauge(c.diagnostics, float64(errors), diag.Error.String())
	gauge(c.diagnostics, float64(len(status.Diagnostics)-errors), diag.Warning.String())
	for state, count := range status.States {
		gauge(c.candidates, float64(count), policy.Health(state).String())
	}
	for distress, count := range status.Distressed {
		if health.Distress(distress) != health.Calm {
			gauge(c.distressed, float64(count), health.Distress(distress).String())
		}
	}
	gauge(c.overrides, float64(status.Overrides))
	gauge(c.unsaved, float64(status.Held.Unsaved))
	for _, data := range status.Data {
		if data.Built.IsZero() {
			gauge(c.tableRows, float64(data.Rows), data.File)
		} else {
			gauge(c.databaseBuilt, unixSeconds(data.Built), data.Key, data.File)
		}
	}
	for _, p := range status.Plugins {
		gauge(c.pluginInfo, 1, p.Name, p.Version, p.SHA256)
		gauge(c.pluginStrikes, float64(p.Strikes), p.Name)
		gauge(c.pluginCalls, float64(p.Calls), p.Name)
		gauge(c.pluginFallbacks, float64(p.Fallbacks), p.Name)
		gauge(c.pluginFuel, float64(p.Fuel), p.Name)
		for state, label := range pluginStates {
			in := 0.0
			if PluginState(state) == p.State {
				in = 1
			}
			gauge(c.pluginState, in, p.Name, label)
		}
	}
}

// metric makes one sample. Names of plugins come from their files, so labels are made valid first: the module refuses other ones.
func metric(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) prometheus.Metric {
	valid := make([]string, len(labels))
	for i, label := range labels {
		valid[i] = strings.ToValidUTF8(label, "\ufffd")
	}
	m, err := prometheus.NewConstMetric(d, kind, v, valid...)
	if err != nil {
		return prometheus.NewInvalidMetric(d, err)
	}
	return m
}

func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
