package answer

import (
	"net/netip"
	"slices"

	"signpost/host/config"
	"signpost/host/guard"
	"signpost/host/metrics"
	"signpost/host/tsig"
	"signpost/host/wire"
)

// rules are the guards of one configuration.
type rules struct {
	config  *config.Config
	acl     *guard.ACL
	cookies *guard.Cookies
	limit   *guard.RateLimit
	keys    *tsig.Keys
}

// newRules makes the rules of c. A rate limit that did not change keeps its table: a reload forgives nobody.
func newRules(c *config.Config, secret [16]byte, before *rules) *rules {
	r := &rules{config: c, acl: guard.NewACL(c.ACL.Allow, c.ACL.Deny), keys: tsig.NewKeys(c.Keys)}
	if c.Cookies.Enabled {
		secrets := c.Cookies.Secrets
		if len(secrets) == 0 {
			secrets = [][16]byte{secret}
		}
		r.cookies = guard.NewCookies(secrets)
	}
	if before != nil && sameLimit(before.config.RateLimit, c.RateLimit) {
		r.limit = before.limit
		return r
	}
	l := c.RateLimit
	r.limit = guard.NewRateLimit(guard.Limits{
		ResponsesPerSecond: l.ResponsesPerSecond, WindowSeconds: l.WindowSeconds, Slip: l.Slip,
		PrefixLen4: l.PrefixLen4, PrefixLen6: l.PrefixLen6, TableSize: l.TableSize, Exempt: l.Exempt,
	}, secret)
	return r
}

func sameLimit(a, b config.RateLimit) bool {
	exempt := slices.Equal(a.Exempt, b.Exempt)
	a.Exempt, b.Exempt = nil, nil
	return exempt && a.ResponsesPerSecond == b.ResponsesPerSecond && a.WindowSeconds == b.WindowSeconds && a.Slip == b.Slip &&
		a.PrefixLen4 == b.PrefixLen4 && a.PrefixLen6 == b.PrefixLen6 && a.TableSize == b.TableSize
}

// cookie judges the query's cookie and makes the response's (RFC 7873 §5.2). A bad one is answered as if there were none.
func (w *Worker) cookie(addr netip.Addr) {
	e, out := &w.query.EDNS, &w.out
	if e.CookieLen == 0 || w.rules.cookies == nil {
		return
	}
	cookie, status := w.rules.cookies.Answer(e.Cookie[:e.CookieLen], addr, uint32(w.now))
	out.cookie, out.cookieLen = cookie, guard.CookieLen
	out.verified = status.Verified()
	switch {
	case out.verified:
		w.counts.Inc(metrics.CookiesGood)
	case status == guard.CookieClientOnly:
		w.counts.Inc(metrics.CookiesNew)
	default:
		w.counts.Inc(metrics.CookiesBad)
	}
}

// within asks the rate limit whether the response may be sent. A slipped one is cut down to TC=1; it is false for one to drop.
func (w *Worker) within(addr netip.Addr) bool {
	out := &w.out
	if out.verified || addr.IsLoopback() {
		return true
	}
	class, name := w.class()
	switch w.rules.limit.Verdict(addr, class, name, w.now) {
	case guard.Slip:
		w.counts.Inc(metrics.RateLimitSlipped)
		out.truncate(out.questionEnd)
	case guard.Drop:
		w.counts.Inc(metrics.RateLimitDropped)
		return false
	}
	return true
}

// class names the response for the rate limit: by the name in the zone that made it, so that random names below a wildcard, a DNAME or
// nothing at all share one budget.
func (w *Worker) class() (guard.Class, []byte) {
	var class guard.Class
	switch w.out.kind {
	case metrics.KindAnswer, metrics.KindCNAME, metrics.KindWildcard:
		class = guard.ClassAnswer
	case metrics.KindReferral:
		class = guard.ClassReferral
	case metrics.KindNoData:
		class = guard.ClassNoData
	case metrics.KindNXDomain:
		class = guard.ClassNXDomain
	default:
		return guard.ClassError, nil
	}
	return class, w.query.Name.Suffix(w.out.encloser)
}

// chaos answers CH TXT for the server's name and version, when they are configured.
func (w *Worker) chaos() {
	q, out := &w.query, &w.out
	var text string
	if q.Type == wire.TypeTXT {
		switch string(q.Name.Bytes()) {
		case "\x02id\x06server\x00", "\x08hostname\x04bind\x00":
			text = w.snap.Config.ServerID
		case "\x07version\x06server\x00", "\x07version\x04bind\x00":
			text = w.snap.Config.Version
		}
	}
	if text == "" {
		out.fail(wire.Refused, metrics.KindRefused, notAllowed)
		return
	}
	out.kind = metrics.KindChaos
	out.flags |= wire.FlagAA
	out.text(wire.ClassCH, text)
}
