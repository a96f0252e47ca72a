// Package metrics counts what the server does: one block of plain counters per worker, summed for whoever asks.
//
// Plane: data (Block) and control (Set, Control). Floor: 1. Journey of a query: step 5, and Flush at the end of each batch.
package metrics

// Counter is the index of one counter in a Block.
type Counter uint8

// The counters of the data plane. Label values are fixed here, so a client cannot make new ones.
const (
	QueriesUDP4 Counter = iota // queries received, by transport and family
	QueriesUDP6
	QueriesTCP4
	QueriesTCP6

	BytesInUDP // DNS message bytes, without UDP, TCP or length headers
	BytesInTCP
	BytesOutUDP
	BytesOutTCP

	RcodeNoError // responses sent, by response code (RFC 6895)
	RcodeFormErr
	RcodeServFail
	RcodeNXDomain
	RcodeNotImp
	RcodeRefused
	RcodeYXDomain
	RcodeNotAuth
	RcodeBadVers
	RcodeBadCookie
	RcodeOther

	KindAnswer   // responses sent, by what was found: data of the name asked for
	KindWildcard // data synthesised from a wildcard
	KindCNAME    // a chain of at least one CNAME or DNAME
	KindReferral
	KindNoData
	KindNXDomain
	KindRefused // outside every zone, or denied by the ACL
	KindServFail
	KindError // malformed, unsupported or not implemented
	KindChaos // CH TXT id.server and the like

	Truncated // responses sent with TC=1, rate-limit slips included

	DecisionsCalled   // routed answers whose plugin chain was called
	DecisionsCached   // routed answers from the decision of the current epoch
	DecisionsFallback // of both: a plugin failed and changed nothing
	DecisionsFailOpen // of both: all candidates were down, answered as if all were up
	DecisionsPanic    // of both: too few candidates were live, answered as if the dead were up

	ViewsChosen // calls of the plugins that choose a client's view
	ViewsFailed // of those in which one failed

	RateLimitDropped
	RateLimitSlipped

	CookiesGood      // queries with a server cookie that verified
	CookiesNew       // queries with a client cookie alone
	CookiesBad       // queries with a server cookie that did not verify
	CookiesMalformed // answered FORMERR (RFC 7873 section 5.2.2)

	TSIGGood // queries with a TSIG record, by what it was (RFC 8945)
	TSIGBadKey
	TSIGBadSig
	TSIGBadTime
	TSIGBadTrunc
	TSIGFormErr

	ACLDenied
	Ignored // packets not answered: responses, runts

	QueryLogDropped // queries that are not in the query log: its writer was behind

	CounterCount // the number of counters, itself none
)

// Transport returns the counter of one query received.
func Transport(tcp, v6 bool) Counter {
	c := QueriesUDP4
	if v6 {
		c++
	}
	if tcp {
		c += QueriesTCP4 - QueriesUDP4
	}
	return c
}

// rcodeCounters maps response codes 0..23; the others are RcodeOther.
var rcodeCounters = [...]Counter{
	0: RcodeNoError, 1: RcodeFormErr, 2: RcodeServFail, 3: RcodeNXDomain, 4: RcodeNotImp, 5: RcodeRefused, 6: RcodeYXDomain,
	7: RcodeOther, 8: RcodeOther, 9: RcodeNotAuth, 10: RcodeOther, 11: RcodeOther, 12: RcodeOther, 13: RcodeOther, 14: RcodeOther,
	15: RcodeOther, 16: RcodeBadVers, 17: RcodeOther, 18: RcodeOther, 19: RcodeOther, 20: RcodeOther, 21: RcodeOther, 22: RcodeOther,
	23: RcodeBadCookie,
}

// Rcode returns the counter of a response with the (extended) response code rcode.
func Rcode(rcode uint16) Counter {
	if int(rcode) < len(rcodeCounters) {
		return rcodeCounters[rcode]
	}
	return RcodeOther
}
