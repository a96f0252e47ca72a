package zone

import (
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/wire"
)

// wireName is a presentation name in wire form, lower case.
func wireName(t testing.TB, text string) []byte {
	t.Helper()
	buf := make([]byte, 256)
	length, err := dns.PackDomainName(dns.CanonicalName(text), buf, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:length]
}

// Protects the index: everything that was added is found while it grows and after it shrank, nothing else is.
func TestIndex(t *testing.T) {
	origin := wireName(t, "example.com.")
	x := NewIndex(origin, 1)
	names := [][]byte{nil}
	for i := range 5000 {
		label := fmt.Sprintf("h%d", i*7919)
		names = append(names, append([]byte{byte(len(label))}, label...))
	}
	find := func(relative []byte) uint32 {
		hash := x.Hash(relative)
		for place := x.Place(hash); ; place++ {
			value, same := x.Slot(place, hash)
			if value == 0 || same && string(names[value-1]) == string(relative) {
				return value
			}
		}
	}
	for i, name := range names {
		if got := find(name); got != 0 {
			t.Fatalf("%q: found %d before it was added", name, got)
		}
		x.Add(x.Hash(name), uint32(i+1))
	}
	x.Reserve(1 << 16)
	x.settle(func(value uint32) uint32 { return value })
	if len(x.slots) > 16384 {
		t.Errorf("%d names: got %d slots after settling", len(names), len(x.slots))
	}
	for i, name := range names {
		if got := find(name); got != uint32(i+1) {
			t.Fatalf("%q: got %d, want %d", name, got, i+1)
		}
	}
	if got := find([]byte("\x04none")); got != 0 {
		t.Errorf("a name that was not added: got %d", got)
	}
}

// Protects the agreement of the two ways to hash: a query's name label by label, and a zone's own names below its origin.
func TestHashesAgree(t *testing.T) {
	origin := wireName(t, "example.com.")
	x := NewIndex(origin, 1)
	for _, relative := range []string{"", "a", "www", "a.b.c", "exactly7", "longerthaneightbytes", strings.Repeat("x", 63), strings.Repeat("y", 63) + ".z"} {
		full := wireName(t, strings.TrimPrefix(relative+".example.com.", "."))
		var name wire.Name
		var sums Sums
		name.Set(full)
		hashes(&name, (*[wire.LabelCountMax + 1]uint64)(&sums))
		if got, want := x.Hash(full[:len(full)-len(origin)]), sums[name.Labels]; got != want {
			t.Errorf("%q: got %x, want %x", relative, got, want)
		}
	}
}

// Protects the canonical order with the example of RFC 4034 §6.1.
func TestCompareCanonical(t *testing.T) {
	want := []string{"", "a", "yljkjljk.a", "z.a", "zabc.a", "z", "\\001.z", "*.z", "\\200.z"}
	var names []string
	for _, text := range want {
		full := wireName(t, strings.TrimPrefix(text+".example.", "."))
		names = append(names, string(full[:len(full)-len("\x07example\x00")]))
	}
	got := slices.Clone(names)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int { return compareCanonical([]byte(a), []byte(b)) })
	if !slices.Equal(got, names) {
		t.Errorf("got %q\nwant %q", got, names)
	}
}

// Protects the NSEC3 hash against miekg/dns's.
func TestNSEC3Hash(t *testing.T) {
	for _, c := range []struct {
		iterations uint16
		salt       string
	}{{0, ""}, {1, "aabbccdd"}, {12, "aabbccdd"}} {
		salt := make([]byte, len(c.salt)/2)
		fmt.Sscanf(c.salt, "%x", &salt)
		chain := nsec3Chain{iterations: c.iterations, salt: salt}
		sum := chain.sum(wireName(t, "a.example."))
		got, want := base32.HexEncoding.EncodeToString(sum[:]), dns.HashName("a.example.", dns.SHA1, c.iterations, c.salt)
		if got != want {
			t.Errorf("%+v: got %s, want %s", c, got, want)
		}
		var back [nsec3HashLen]byte
		if !decodeHash(&back, append([]byte{32}, strings.ToLower(got)...)) || back != sum {
			t.Errorf("%s: got %x back, want %x", got, back, sum)
		}
	}
}

// dump prints one set as the builder packed it.
func dump(s RRset) string {
	sigs, fixups, additional := s.trailer()
	return fmt.Sprintf("type %d, %d records, data %x, signatures %d, fixups %x, additional %x", s.Type(), s.Count(), s.Data(), len(sigs), fixups, additional)
}

// Protects the arena's format: what each kind of name in the data becomes.
func TestPackedForm(t *testing.T) {
	origin := wireName(t, "example.com.")
	x := NewIndex(origin, 2)
	b := NewBuilder(origin, 0)
	soa := &Set{Type: wire.TypeSOA, TTL: 60, Records: [][]byte{append(append(wireName(t, "ns.example.com."), wireName(t, "host.ns.example.com.")...), make([]byte, 20)...)}}
	x.Add(x.Hash(nil), b.Node(nil, 0))
	b.Set(&Set{Type: wire.TypeNS, TTL: 5, Records: [][]byte{wireName(t, "ns.example.com."), wireName(t, "a.other."), wireName(t, "b.other.")}})
	b.Set(soa)
	z, err := b.Finish(x, func(value uint32) uint32 { return value }, soa, nil)
	if err != nil {
		t.Fatal(err)
	}
	// ns.example.com: two label bytes, then the owner's last 2 labels. a.other: whole. b.other: its end is 2 bytes into a.other, at 31.
	wantNS := "type 2, 3 records, data c00c00020001000000050005026e730000c00c00020001000000050009016105" + "6f7468657200c00c0002000100000005000401620000, signatures 0, fixups 0f00028034001f00, additional "
	if got := dump(z.Apex().RRset(wire.TypeNS)); got != wantNS {
		t.Errorf("NS:\ngot  %s\nwant %s", got, wantNS)
	}
	wantSOA := "type 6, 1 records, data c00c000600010000003c0020026e73000004686f73740000" + strings.Repeat("00", 20) + ", signatures 0, fixups 0f00028016000c00, additional "
	if got := dump(z.Negative()); got != wantSOA {
		t.Errorf("SOA:\ngot  %s\nwant %s", got, wantSOA)
	}
}
