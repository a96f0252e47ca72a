package answer

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// referenceRounds is how many random views TestReference tries; each takes five milliseconds.
var referenceRounds = flag.Int("reference-rounds", 150, "random views that TestReference tries")

// labels is a name as presentation labels, without the root.
type labels []string

func (n labels) String() string { return strings.Join(n, ".") + "." }

func (n labels) under(origin labels) bool {
	return len(n) >= len(origin) && slices.Equal(n[len(n)-len(origin):], origin)
}

// wireLen is the length of the name on the wire.
func (n labels) wireLen() int {
	buf := make([]byte, 1024)
	length := 1
	for _, label := range n {
		off, _ := dns.PackDomainName(label+".", buf, 0, nil, false)
		length += off - 1
	}
	return length
}

func join(parts ...labels) labels { return slices.Concat(parts...) }

// fact is one record of a reference zone. Records with a target have it in place of data.
type fact struct {
	owner  labels
	typ    uint16
	data   string
	target labels
}

func (f fact) text() string {
	data := f.data
	if f.target != nil {
		data += f.target.String()
	}
	return strings.ToLower(dns.Type(f.typ).String() + " " + data)
}

// reference is a zone as the list of its records, and answers by scanning it: RFC 1034 §4.3.2 with its later rules, as plainly as can be.
type reference struct {
	origin labels
	facts  []fact
}

func (z *reference) at(owner labels, typ uint16) (found []fact) {
	for _, f := range z.facts {
		if slices.Equal(f.owner, owner) && (f.typ == typ || typ == dns.TypeANY) {
			found = append(found, f)
		}
	}
	return found
}

func (z *reference) exists(name labels) bool {
	return slices.ContainsFunc(z.facts, func(f fact) bool { return f.owner.under(name) })
}

// result is a response: records as text, owner first.
type result struct {
	rcode             int
	foreign           bool // AA is clear
	answer, authority []string
	glue              []string              // addresses that must be there
	all               bool                  // the answer holds all types of a name
	links             []string              // names whose CNAME or DNAME was followed
	dnames            map[string]*reference // by owner of the DNAME records in the answer: whose they are
}

// add puts records into a section, as owner's.
func (r *result) add(section *[]string, owner labels, facts []fact) {
	for _, f := range facts {
		*section = append(*section, strings.ToLower(owner.String())+" "+f.text())
	}
}

// zoneOf is the zone with the longest origin of at most most labels that name is under.
func zoneOf(zones []*reference, name labels, most int) (best *reference) {
	for _, z := range zones {
		if name.under(z.origin) && len(z.origin) <= most && (best == nil || len(z.origin) > len(best.origin)) {
			best = z
		}
	}
	return best
}

// lookup is one step: what the view says to a name and type. kind is one of those below; owner is whose records found are.
func lookup(zones []*reference, name labels, qtype uint16) (kind string, z *reference, owner labels, found []fact) {
	z = zoneOf(zones, name, len(name))
	if z == nil {
		return "outside", nil, nil, nil
	}
	if qtype == dns.TypeDS && len(name) == len(z.origin) {
		if parent := zoneOf(zones, name, len(name)-1); parent != nil {
			z = parent
		}
	}
	for depth := len(z.origin); depth <= len(name); depth++ {
		above := name[len(name)-depth:]
		if ns := z.at(above, dns.TypeNS); len(ns) > 0 && depth > len(z.origin) && (depth < len(name) || qtype != dns.TypeDS) {
			return "referral", z, above, ns
		}
		if dname := z.at(above, dns.TypeDNAME); len(dname) > 0 && depth < len(name) {
			return "dname", z, above, dname
		}
	}
	source := name
	if !z.exists(name) {
		encloser := name
		for !z.exists(encloser) {
			encloser = encloser[1:]
		}
		source = join(labels{"*"}, encloser)
		if !z.exists(source) {
			return "nxdomain", z, nil, nil
		}
	}
	found = z.at(source, qtype)
	cname, alias := z.at(source, dns.TypeCNAME), z.at(source, typeALIAS)
	switch {
	case len(found) > 0:
		return "answer", z, name, found
	case len(cname) > 0:
		return "cname", z, name, cname
	case len(alias) > 0 && (qtype == dns.TypeA || qtype == dns.TypeAAAA):
		return "alias", z, name, alias
	}
	return "nodata", z, nil, nil
}

const typeALIAS = 65401

// finder is a step for somebody who sees certain zones.
type finder func(name labels, qtype uint16) (kind string, z *reference, owner labels, found []fact)

// inView finds in the zones of one view.
func inView(zones []*reference) finder {
	return func(name labels, qtype uint16) (string, *reference, labels, []fact) {
		return lookup(zones, name, qtype)
	}
}

// resolve answers a question.
func (find finder) resolve(name labels, qtype uint16) *result {
	r := &result{dnames: map[string]*reference{}}
	for links := 0; ; links++ {
		kind, z, owner, found := find(name, qtype)
		if slices.Contains(r.links, name.String()) {
			return r
		}
		next := labels(nil)
		switch kind {
		case "cname":
			r.add(&r.answer, name, found)
			next = found[0].target
		case "dname":
			switch r.dnames[owner.String()] {
			case nil:
				r.dnames[owner.String()] = z
				r.add(&r.answer, owner, found)
			case z:
			default:
				return r // of another view
			}
			next = join(name[:len(name)-len(owner)], found[0].target)
			if next.wireLen() > 255 {
				r.rcode = dns.RcodeYXDomain
				return r
			}
			r.add(&r.answer, name, []fact{{typ: dns.TypeCNAME, target: next}})
			if qtype == dns.TypeCNAME {
				return r
			}
		default:
			r.conclude(find, kind, z, name, owner, found, qtype, links)
			return r
		}
		r.links = append(r.links, name.String())
		if links == chainMax {
			return r
		}
		name = next
	}
}

// conclude is the end of a chain.
func (r *result) conclude(find finder, kind string, z *reference, name, owner labels, found []fact, qtype uint16, links int) {
	soa := func(z *reference) { r.add(&r.authority, z.origin, z.at(z.origin, dns.TypeSOA)) }
	switch kind {
	case "outside":
		if links == 0 {
			r.rcode, r.foreign = dns.RcodeRefused, true
		}
	case "answer":
		r.add(&r.answer, owner, found)
		r.all = qtype == dns.TypeANY
	case "nodata":
		soa(z)
	case "nxdomain":
		r.rcode = dns.RcodeNameError
		soa(z)
	case "referral":
		r.foreign = links == 0
		r.add(&r.authority, owner, found)
		for _, ns := range found {
			if ns.target.under(owner) {
				for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
					r.add(&r.glue, ns.target, z.at(ns.target, typ))
				}
			}
		}
	case "alias":
		target := found[0].target
		for range chainMax - 1 {
			kind, _, _, found := find(target, qtype)
			switch kind {
			case "cname", "alias":
				target = found[0].target
				continue
			case "answer":
				r.add(&r.answer, name, found)
			case "nodata", "nxdomain":
				soa(z)
			default:
				*r = result{rcode: dns.RcodeServerFailure, foreign: true}
			}
			return
		}
		*r = result{rcode: dns.RcodeServerFailure, foreign: true}
	}
}

// randomZone makes a zone of a few names that share labels, so that wildcards, cuts, DNAMEs, chains and empty non-terminals meet. It keeps to
// what may stand together at a name.
func randomZone(random *rand.Rand, origin labels, origins []labels) *reference {
	z := &reference{origin: origin}
	z.facts = append(z.facts, fact{owner: origin, typ: dns.TypeSOA, data: fmt.Sprint(join(labels{"ns1"}, origin), " ", join(labels{"hostmaster"}, origin), " 1 7200 900 1209600 60")})
	z.facts = append(z.facts, fact{owner: origin, typ: dns.TypeNS, target: randomName(random, origins)})
	for range random.IntN(40) {
		owner := join(randomLabels(random, 4), origin)
		if owner.wireLen() > 255 {
			continue
		}
		f := fact{owner: owner}
		switch random.IntN(12) {
		case 0:
			f.typ, f.target = dns.TypeCNAME, randomName(random, origins)
		case 1:
			f.typ, f.target = dns.TypeDNAME, randomName(random, origins)
		case 2:
			f.typ, f.target = dns.TypeNS, randomName(random, origins)
		case 3:
			f.typ, f.target = typeALIAS, randomName(random, origins)
		case 4:
			f.typ, f.data, f.target = dns.TypeMX, fmt.Sprint(random.IntN(5), " "), randomName(random, origins)
		case 5:
			f.typ, f.data, f.target = dns.TypeSRV, fmt.Sprint("1 2 ", random.IntN(5), " "), randomName(random, origins)
		case 6:
			f.typ, f.data = dns.TypeTXT, fmt.Sprintf("%q", strings.Repeat("t", random.IntN(256)))
		case 7:
			f.typ, f.data = dns.TypeAAAA, fmt.Sprint("2001:db8::", 1+random.IntN(5))
		default:
			for range random.IntN(1 + random.IntN(20)) {
				z.put(fact{owner: owner, typ: dns.TypeA, data: fmt.Sprint("192.0.2.", random.IntN(256))})
			}
			f.typ, f.data = dns.TypeA, fmt.Sprint("192.0.2.", random.IntN(256))
		}
		z.put(f)
	}
	return z
}

// put adds a record unless it may not stand where it would.
func (z *reference) put(f fact) {
	has := func(typ uint16) bool { return len(z.at(f.owner, typ)) > 0 }
	single := f.typ == dns.TypeCNAME || f.typ == dns.TypeDNAME || f.typ == typeALIAS
	below := len(f.owner) > len(z.origin)
	address := f.typ == dns.TypeA || f.typ == dns.TypeAAAA
	switch {
	case f.typ == dns.TypeCNAME && has(dns.TypeANY), has(dns.TypeCNAME), single && has(f.typ),
		below && f.typ == dns.TypeDNAME && has(dns.TypeNS), below && f.typ == dns.TypeNS && has(dns.TypeDNAME),
		f.typ == typeALIAS && (has(dns.TypeA) || has(dns.TypeAAAA)), address && has(typeALIAS),
		below && f.typ == dns.TypeNS && f.owner[0] == "*", // RFC 4592 §4.2 leaves it open
		slices.ContainsFunc(z.at(f.owner, f.typ), func(g fact) bool { return g.text() == f.text() }):
		return
	}
	z.facts = append(z.facts, f)
}

var referenceLabels = []string{"a", "a", "b", "b", "c", "*", `x\.y`, `\000`, strings.Repeat("l", 63)}

func randomLabels(random *rand.Rand, most int) (n labels) {
	for range random.IntN(most + 1) {
		n = append(n, referenceLabels[random.IntN(len(referenceLabels))])
	}
	return n
}

func randomName(random *rand.Rand, origins []labels) labels {
	for {
		name := join(randomLabels(random, 4), origins[random.IntN(len(origins))])
		if len(name) > 0 && name.wireLen() <= 255 {
			return name
		}
	}
}

// zoneText is the zone as a zone file, without its SOA.
func (z *reference) zoneText() string {
	var b strings.Builder
	for _, f := range z.facts {
		if f.typ != dns.TypeSOA {
			fmt.Fprintf(&b, "%s %s\n", f.owner, strings.Replace(f.text(), "type65401", "ALIAS", 1))
		}
	}
	return b.String()
}

// TestReference compares what random zones answer with what their records say. The seeds are fixed: a failure repeats.
func TestReference(t *testing.T) {
	origins := []labels{{"ex"}, {"b", "ex"}, {"a", "c", "ex"}, {}, {"org"}}
	types := []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeCNAME, dns.TypeDNAME, dns.TypeMX, dns.TypeSRV, dns.TypeTXT, dns.TypeSOA, dns.TypeDS, dns.TypeANY, typeALIAS}
	for seed := range uint64(*referenceRounds) {
		random := rand.New(rand.NewPCG(seed, 0))
		count := 1 + random.IntN(len(origins)-1)
		var zones []*reference
		texts := map[string]string{}
		for _, origin := range origins[:count] {
			z := randomZone(random, origin, origins)
			zones = append(zones, z)
			texts[origin.String()] = z.zoneText()
		}
		snap, reason := compileAll(config.Default(), texts)
		if snap == nil {
			if !strings.Contains(reason, "ALIAS cycle") {
				t.Fatalf("seed %d: %s\n%s", seed, reason, texts)
			}
			continue
		}
		w := workerOf(t, snap)
		for range 100 {
			z := zones[random.IntN(len(zones))]
			name := join(randomLabels(random, 2), z.facts[random.IntN(len(z.facts))].owner)
			if random.IntN(4) == 0 {
				name = randomName(random, origins)
			}
			if name.wireLen() > 255 {
				continue
			}
			c := comparison{find: inView(zones), zones: zones, client: testClient, name: name, qtype: types[random.IntN(len(types))]}
			c.compare(t, w)
			if t.Failed() {
				t.Fatalf("seed %d, %s %s, zones:\n%s", seed, name, dns.Type(c.qtype), texts)
			}
		}
	}
}

// comparison is one question.
type comparison struct {
	find   finder
	zones  []*reference // that additional records may be from
	client netip.AddrPort
	subnet *dns.EDNS0_SUBNET // of the query; nil: none
	name   labels
	qtype  uint16
}

// compare asks over TCP, where the response is what the records say, and over UDP, where it is that or truncated behind a whole set.
func (c *comparison) compare(t *testing.T, w *Worker) {
	want := c.find.resolve(c.name, c.qtype)
	query := new(dns.Msg).SetQuestion(strings.ToUpper(c.name.String()), c.qtype)
	if c.subnet != nil {
		query.SetEdns0(512, false)
		query.IsEdns0().Option = []dns.EDNS0{c.subnet}
	}
	full := plain(exchangeFrom(t, w, query, true, c.client))
	answer, authority, extra := texts(full.Answer), texts(full.Ns), texts(full.Extra)
	if full.Rcode != want.rcode || full.Authoritative == want.foreign || full.Truncated || !sameRecords(answer, want.answer) || !sameRecords(authority, want.authority) {
		t.Errorf("got %s\nwant %s aa %v\n%s\n%s", brief(full), dns.RcodeToString[want.rcode], !want.foreign, strings.Join(want.answer, "\n"), strings.Join(want.authority, "\n"))
	}
	for i, text := range extra {
		if slices.Contains(extra[:i], text) || !c.holds(full.Extra[i], text) {
			t.Errorf("additional %s is not one of the zones' records, or twice, in %s", text, brief(full))
		}
	}
	for _, text := range want.glue {
		if !slices.Contains(extra, text) {
			t.Errorf("glue %s is not in %s", text, brief(full))
		}
	}
	short := plain(exchangeFrom(t, w, query, false, c.client))
	if short.Rcode != want.rcode && !short.Truncated || short.Authoritative == want.foreign {
		t.Errorf("over UDP: got %s\nover TCP %s", brief(short), brief(full))
	}
	if short.Truncated {
		sets := map[string]int{} // how many records of each set the whole answer has, less those of the truncated one
		for _, rr := range full.Answer {
			sets[setOf(rr)]++
		}
		for _, rr := range short.Answer {
			sets[setOf(rr)]--
		}
		for _, rr := range short.Answer {
			if sets[setOf(rr)] != 0 {
				t.Errorf("over UDP: part of a set: got %s\nover TCP %s", brief(short), brief(full))
			}
		}
		return
	}
	if got := texts(short.Answer); !want.all && !sameRecords(got, answer) || !sameRecords(texts(short.Ns), authority) {
		t.Errorf("over UDP: got %s\nover TCP %s", brief(short), brief(full))
	}
	for _, text := range want.glue {
		if !slices.Contains(texts(short.Extra), text) {
			t.Errorf("over UDP: glue %s is not in %s", text, brief(short))
		}
	}
}

// plain is a response without its OPT record.
func plain(m *dns.Msg) *dns.Msg {
	m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
	return m
}

// holds tells whether a zone has an additional record, itself or as a wildcard.
func (c *comparison) holds(rr dns.RR, text string) bool {
	owner := labels(dns.SplitDomainName(strings.ToLower(rr.Header().Name)))
	var r result
	for _, z := range c.zones {
		r.add(&r.answer, owner, z.at(owner, rr.Header().Rrtype))
		if kind, _, _, found := lookup([]*reference{z}, owner, rr.Header().Rrtype); kind == "answer" {
			r.add(&r.answer, owner, found)
		}
	}
	return slices.Contains(r.answer, text)
}

func setOf(rr dns.RR) string { return fmt.Sprint(rr.Header().Name, rr.Header().Rrtype) }

// texts are records as a result has them. Their TTLs are checked on the way.
func texts(records []dns.RR) []string {
	var out []string
	for _, rr := range records {
		head := rr.Header()
		data := strings.TrimPrefix(rr.String(), head.String())
		if unknown, ok := rr.(*dns.RFC3597); ok && head.Rrtype == typeALIAS {
			raw, _ := hex.DecodeString(unknown.Rdata)
			data, _, _ = dns.UnpackDomainName(raw, 0)
		}
		if head.Ttl != 300 && (head.Rrtype != dns.TypeSOA || head.Ttl != 60) {
			data += fmt.Sprint(" with TTL ", head.Ttl)
		}
		out = append(out, strings.ToLower(fmt.Sprint(head.Name, " ", dns.Type(head.Rrtype), " ", data)))
	}
	return out
}

func sameRecords(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
