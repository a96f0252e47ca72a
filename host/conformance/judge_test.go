package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/miekg/dns"
)

// aspect is a part of a reply that is voted on by itself, so that servers which differ in one section still decide the others.
type aspect int

const (
	aspectHead aspect = iota // rcode, AA, the other flags, presence of OPT
	aspectAnswer
	aspectAuthority
	aspectAdditional
	aspects
)

var aspectNames = [...]string{"header", "answer", "authority", "additional"}

// same compares one aspect of two normalised replies.
func same(a, b *reply, part aspect) bool {
	if a.none || b.none {
		return a.none == b.none
	}
	if part == aspectHead {
		return a.rcode == b.rcode && a.flags == b.flags && a.opt == b.opt
	}
	s := int(part) - 1
	return slices.Equal(a.section[s], b.section[s])
}

// judge votes on the replies of one instance's servers and keeps count.
type judge struct {
	zones     []zoneFile
	origins   map[string]bool
	owners    map[string]bool // names with records in some zone file
	nsec3     map[string]bool // those with NSEC3 records
	candidate int             // index of the server under test: Signpost, or BIND when only the peers run

	asked, viaTCP, agreed int
	classes               map[string]int // accepted differences by rule or by who is followed
	examples              map[string]string
	findings              []string // unexplained, as text
	excused               []string // accepted, as text
	unexplained           int
	findingsByKind        map[string]int
	kept                  map[string]int // findings by zone, type and kind
}

// findingsMax is how many texts are kept of each zone, type and kind; all are counted.
const findingsMax = 2

func newJudge(zones []zoneFile, candidate int) *judge {
	j := &judge{
		zones: zones, candidate: candidate,
		origins: map[string]bool{}, owners: map[string]bool{}, nsec3: map[string]bool{},
		classes: map[string]int{}, examples: map[string]string{}, findingsByKind: map[string]int{}, kept: map[string]int{},
	}
	for _, z := range zones {
		j.origins[string(z.origin)] = true
		for _, rec := range z.records {
			j.owners[rec.owner] = true
			if rec.typ == dns.TypeNSEC3 {
				j.nsec3[rec.owner] = true
			}
		}
	}
	return j
}

// zoneOf is the name of the zone that answers for name: the longest that contains it.
func (j *judge) zoneOf(name []byte) string {
	best, bestLen := "", 0
	for _, z := range j.zones {
		if len(z.origin) > bestLen && isBelow([]byte(folded(name)), z.origin) {
			best, bestLen = z.name, len(z.origin)
		}
	}
	return best
}

// consider judges one question: the replies over UDP and, where size matters, over TCP as well.
func (j *judge) consider(a *asker, q question) {
	j.asked++
	raw := a.askUDP(q)
	full, truncated := raw, false
	for _, r := range raw {
		truncated = truncated || r.flags&flagTC != 0 || r.len > q.limit()*3/4
	}
	if truncated {
		j.viaTCP++
		full = a.askTCP(q)
		j.checkTruncation(q, raw[j.candidate], full[j.candidate])
	}
	j.checkForm(q, raw[j.candidate], q.limit())
	j.vote(q, full)
}

// checkForm finds what is wrong with a reply whatever the others say.
func (j *judge) checkForm(q question, r *reply, limit int) {
	problem := ""
	switch asked := append(slices.Clone(q.name), byte(q.typ>>8), byte(q.typ), 0, 1); {
	case r.none:
		problem = "no reply"
	case r.flaw != "":
		problem = r.flaw
	case r.flags&flagQR == 0:
		problem = "QR is not set"
	case !bytes.Equal(r.question, asked):
		problem = fmt.Sprintf("question not repeated octet for octet: asked %x, got %x", asked, r.question)
	case r.len > limit:
		problem = fmt.Sprintf("%d octets where %d are allowed", r.len, limit)
	default:
		return
	}
	j.find("form", q, fmt.Sprintf("%s: %s", serverNames[j.candidate], problem))
}

// checkTruncation compares the candidate's UDP reply with its own over TCP: TC exactly when something required is missing, and
// then only whole RRsets (RFC 2181 section 9); additional data may be missing without TC, glue for the cut may not (RFC 9471).
func (j *judge) checkTruncation(q question, udp, tcp *reply) {
	if udp.none || tcp.none || q.typ == dns.TypeANY || q.typ == dns.TypeRRSIG {
		return // these may differ by transport (RFC 8482 section 4.4)
	}
	if tcp.flags&flagTC != 0 {
		return // larger than any message; the vote on the header says whether that is so
	}
	problem := ""
	for s := answer; s <= additional && problem == ""; s++ {
		missing := missingSets(udp.section[s], tcp.section[s])
		switch {
		case missing == "":
		case strings.HasPrefix(missing, "part"):
			problem = missing + " in " + sectionNames[s] + " over UDP (RFC 2181 section 9: whole RRsets)"
		case udp.flags&flagTC != 0:
		case s < additional:
			problem = missing + " missing in " + sectionNames[s] + " over UDP without TC"
		case missingGlue(udp, tcp) != "":
			problem = missingGlue(udp, tcp) + " missing from a referral over UDP without TC (RFC 9471 section 3.1)"
		}
	}
	switch {
	case problem != "":
	case udp.rcode != tcp.rcode || (udp.flags^tcp.flags)&^flagTC != 0:
		problem = "header over UDP differs from TCP"
	case udp.flags&flagTC != 0 && tcp.len <= q.limit():
		problem = fmt.Sprintf("TC although the whole answer of %d octets fits in %d", tcp.len, q.limit())
	default:
		return
	}
	j.find("truncation", q, serverNames[j.candidate]+": "+problem)
}

// missingSets describes what of want is not in got: "" nothing, "part of …" when an RRset is there in part, else the first RRset.
func missingSets(got, want []record) string {
	missing := ""
	for _, w := range want {
		if slices.Contains(got, w) {
			continue
		}
		for _, g := range got {
			if g.owner == w.owner && g.typ == w.typ && g.covers() == w.covers() {
				return "part of " + w.String()
			}
		}
		missing = w.String()
	}
	return missing
}

// missingGlue returns the first address that tcp has and udp lacks, of a name server below the cut that both refer to.
func missingGlue(udp, tcp *reply) string {
	for _, ns := range tcp.section[authority] {
		if ns.typ != dns.TypeNS || tcp.flags&flagAA != 0 || !isBelow([]byte(ns.rdata), []byte(ns.owner)) {
			continue
		}
		for _, rec := range tcp.section[additional] {
			if rec.owner == ns.rdata && !slices.Contains(udp.section[additional], rec) {
				return rec.String()
			}
		}
	}
	return ""
}

// vote normalises the replies, lets NSD, Knot and BIND decide each aspect and compares the candidate with the decision.
func (j *judge) vote(q question, raw []*reply) {
	folded := make([]*reply, len(raw))
	for i, r := range raw {
		folded[i] = j.normalise(q, r)
	}
	out := notLoaded[j.zoneOf(q.name)]
	var voters []int
	for i := nsd; i <= bind; i++ {
		if i != j.candidate && out[i] == "" {
			voters = append(voters, i)
		}
	}
	switch len(voters) {
	case 0:
		return // only when BIND itself is compared
	case 1:
		voters = append(voters, voters[0])
	}
	first, second := voters[0], voters[1]
	got := folded[j.candidate]
	clean, heads := true, same(folded[first], folded[second], aspectHead)
	for part := aspectHead; part < aspects; part++ {
		if same(folded[first], got, part) && same(folded[second], got, part) {
			continue
		}
		clean = false
		agree := heads && same(folded[first], folded[second], part) // replies of different rcodes agree in nothing
		if reason := j.accepted(q, folded, voters, part, agree); reason != "" {
			j.classes[reason]++
			j.excuse(reason, q, raw, folded, voters)
			continue
		}
		kind := aspectNames[part] + ": differs from the peers, which agree"
		if !agree {
			kind = aspectNames[part] + ": differs from the peers, which disagree"
		}
		j.find(kind, q, describe(raw, folded, voters, j.candidate))
		return
	}
	if clean {
		j.agreed++
	}
}

// accepted names the reason for which a difference is no finding, "" when there is none.
func (j *judge) accepted(q question, folded []*reply, voters []int, part aspect, agree bool) string {
	got := folded[j.candidate]
	for _, r := range rules {
		if r.accept != nil && r.accept(j, q, part, folded, got) {
			return r.name
		}
	}
	if !agree {
		for _, v := range voters[:2] {
			if same(folded[v], got, part) {
				others := ""
				if len(voters) > 2 {
					others = "; BIND differs from both"
					if same(folded[bind], got, part) {
						others = "; BIND too"
					} else if same(folded[bind], folded[voters[0]], part) || same(folded[bind], folded[voters[1]], part) {
						others = "; BIND goes with the other"
					}
				}
				return fmt.Sprintf("%s: %s and %s differ, as %s%s", aspectNames[part], serverNames[voters[0]], serverNames[voters[1]], serverNames[v], others)
			}
		}
	}
	if !agree && len(voters) > 2 && same(folded[bind], got, part) && same(folded[bind], got, aspectHead) {
		return aspectNames[part] + ": NSD and Knot differ, as BIND, which differs from both"
	}
	return ""
}

// excuse keeps examples of what was accepted: the first question for the summary, with -report some replies of each zone.
func (j *judge) excuse(reason string, q question, raw, folded []*reply, voters []int) {
	if j.examples[reason] == "" {
		j.examples[reason] = q.String()
	}
	if *reportTo == "" {
		return
	}
	zone := j.zoneOf(q.name)
	if j.kept[zone+reason]++; j.kept[zone+reason] <= findingsMax {
		j.excused = append(j.excused, fmt.Sprintf("%s (zone %s): %s\n%s", q, zone, reason, describe(raw, folded, voters, j.candidate)))
	}
}

func (j *judge) find(kind string, q question, text string) {
	j.unexplained++
	j.findingsByKind[kind]++
	zone := j.zoneOf(q.name)
	place := zone + typeText(q.typ) + kind
	if j.kept[place]++; j.kept[place] <= findingsMax {
		j.findings = append(j.findings, fmt.Sprintf("%s (zone %s): %s\n%s", q, zone, kind, text))
	}
}

// describe prints the replies side by side: what all have in common once, then what each has on its own.
func describe(raw, folded []*reply, voters []int, candidate int) string {
	var b strings.Builder
	shown := append(slices.Clone(voters), candidate)
	for _, i := range shown {
		r := folded[i]
		if r.none {
			fmt.Fprintf(&b, "  %-8s no reply\n", serverNames[i])
			continue
		}
		fmt.Fprintf(&b, "  %-8s %s%s opt=%v, %d octets, answer %d authority %d additional %d\n", serverNames[i], dns.RcodeToString[r.rcode],
			flagText(r.flags), r.opt, raw[i].len, len(r.section[0]), len(r.section[1]), len(r.section[2]))
	}
	for s := range sectionNames {
		holders := map[string][]string{}
		for _, i := range shown {
			for _, rec := range folded[i].section[s] {
				text := rec.String()
				holders[text] = append(holders[text], serverNames[i])
			}
		}
		lines := make([]string, 0, len(holders))
		for text, who := range holders {
			if len(who) < len(shown) {
				text = fmt.Sprintf("%s   <- only %s", text, strings.Join(who, ", "))
			}
			lines = append(lines, text)
		}
		sort.Strings(lines)
		for _, line := range lines {
			fmt.Fprintf(&b, "    %-10s %s\n", sectionNames[s], line)
		}
	}
	return b.String()
}

func flagText(flags uint16) string {
	text := ""
	for _, f := range []struct {
		bit  uint16
		name string
	}{{flagQR, "qr"}, {flagAA, "aa"}, {flagTC, "tc"}, {flagRD, "rd"}, {flagRA, "ra"}, {flagAD, "ad"}, {flagCD, "cd"}} {
		if flags&f.bit != 0 {
			text += " " + f.name
		}
	}
	return text
}
