package workshop

import (
	"time"

	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// check draws a check. It may be one that the plugin refuses.
func (u *urn) check() policy.Spec {
	if len(u.specs) > 0 && u.IntN(4) == 0 {
		return u.specs[u.IntN(len(u.specs))]
	}
	c := policy.Candidate{ID: "1"}
	for j := range u.about.Attributes {
		if a := &u.about.Attributes[j]; a.Required || u.IntN(3) > 0 {
			c.Attrs = append(c.Attrs, policy.Attr{Key: a.Name, Value: u.value(a)})
		}
	}
	return policy.Spec{Owner: "fuzz", Chain: []string{u.about.Name}, Candidates: []policy.Candidate{c}}
}

// evidence draws a history: mostly of this server alone, sometimes of all vantage points that there can be.
func (u *urn) evidence() plugin.Evidence {
	e := plugin.Evidence{Before: u.state(), Prior: u.state()}
	if e.Before == policy.Unknown {
		e.Prior = policy.Unknown
	} else {
		e.Held = u.span()
	}
	count := 1
	switch u.IntN(8) {
	case 0:
		count = u.IntN(abi.VantageMax + 1)
	case 1:
		count = abi.VantageMax
	case 2, 3:
		count = u.IntN(6)
	}
	for range count {
		e.Vantages = append(e.Vantages, u.vantage(count))
	}
	return e
}

// vantage draws what one of count vantage points saw. The one of a server that is alone has no verdict of its own.
func (u *urn) vantage(count int) plugin.Vantage {
	var v plugin.Vantage
	if count > 1 && u.IntN(2) == 0 {
		if v.Health = u.state(); v.Health != policy.Unknown {
			v.Held = u.span()
		}
		if u.IntN(2) == 0 {
			return v
		}
	}
	attempts := u.IntN(abi.AttemptMax + 1)
	if u.IntN(4) == 0 {
		attempts = abi.AttemptMax
	}
	apart := [...]time.Duration{time.Second, time.Second, 100 * time.Millisecond, 10 * time.Second, 30 * time.Second, time.Hour}[u.IntN(6)]
	ok, steady := u.IntN(2) == 0, 1+u.IntN(8)
	took := u.took()
	for i := range attempts {
		if u.IntN(steady) == 0 {
			ok = !ok
		}
		if u.IntN(3) == 0 {
			took = u.took()
		}
		a := plugin.Attempt{Age: time.Duration(i) * apart, Took: took, OK: ok}
		if u.IntN(8) == 0 {
			a.Code = [...]uint16{200, 301, 404, 503, 65535}[u.IntN(5)]
		}
		v.Attempts = append(v.Attempts, a)
	}
	return v
}

func (u *urn) state() policy.Health { return policy.Health(u.IntN(3)) }

func (u *urn) span() time.Duration {
	return [...]time.Duration{0, time.Second, 30 * time.Second, time.Hour, 49 * 24 * time.Hour}[u.IntN(5)] + time.Duration(u.IntN(60_000))*time.Millisecond
}

func (u *urn) took() time.Duration {
	return time.Duration(u.IntN(1000)) * [...]time.Duration{0, time.Microsecond, time.Millisecond, time.Millisecond, time.Second}[u.IntN(5)]
}
