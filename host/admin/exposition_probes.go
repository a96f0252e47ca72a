package admin

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
)

// endpointsMax is how many endpoints of checks have a time series each. Where there are more, each check has one.
const endpointsMax = 1000

// probeCollector turns what probing counted, what the checks found, and what operators hold into metrics at each scrape. However many checks there
// are, it makes fewer than 1,700 series.
type probeCollector struct {
	control *metrics.Control
	targets func() []Target // nil: none
	table   *health.Table   // nil: none

	up, endpoints, probes, took, late *prometheus.Desc
	transitions, overrides            *prometheus.Desc
	notices, droppedNotices           *prometheus.Desc
}

func newProbeCollector(o Options) *probeCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &probeCollector{
		control: &o.Counters.Control, targets: o.Targets, table: o.Health,

		up: desc("signpost_check_up", "1 when the check finds the endpoint up, 0 when down; left out while unknown. Beyond 1000 endpoints one series for each check, "+
			"without endpoint: the share of its endpoints that are up.", "check", "endpoint"),
		endpoints:      desc("signpost_check_endpoints", "Endpoints of the check by state.", "check", "state"),
		probes:         desc("signpost_probes_total", "Probes that ended.", "check", "result"),
		took:           desc("signpost_probe_duration_seconds", "How long probes took.", "check"),
		late:           desc("signpost_probes_late_total", "Probes that began more than a tenth of their interval late."),
		transitions:    desc("signpost_health_transitions_total", "Changes of candidates' states by the check that they use.", "check", "to"),
		overrides:      desc("signpost_overrides", "Operators' words about candidates that are in force.", "state"),
		notices:        desc("signpost_notices_total", "Notices that a sink took, or did not take however often it was tried.", "sink", "result"),
		droppedNotices: desc("signpost_notices_dropped_total", "Notices that nobody was told because too many were waiting."),
	}
}

// Describe implements prometheus.Collector.
func (c *probeCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.endpoints, c.probes, c.took, c.late, c.transitions, c.overrides, c.notices, c.droppedNotices} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *probeCollector) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- metric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for check, n := range c.control.Probes.Checks() {
		counter(c.probes, n.Passed, check, "passed")
		counter(c.probes, n.Failed, check, "failed")
		out <- c.histogram(check, &n)
		for to, count := range n.Transitions {
			counter(c.transitions, count, check, policy.Health(to).String())
		}
	}
	counter(c.late, c.control.Probes.Late.Load())
	for sink, n := range c.control.Notices.Sinks() {
		counter(c.notices, n.Sent, sink, "sent")
		counter(c.notices, n.Failed, sink, "failed")
	}
	counter(c.droppedNotices, c.control.Notices.Dropped.Load())
	if c.targets != nil {
		c.collectTargets(out, c.targets())
	}
	if c.table != nil {
		var forces [len(health.ForceWords)]int
		for _, o := range c.table.Overrides() {
			forces[o.Force]++
		}
		for force, count := range forces {
			if health.Force(force) != health.Auto {
				out <- metric(c.overrides, prometheus.GaugeValue, float64(count), health.ForceWords[force])
			}
		}
	}
}

func (c *probeCollector) histogram(check string, n *metrics.CheckCount) prometheus.Metric {
	buckets, sum := map[float64]uint64{}, uint64(0)
	for i, bound := range metrics.ProbeBounds {
		sum += n.Took[i]
		buckets[bound] = sum
	}
	m, err := prometheus.NewConstHistogram(c.took, sum+n.Took[len(metrics.ProbeBounds)], n.TookSum.Seconds(), buckets, strings.ToValidUTF8(check, "\ufffd"))
	if err != nil {
		return prometheus.NewInvalidMetric(c.took, err)
	}
	return m
}

// endpointStates are the states of endpoints, as targets have them.
var endpointStates = [...]string{policy.Unknown: "unknown", policy.Up: "up", policy.Down: "down"}

// collectTargets tells the state of every endpoint, or of every check where there are too many.
func (c *probeCollector) collectTargets(out chan<- prometheus.Metric, targets []Target) {
	byCheck := map[string]*[len(endpointStates)]int{}
	for _, t := range targets {
		label := c.control.Probes.Label(t.Check)
		if byCheck[label] == nil {
			byCheck[label] = new([len(endpointStates)]int)
		}
		state := max(0, slices.Index(endpointStates[:], t.State))
		byCheck[label][state]++
		if up, known := map[string]float64{"up": 1, "down": 0}[t.State]; known && len(targets) <= endpointsMax {
			out <- metric(c.up, prometheus.GaugeValue, up, t.Check, t.Endpoint)
		}
	}
	for label, counts := range byCheck {
		for state, count := range counts {
			out <- metric(c.endpoints, prometheus.GaugeValue, float64(count), label, endpointStates[state])
		}
		if known := counts[policy.Up] + counts[policy.Down]; len(targets) > endpointsMax && known > 0 {
			out <- metric(c.up, prometheus.GaugeValue, float64(counts[policy.Up])/float64(known), label, "")
		}
	}
}
