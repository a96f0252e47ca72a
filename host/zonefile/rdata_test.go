package zonefile

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/rrdata"
)

// Protects the messages: each names the field, the text and what was expected, and points at the token to blame.
func TestRDataMessages(t *testing.T) {
	for _, c := range []struct {
		line string
		bad  int
		msg  string
	}{
		{"A", 0, "address is missing"},
		{"A 192.0.2.01", 0, `address "192.0.2.01" is not an IPv4 address, want four numbers 0..255 without leading zeros`},
		{"A 192.0.2.1 x", 1, `"x" follows the end of the A data`},
		{"A 192.0.2.1 # x", 1, `"#" follows the end of the A data: a comment starts with ";"`},
		{"A 192.0.2.1 //x", 1, `"//x" follows the end of the A data: a comment starts with ";"`},
		{`A "192.0.2.1"`, 0, `address "192.0.2.1" may not be quoted`},
		{"AAAA fe80::1%eth0", 0, `address "fe80::1%eth0" is not an IPv6 address such as 2001:db8::1`},
		{"MX 70000 mail", 0, `preference "70000" is outside 0..65535`},
		{"MX ten mail", 0, `preference "ten" is not a number in 0..65535`},
		{"MX 10", 1, "exchange is missing"},
		{"MX 10 a..b", 1, `exchange: name "a..b" has an empty label`},
		{"SOA ns1 hostmaster 1 7200 15x 1209600 300", 4, `retry "15x" is not a time, want seconds or units such as 1h30m`},
		{"SOA ns1 hostmaster 1 7200 1h30 1209600 300", 4, `retry "1h30" is not a time, want seconds or units such as 1h30m`},
		{`TXT ok \300`, 1, `text "\300" has a bad escape "\300", want \DDD up to \255, or \ and a character`},
		{"TXT " + strings.Repeat("a", 256), 0, "text has 256 bytes, at most 255 are allowed"},
		{"DS 1 8 2 ABCD", 3, "digest has 2 bytes, digest type 2 needs 32"},
		{"DS 1 8 200 ABC", 3, "digest has 3 hexadecimal digits, an even number is needed"},
		{"DS 1 8 200 AX", 3, `digest "AX" has "X", want hexadecimal digits`},
		{"DS 1 RSA 2 AB", 1, `algorithm "RSA" is neither a number nor a known mnemonic`},
		{"DNSKEY 257 3 13 AAAA A*AA", 4, `public key "A*AA" has "*", want base64`},
		{"DNSKEY 257 3 13 AAA", 3, "public key ends within a group of four base64 digits, padding with = is missing"},
		{"RRSIG A 13 2 300 20301301000000 1 1 . AAAA", 4, `signature expiration "20301301000000" is not a time, want YYYYMMDDHHmmSS or seconds since 1970 up to 4294967295`},
		{"NSEC a. A NOPE", 2, `types "NOPE" is not an RR type`},
		{"NSEC3 1 0 0 - 2t7b4g4w A", 4, `next hashed owner "2t7b4g4w" has "w", want base32hex digits 0-9 and a-v`},
		{"NSEC3 1 0 0 - 2t7b4g4v A", 5, "next hashed owner has 5 bytes, hash algorithm 1 needs 20"},
		{"CAA 0 is-sue x", 1, `tag "is-sue" is not made of letters and digits`},
		{"SVCB 1 . port=65536", 2, `parameter port "65536" is outside 0..65535`},
		{"SVCB 1 . prot=1", 2, `parameter "prot" is not known, want a name such as alpn or port, or key and a number up to 65535`},
		{"SVCB 1 . alpn=h2 port=1 alpn=h3", 4, "parameter alpn is given twice"},
		{"SVCB 1 . mandatory=port", 2, "parameter port is mandatory but absent"},
		{"SVCB 1 . no-default-alpn", 2, "parameter no-default-alpn needs alpn"},
		{"LOC 91 N 0 E 0", 0, `latitude "91" is outside 0..90`},
		{"LOC 42 60 N 0 E 0", 1, `latitude "60" is neither minutes below 60 nor N or S`},
		{"LOC 42 N 0 E 99999999m", 4, `altitude "99999999m" is outside -100000.00..42849672.95`},
		{"EUI48 00:00:5e:00:53:2a", 0, `address "00:00:5e:00:53:2a" is malformed, want 6 groups such as 00-00-5e-00-53-2a`},
		{`A \# 5 c000020101`, 1, "data is not valid for type A"},
		{`A \# 4 c00002`, 1, "length 4 does not match the 3 bytes of data that follow"},
		{"TYPE1234 abcd", 0, `type TYPE1234 has no text form here, want \# LENGTH HEX`},
		{`ANY \# 0`, 0, "type ANY may not stand in a zone"},
		{`TYPE0 \# 0`, 0, "type TYPE0 may not stand in a zone"},
	} {
		name, data, _ := strings.Cut(c.line, " ")
		typ, _ := typeByName([]byte(name))
		toks, _ := lineTokens(data)
		out, bad, msg := appendRData([]byte("kept"), typ, toks, []byte("\x07example\x00"))
		if msg != c.msg || bad != c.bad || string(out) != "kept" {
			t.Errorf("%s:\n got %d %q (out %q)\nwant %d %q", c.line, bad, msg, out, c.bad, c.msg)
		}
	}
}

// Protects what no peer reads but this package does: types and keys that only miekg/dns knows, and ALIAS.
func TestRDataBeyondPeers(t *testing.T) {
	for line, want := range map[string]string{
		`UINFO "info"`:                   "04696e666f",
		"UID 1000":                       "000003e8",
		"GID 4294967295":                 "ffffffff",
		"ALIAS lb":                       "026c62076578616d706c6500",
		"alias .":                        "00",
		`TYPE65401 \# 1 00`:              "00",
		"NSEC a. ALIAS":                  "016100ff1000000000000000000000000000000040",
		"SVCB 1 . ohttp":                 "0001000008" + "0000",
		"SVCB 1 . ohttp alpn=h2":         "000100" + "00010003026832" + "00080000",
		"RRSIG ALIAS 8 0 0 0 0 0 . AAAA": "ff79080000000000000000000000000000" + "00" + "00" + "000000",
	} {
		if got, msg := parseLine(line); hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x %s, want %s", line, got, msg, want)
		}
	}
}

// Protects the limit of 65535 bytes that the record's length field has.
func TestRDataTooLong(t *testing.T) {
	toks := make([]token, 257)
	for i := range toks {
		toks[i].text = bytes.Repeat([]byte("a"), 255)
	}
	if _, _, msg := appendRData(nil, rrdata.TypeTXT, toks, nil); msg != "data has 65792 bytes, at most 65535 are allowed" {
		t.Errorf("TXT of 257 × 255 bytes: got %q", msg)
	}
	if out, _, msg := appendRData(nil, rrdata.TypeTXT, toks[:255], nil); msg != "" || len(out) != 65280 {
		t.Errorf("TXT of 255 × 255 bytes: got %d bytes, %q, want 65280", len(out), msg)
	}
}

// Protects the speed of loading: no line of the corpus that loads costs an allocation.
func TestRDataAllocations(t *testing.T) {
	buf, origin := make([]byte, 0, 1<<16), []byte("\x00")
	for _, line := range corpus(t, "wellformed.txt") {
		name, data, _ := strings.Cut(line, " ")
		typ, _ := typeByName([]byte(name))
		toks, _ := lineTokens(data)
		if _, _, msg := appendRData(buf, typ, toks, origin); msg != "" {
			continue
		}
		if n := testing.AllocsPerRun(5, func() { appendRData(buf, typ, toks, origin) }); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", line, n)
		}
	}
}

// Protects the parsers against any text: no panic, valid data that miekg/dns unpacks, and its data where both read the text.
func FuzzRData(f *testing.F) {
	for _, file := range []string{"wellformed.txt", "malformed.txt"} {
		for _, line := range corpus(f, file) {
			name, data, _ := strings.Cut(line, " ")
			if typ, ok := typeByName([]byte(name)); ok {
				f.Add(typ, data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, typ uint16, text string) {
		if strings.ContainsAny(text, "\x00\n\r();") {
			return // not one line of fields
		}
		toks, msg := lineTokens(text)
		if msg != "" {
			return
		}
		rdata, bad, msg := appendRData(nil, typ, toks, []byte("\x00"))
		if msg != "" {
			if len(rdata) != 0 || bad < 0 || bad > len(toks) {
				t.Fatalf("%s %q: got %x, token %d of %d with error %q", typeName(typ), text, rdata, bad, len(toks), msg)
			}
			return
		}
		if !rrdata.Valid(typ, rdata) {
			t.Fatalf("%s %q: got %x, which is not valid", typeName(typ), text, rdata)
		}
		if typ == rrdata.TypeALIAS || rrdata.Layout(typ) == nil || len(rdata) > 60000 {
			return
		}
		msgBytes := append([]byte{0, byte(typ >> 8), byte(typ), 0, 1, 0, 0, 0, 0, byte(len(rdata) >> 8), byte(len(rdata))}, rdata...)
		if _, _, err := dns.UnpackRR(msgBytes, 0); err != nil && !disputed(typ, text) {
			t.Fatalf("%s %q: got %x, miekg/dns: %v", typeName(typ), text, rdata, err)
		}
		if theirs, ok := miekgRData(typ, text); ok && !bytes.Equal(rdata, theirs) && !disputed(typ, text) {
			t.Errorf("%s %q: got %x, miekg/dns %x", typeName(typ), text, rdata, theirs)
		}
	})
}

// miekgRData returns what miekg/dns makes of the text, if it reads and packs it.
func miekgRData(typ uint16, text string) ([]byte, bool) {
	rr, err := dns.NewRR(". 0 IN " + typeName(typ) + " " + text)
	if err != nil || rr == nil || rr.Header().Rrtype != typ {
		return nil, false
	}
	buf := make([]byte, 70000)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return nil, false
	}
	return buf[11:n], true
}

// disputed tells whether miekg/dns 1.1.73 is known to differ. BIND's wire form, which the golden holds, is that of this package.
func disputed(typ uint16, text string) bool {
	switch typ {
	case rrdata.TypeISDN: // an absent subaddress is packed as an empty one
		return true
	case rrdata.TypeAMTRELAY: // the relay is lost with the discovery bit, and the record does not unpack
		return true
	case rrdata.TypeNSEC3: // any hash is said to have 20 bytes; other hash algorithms than 1 may differ
		return !strings.HasPrefix(text, "1 ")
	case rrdata.TypeNXT: // the bitmap is that of NSEC
		return true
	case rrdata.TypeRRSIG, rrdata.TypeSIG: // times from 2106 on wrap at 2^31 around the present
		return true
	case rrdata.TypeSVCB, rrdata.TypeHTTPS: // keys by number become 65535, which is refused elsewhere
		return strings.Contains(text, "key")
	}
	return false
}

var sink []byte

func BenchmarkRData(b *testing.B) {
	for _, line := range []string{
		"A 192.0.2.1", "AAAA 2001:db8::1", "NS ns1.example.net.", "MX 10 mail", "TXT \"v=spf1 -all\"", "SOA ns1 hostmaster 1 7200 900 1209600 300",
		"DS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A", "NSEC a. A NS SOA RRSIG",
		"RRSIG A 13 2 300 20300101000000 20200101000000 1 example. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAQ==",
	} {
		name, data, _ := strings.Cut(line, " ")
		typ, _ := typeByName([]byte(name))
		toks, _ := lineTokens(data)
		origin := []byte("\x07example\x00")
		buf := make([]byte, 0, 512)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink, _, _ = appendRData(buf, typ, toks, origin)
			}
		})
	}
}
