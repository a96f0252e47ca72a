package rrdata

import (
	"fmt"
	"testing"

	"github.com/miekg/dns"
)

// Protects the promise that every type miekg/dns names is known under the same name and number, in any case.
func TestTypeNamesAgree(t *testing.T) {
	for typ, name := range dns.TypeToString {
		if typ == dns.TypeNone || typ == dns.TypeReserved {
			continue // "None" and "Reserved" are no mnemonics
		}
		for _, text := range []string{name, fmt.Sprintf("tYpE%d", typ), "\x20" + name} {
			got, ok := TypeByName([]byte(text))
			if want := text[0] != ' '; ok != want || ok && got != typ {
				t.Errorf("TypeByName(%q): got %d %v, want %d %v", text, got, ok, typ, want)
			}
		}
		if got := TypeName(typ); got != name {
			t.Errorf("TypeName(%d): got %q, want %q", typ, got, name)
		}
	}
	for _, text := range []string{"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "B", "TYPE00000000001", "AAAAAAAAAAAA"} {
		if got, ok := TypeByName([]byte(text)); ok {
			t.Errorf("TypeByName(%q): got %d, want none", text, got)
		}
	}
	if got := TypeName(65401); got != "ALIAS" {
		t.Errorf("TypeName(65401): got %q, want ALIAS", got)
	}
	if n := testing.AllocsPerRun(100, func() { TypeByName([]byte("nsec3param")); TypeByName([]byte("TYPE1234")) }); n != 0 {
		t.Errorf("TypeByName: got %v allocations, want 0", n)
	}
}

// Protects RFC 3597 §4 (what may be compressed) and RFC 4034 §6.2 with RFC 6840 §5.1 (what is made lower case).
func TestNameFlags(t *testing.T) {
	compressed := map[uint16]bool{TypeNS: true, TypeMD: true, TypeMF: true, TypeCNAME: true, TypeSOA: true, TypeMB: true, TypeMG: true,
		TypeMR: true, TypePTR: true, TypeMINFO: true, TypeMX: true}
	lower := map[uint16]bool{TypeRP: true, TypeAFSDB: true, TypeRT: true, TypeSIG: true, TypePX: true, TypeNXT: true, TypeNAPTR: true,
		TypeKX: true, TypeSRV: true, TypeDNAME: true, TypeRRSIG: true}
	for typ := 0; typ <= 65535; typ++ {
		for _, f := range Layout(uint16(typ)) {
			if got := f.Kind == NameCompressed; got != compressed[uint16(typ)] && (got || f.Kind == NameLower || f.Kind == Name) {
				t.Errorf("%s: got compressible %v, want %v", TypeName(uint16(typ)), got, !got)
			}
			if got := f.Kind == NameLower; got != lower[uint16(typ)] && (got || f.Kind == NameCompressed && !compressed[uint16(typ)] || f.Kind == Name) {
				t.Errorf("%s: got lower %v, want %v", TypeName(uint16(typ)), got, !got)
			}
		}
	}
}

// Protects the spans that packing copies names by.
func TestAppendNames(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"MX 10 a.b.", "[{2 5 true true}]"},
		{"SOA a. b.c. 1 2 3 4 5", "[{0 3 true true} {3 5 true true}]"},
		{"SRV 1 2 3 a.", "[{6 3 false true}]"},
		{`NAPTR 1 2 "u" "x" "" a.`, "[{9 3 false true}]"},
		{"SVCB 1 a. port=1", "[{2 3 false false}]"},
		{"NSEC a. A", "[{0 3 false false}]"},
		{"RRSIG A 8 2 300 20300101000000 20200101000000 1 a. AAAA", "[{18 3 false true}]"},
		{"IPSECKEY 1 3 2 gw. AAAA", "[{3 4 false false}]"},
		{"IPSECKEY 1 1 2 192.0.2.1 AAAA", "[]"},
		{"AMTRELAY 1 0 3 gw.", "[{2 4 false false}]"},
		{"HIP 2 200100107B1A74DF365639CC39F1D578 AwEA rvs1. rvs2.", "[{23 6 false false} {29 6 false false}]"},
		{"A 192.0.2.1", "[]"},
	} {
		typ, rdata := wireOf(t, c.text)
		if got := fmt.Sprint(AppendNames(nil, typ, rdata)); got != c.want || HasNames(typ) != (c.want != "[]" || typ == TypeIPSECKEY) {
			t.Errorf("%s: got %s (HasNames %v), want %s", c.text, got, HasNames(typ), c.want)
		}
		if !Valid(typ, rdata) {
			t.Errorf("%s: got invalid, want valid", c.text)
		}
		for cut := range rdata {
			AppendNames(nil, typ, rdata[:cut]) // must not panic
		}
		spans := make([]NameSpan, 0, 4)
		if n := testing.AllocsPerRun(10, func() { spans = AppendNames(spans[:0], typ, rdata); Valid(typ, rdata) }); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", c.text, n)
		}
	}
}

// wireOf returns type and data of "TYPE data" by miekg/dns.
func wireOf(t *testing.T, text string) (uint16, []byte) {
	t.Helper()
	rr, err := dns.NewRR(". 0 IN " + text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	buf := make([]byte, 4096)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rr.Header().Rrtype, buf[11:n]
}

// Protects Valid against bytes from anywhere: it never panics, and what it accepts miekg/dns unpacks.
func FuzzValid(f *testing.F) {
	f.Add(uint16(TypeMX), []byte{0, 10, 1, 'a', 0})
	f.Add(uint16(TypeHTTPS), []byte{0, 1, 0, 0, 3, 0, 2, 1, 187})
	f.Add(uint16(TypeNSEC3), []byte{1, 0, 0, 0, 0, 1, 5, 0, 1, 64})
	f.Add(uint16(TypeHIP), []byte{1, 2, 0, 1, 7, 9, 1, 'a', 0})
	f.Add(uint16(TypeAPL), []byte{0, 1, 8, 1, 10})
	f.Fuzz(func(t *testing.T, typ uint16, rdata []byte) {
		AppendNames(nil, typ, rdata)
		if !Valid(typ, rdata) || len(rdata) > 60000 || Layout(typ) == nil || !Zoneable(typ) {
			return
		}
		msg := append([]byte{0, byte(typ >> 8), byte(typ), 0, 1, 0, 0, 0, 0, byte(len(rdata) >> 8), byte(len(rdata))}, rdata...)
		if _, _, err := dns.UnpackRR(msg, 0); err != nil && typ != TypeALIAS && typ != TypeNXT && typ != TypeAMTRELAY && !hasReservedKey(typ, rdata) {
			t.Errorf("%s %x: got valid, miekg/dns: %v", TypeName(typ), rdata, err)
		}
	})
}

// hasReservedKey tells whether service parameters have key 65535, which miekg/dns refuses. (Of NXT it has the wrong layout, of AMTRELAY it loses
// the relay with the discovery bit.)
func hasReservedKey(typ uint16, rdata []byte) bool {
	return (typ == TypeSVCB || typ == TypeHTTPS) && svcHas(rdata[nameEnd(rdata, 2):], 65535)
}
