package conformance

import (
	"slices"

	"github.com/miekg/dns"
)

// rule is a difference that is no fault of any server. fold removes it from every reply before the vote; accept recognises it in
// the candidate's reply after the vote.
type rule struct {
	name   string
	rfc    string
	reason string
	fold   func(j *judge, q question, r *reply)
	accept func(j *judge, q question, part aspect, folded []*reply, got *reply) bool
}

// rules is the only place where differences are excused.
var rules = []rule{
	{
		name: "apex NS in authority of positive answers", rfc: "RFC 1034 section 4.3.2, RFC 2181 section 5.4.1",
		reason: "step 3a asks for the answer only; the zone's NS records beside it, and the addresses that they bring, are a courtesy that NSD pays",
		fold:   foldApexNS,
	},
	{
		name: "ANY and RRSIG: some of the RRsets", rfc: "RFC 8482 section 4.1, and RRSIG by the same argument",
		reason: "a responder may choose which RRsets of the name it gives for ANY and RRSIG, and adds nothing to them; every server chooses otherwise",
		accept: acceptSubset,
	},
	{
		name: "chain into another zone of the server", rfc: "RFC 1034 section 4.3.2 step 3a",
		reason: "the step goes back to step 1, which chooses the zone anew; NSD and Signpost do, Knot and BIND end the answer at the zone's border",
		accept: func(j *judge, q question, part aspect, all []*reply, got *reply) bool {
			return same(all[nsd], got, part) && slices.ContainsFunc(got.section[answer], j.leavesZone)
		},
	},
	{
		name: "NSEC asked of an alias without NSEC", rfc: "RFC 1034 section 4.3.2 step 3a, RFC 4034 section 4",
		reason: "NSEC may stand beside CNAME, so Knot and BIND do not follow the alias for it; NSD and Signpost do where there is none",
		accept: func(_ *judge, q question, part aspect, all []*reply, got *reply) bool {
			return q.typ == dns.TypeNSEC && same(all[nsd], got, part) && hasType(got, dns.TypeCNAME)
		},
	},
	{
		name: "RRSIG asked of an alias without RRSIG", rfc: "RFC 1034 section 4.3.2 step 3a, RFC 4034 section 3",
		reason: "RRSIG may stand beside CNAME, so Knot, BIND and Signpost do not follow the alias for it; NSD does",
		accept: func(_ *judge, q question, part aspect, all []*reply, got *reply) bool {
			return q.typ == dns.TypeRRSIG && same(all[knot], got, part) && same(all[bind], got, part) && hasType(all[nsd], dns.TypeCNAME)
		},
	},
	{
		name: "names at or below the owner of an NSEC3 record", rfc: "RFC 5155 section 7.2.8",
		reason: "for queries such an owner does not exist, so it is no closest encloser and hides no wildcard; NSD and Knot (for some types) see it",
		accept: func(j *judge, q question, part aspect, all []*reply, got *reply) bool {
			return same(all[bind], got, part) && j.underNSEC3(q.name)
		},
	},
	{
		name: "ANY below a DNAME, where only BIND votes", rfc: "RFC 6672 section 3.2",
		reason: "for ANY BIND ends with the synthesised CNAME; NSD and Knot, which refuse that zone, walk on in all others, as Signpost does",
		accept: func(j *judge, q question, _ aspect, _ []*reply, got *reply) bool {
			return q.typ == dns.TypeANY && j.zoneOf(q.name) == "dnamebelow.example." && hasType(got, dns.TypeDNAME)
		},
	},
	{
		name: "CNAME chain of more than 16 links", rfc: "RFC 1034 section 5.2.2",
		reason: "no RFC says where a server may stop; Knot stops after 5 links, BIND after 12 with SERVFAIL, Signpost after 17, NSD never: resolvers go on from the last one",
		accept: acceptLongChain,
	},
	{
		name: "glue made from a wildcard below the cut", rfc: "RFC 4592 section 2.2, RFC 1034 section 4.2.1",
		reason: "glue is a copy of what the child's zone says; a wildcard below the cut is occluded and synthesises nothing; BIND does as Signpost does",
		accept: acceptNoWildcardGlue,
	},
	{
		name: "NS at an asterisk", rfc: "RFC 4592 section 4.2",
		reason: "the RFC leaves it undefined; NSD answers it as data, Knot refers from the asterisk, BIND refuses the zone, Signpost refers from the name asked for",
		accept: func(j *judge, q question, _ aspect, _ []*reply, _ *reply) bool {
			return isBelow([]byte(folded(q.name)), []byte("\x02ns\x06wildns\x07example\x00"))
		},
	},
	{
		name: "TTL without $TTL", rfc: "RFC 1035 section 5.1",
		reason: "the last TTL stated counts; NSD and Knot use 3600, BIND does as Signpost does",
		accept: func(j *judge, q question, part aspect, all []*reply, got *reply) bool {
			return j.zoneOf(q.name) == "neghigh.example." && (same(all[bind], got, part) || q.typ == dns.TypeANY)
		},
	},
	{
		name: "denial of the types that an SVCB target lacks", rfc: "RFC 9460 section 4.1",
		reason: "SHOULD; only Knot adds NSEC or NSEC3 to additional, NSD adds nothing at all, BIND does as Signpost does",
		accept: func(_ *judge, q question, part aspect, all []*reply, got *reply) bool {
			return part == aspectAdditional && (q.typ == dns.TypeSVCB || q.typ == dns.TypeHTTPS) && same(all[bind], got, part)
		},
	},
	{
		name: "addresses for MG and MR", rfc: "RFC 1035 sections 3.3.6 and 3.3.8",
		reason: "these cause no additional section processing; NSD and BIND do it all the same",
		accept: func(_ *judge, q question, part aspect, _ []*reply, got *reply) bool {
			return part == aspectAdditional && (q.typ == dns.TypeMG || q.typ == dns.TypeMR) && len(got.section[additional]) == 0
		},
	},
}

// normalise returns a copy of r with every folding rule applied.
func (j *judge) normalise(q question, r *reply) *reply {
	out := *r
	for s := range out.section {
		out.section[s] = slices.Clone(r.section[s])
	}
	for _, rule := range rules {
		if rule.fold != nil {
			rule.fold(j, q, &out)
		}
	}
	return &out
}

func foldApexNS(j *judge, q question, r *reply) {
	if len(r.section[answer]) == 0 {
		return
	}
	before := len(r.section[authority])
	r.section[authority] = slices.DeleteFunc(r.section[authority], func(rec record) bool {
		return rec.covers() == dns.TypeNS && j.origins[rec.owner]
	})
	if len(r.section[authority]) != before {
		keepTargets(r)
	}
}

// keepTargets drops from additional what no record of answer and authority names.
func keepTargets(r *reply) {
	targets := map[string]bool{}
	for s := answer; s <= authority; s++ {
		for _, rec := range r.section[s] {
			switch rec.typ {
			case dns.TypeNS, dns.TypeMX, dns.TypeSRV, dns.TypeSVCB, dns.TypeHTTPS, dns.TypeKX, dns.TypeAFSDB, dns.TypeRT, dns.TypeMB, dns.TypeLP:
				rest := rec.rdata[nameAt[rec.typ].skip:]
				targets[rest[:nameLen(rest)]] = true
			}
		}
	}
	r.section[additional] = slices.DeleteFunc(r.section[additional], func(rec record) bool { return !targets[rec.owner] })
}

func nameLen(wire string) int {
	n := 0
	for n < len(wire) && wire[n] != 0 {
		n += 1 + int(wire[n])
	}
	return min(n+1, len(wire))
}

// acceptSubset takes a reply to ANY or RRSIG whose records are all in some peer's reply, and that is empty only if theirs are.
func acceptSubset(_ *judge, q question, part aspect, folded []*reply, got *reply) bool {
	if q.typ != dns.TypeANY && q.typ != dns.TypeRRSIG || part == aspectHead {
		return false
	}
	var known []record
	for _, r := range folded[:bind+1] {
		known = append(known, r.section[answer]...)
	}
	if (len(got.section[answer]) == 0) != (len(known) == 0) {
		return false
	}
	for _, rec := range got.section[answer] {
		if !slices.Contains(known, rec) {
			return false
		}
	}
	return len(known) > 0
}

const chainMax = 16

// acceptLongChain takes a chain that was cut after chainMax links; NSD, which walks on, must have each link too.
func acceptLongChain(_ *judge, q question, part aspect, folded []*reply, got *reply) bool {
	links := 0
	for _, rec := range got.section[answer] {
		switch {
		case !slices.Contains(folded[nsd].section[answer], rec):
			return false
		case rec.typ == dns.TypeCNAME:
			links++
		case rec.typ != dns.TypeDNAME && rec.typ != dns.TypeRRSIG:
			return false
		}
	}
	return links >= chainMax && got.rcode == dns.RcodeSuccess && len(got.section[authority])+len(got.section[additional]) == 0
}

// acceptNoWildcardGlue takes a referral that lacks only addresses of names that the corpus does not have.
func acceptNoWildcardGlue(j *judge, q question, part aspect, all []*reply, got *reply) bool {
	if part != aspectAdditional || !slices.ContainsFunc(got.section[authority], func(rec record) bool { return rec.typ == dns.TypeNS }) {
		return false
	}
	exact := slices.DeleteFunc(slices.Clone(all[nsd].section[additional]), func(rec record) bool { return !j.owners[rec.owner] })
	return slices.Equal(exact, got.section[additional])
}

// leavesZone tells whether a CNAME's target lies in another zone of the server than its owner.
func (j *judge) leavesZone(rec record) bool {
	if rec.typ != dns.TypeCNAME {
		return false
	}
	to := j.zoneOf([]byte(rec.rdata))
	return to != "" && to != j.zoneOf([]byte(rec.owner))
}

// underNSEC3 tells whether name or one of its parents owns an NSEC3 record.
func (j *judge) underNSEC3(name []byte) bool {
	for name = []byte(folded(name)); len(name) > 1; name = parentOf(name) {
		if j.nsec3[string(name)] {
			return true
		}
	}
	return false
}

func hasType(r *reply, typ uint16) bool {
	return slices.ContainsFunc(r.section[answer], func(rec record) bool { return rec.typ == typ })
}
