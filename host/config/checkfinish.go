package config

import (
	"maps"
	"slices"
	"time"

	"signpost/host/diag"
	"signpost/sdk/abi"
)

// checkNames are the names of the checks, in order.
func (p *parser) checkNames() []string { return slices.Sorted(maps.Keys(p.checks)) }

// hintsMax bounds the diagnostics before the last that has a hint: each is a look at all names, and ten thousand of those took half a minute.
const hintsMax = 100

// nearCheck proposes a check in place of one that is not there.
func (p *parser) nearCheck(name string) string {
	if len(p.diags) >= hintsMax {
		return ""
	}
	return diag.DidYouMean(name, p.checkNames())
}

// setting returns the place of a key of a check, and whether it is there.
func (p *parser) setting(name string, keys ...string) (diag.Pos, bool) {
	path := join("checks", name)
	for _, key := range keys[:len(keys)-1] {
		path = join(path, key)
	}
	pos, ok := p.seen[path+" key "+keys[len(keys)-1]]
	return pos, ok
}

// needed are the settings that a kind cannot do without.
var needed = map[string][]string{
	CheckTCP: {"port"}, CheckDNS: {"name"}, CheckExec: {"command"}, CheckMetric: {"url", "query"}, CheckCalculated: {"of"},
}

// neededExample is what the message about a missing setting proposes.
var neededExample = map[string]string{
	CheckTCP: "port: 5432", CheckDNS: "name: www.example.com", CheckExec: "command: is-primary",
	CheckMetric: "url: http://127.0.0.1:9090, query: up, above: 0", CheckCalculated: "of: [web, database]",
}

// pointless are settings that mean nothing for a kind.
var pointless = map[string][]string{
	CheckPush:       {"fast-interval", "connect-timeout", "response-timeout", "target"},
	CheckCalculated: {"interval", "fast-interval", "jitter", "connect-timeout", "response-timeout", "target", "fall", "rise"},
	CheckICMP:       {"connect-timeout"},
	CheckExec:       {"connect-timeout"},
}

// finishChecks fills in what depends on other settings, and finds settings that do not fit together.
func (p *parser) finishChecks() {
	for _, name := range p.checkNames() {
		check := p.checks[name]
		if check.Kind == "" {
			p.diags.Errorf(check.Pos, "checks.%s has no kind, such as http: {} or tcp: { port: 5432 }", name)
		}
		p.finishKind(name, check)
		p.finishTimes(name, check)
		for _, key := range pointless[check.Kind] {
			if pos, said := p.setting(name, key); said {
				p.diags.Warnf(pos, "checks.%s.%s means nothing for a check that is %s; remove it", name, key, check.Kind)
			}
		}
	}
	p.findCycles()
	for name, check := range p.checks {
		p.config.Checks[name] = *check
	}
	if _, said := p.seen["probing key start-wait"]; !said {
		p.config.Probing.StartWait = p.config.startWait()
	}
}

// finishKind finds what is missing, or does not fit, among the settings of a check's kind.
func (p *parser) finishKind(name string, check *Check) {
	for _, key := range needed[check.Kind] {
		p.need("checks."+name+"."+check.Kind, key, "{ "+neededExample[check.Kind]+" }")
	}
	switch check.Kind {
	case CheckHTTP:
		p.finishHTTP(name, check)
	case CheckHTTPS:
		p.finishHTTP(name, check)
		p.finishTLS(name, check)
	case CheckTLS:
		p.finishTLS(name, check)
	case CheckMetric:
		p.finishMetric(name, check)
	case CheckCalculated:
		p.finishCalculated(name, check)
	}
}

func (p *parser) finishHTTP(name string, check *Check) {
	contains, looks := p.setting(name, check.Kind, "contains")
	regex, matches := p.setting(name, check.Kind, "regex")
	if !looks {
		contains = regex
	}
	switch {
	case looks && matches:
		p.diags.Errorf(regex, "checks.%s.%s has both contains and regex; keep one of them", name, check.Kind)
	case check.HTTP.Method == "HEAD" && (looks || matches):
		p.diags.Errorf(contains, "checks.%s.%s looks for text, but the response to HEAD has none; write method: GET", name, check.Kind)
	}
}

func (p *parser) finishTLS(name string, check *Check) {
	certificate, has := p.setting(name, check.Kind, "certificate")
	key, hasKey := p.setting(name, check.Kind, "key")
	switch {
	case has && !hasKey:
		p.diags.Errorf(certificate, "checks.%s.%s.certificate needs its key", name, check.Kind)
	case hasKey && !has:
		p.diags.Errorf(key, "checks.%s.%s.key needs its certificate", name, check.Kind)
	}
	_, decided := p.setting(name, check.Kind, "verify")
	_, named := p.setting(name, check.Kind, "server-name")
	if !decided && !named && check.HTTP.Host == "" && check.Target == "" {
		pos, _ := p.setting(name, check.Kind)
		p.diags.Warnf(pos, "checks.%s.%s: certificates must be good for each endpoint, which may be an address; write server-name, or verify: no, or yes", name, check.Kind)
	}
	ca, trusts := p.setting(name, check.Kind, "ca")
	if trusts && !check.TLS.Verify {
		p.diags.Warnf(ca, "checks.%s.%s.ca means nothing with verify: no", name, check.Kind)
	}
}

func (p *parser) finishMetric(name string, check *Check) {
	_, hasAbove := p.setting(name, CheckMetric, "above")
	below, hasBelow := p.setting(name, CheckMetric, "below")
	above, under := check.Metric.Above, check.Metric.Below
	switch {
	case !hasAbove && !hasBelow:
		if pos, begun := p.seen["checks."+name+".metric begins"]; begun {
			p.diags.Errorf(pos, "checks.%s.metric has neither above nor below, so no value would fail", name)
		}
	case above != nil && under != nil && *above >= *under:
		p.diags.Errorf(below, "checks.%s.metric: no value is above %g and below %g", name, *above, *under)
	}
}

// defaultWithin is how long who reports to a push check may be silent.
const defaultWithin = time.Minute

// connectTCP is how long a TCP check waits for its connection, as in Route 53.
const connectTCP = 10 * time.Second

// finishTimes chooses the timeouts that are left out, and warns of those that outlast the interval.
func (p *parser) finishTimes(name string, check *Check) {
	connect, saidConnect := p.setting(name, "connect-timeout")
	respond, saidRespond := p.setting(name, "response-timeout")
	if !saidConnect {
		if check.Kind == CheckTCP {
			check.Connect = connectTCP
		}
		check.Connect = min(check.Connect, check.Interval)
	}
	if !saidRespond {
		check.Respond = min(check.Respond, check.Interval)
	}
	if fast, said := p.setting(name, "fast-interval"); said && check.FastInterval > check.Interval {
		p.diags.Errorf(fast, "checks.%s.fast-interval: %s is longer than the interval, %s", name, abi.DurationText(check.FastInterval), abi.DurationText(check.Interval))
	}
	const late = "so a probe that hangs delays the next ones"
	switch {
	case saidConnect && check.Connect > check.Interval:
		p.diags.Warnf(connect, "checks.%s.connect-timeout: %s is longer than the interval, %s, %s", name, abi.DurationText(check.Connect), abi.DurationText(check.Interval), late)
	case saidRespond && check.Respond > check.Interval:
		p.diags.Warnf(respond, "checks.%s.response-timeout: %s is longer than the interval, %s, %s", name, abi.DurationText(check.Respond), abi.DurationText(check.Interval), late)
	case saidConnect && saidRespond && check.Connect+check.Respond > check.Interval:
		p.diags.Warnf(respond, "checks.%s.response-timeout: %s and the connect-timeout, %s, are together longer than the interval, %s, %s", name,
			abi.DurationText(check.Respond), abi.DurationText(check.Connect), abi.DurationText(check.Interval), late)
	}
}
