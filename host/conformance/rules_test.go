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
			if layout, has := nameAt[rec.typ]; has && layout.skip >= 0 && rec.typ != dns.TypeRRSIG && rec.typ != dns.TypeNSEC {
				for rest := rec.rdata[layout.skip:]; rest != ""; rest = rest[nameLen(rest):] {
					targets[rest[:nameLen(rest)]] = true
					if layout.count == 1 {
						break
					}
				}
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
