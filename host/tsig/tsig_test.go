package tsig

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/wire"
)

const secret = "0123456789abcdef0123456789abcdef"

var encoded = base64.StdEncoding.EncodeToString([]byte(secret))

var oracleNames = map[string]string{"hmac-sha1": dns.HmacSHA1, "hmac-sha256": dns.HmacSHA256, "hmac-sha384": dns.HmacSHA384, "hmac-sha512": dns.HmacSHA512}

// now is the time of most tests.
const now = 1_700_000_000

func newSession() *Session {
	s := new(Session)
	var list []config.Key
	for algorithm := range algorithms {
		list = append(list, config.Key{Name: "key-" + algorithm + ".example.", Algorithm: algorithm, Secret: []byte(secret)})
	}
	s.Use(NewKeys(list))
	return s
}

// signed is a query as the oracle signs it.
func signed(t testing.TB, name, algorithm, secret string, at int64) (msg []byte, mac string) {
	t.Helper()
	m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	m.SetEdns0(1232, true)
	m.SetTsig(name, algorithm, 300, at)
	msg, mac, err := dns.TsigGenerate(m, secret, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return msg, mac
}

// check has a session look at a message as a worker does.
func check(t testing.TB, s *Session, msg []byte, now int64) (Verdict, int) {
	t.Helper()
	var q wire.Query
	if got := q.Parse(append(slices.Clone(msg), make([]byte, 8)...)[:len(msg)], len(msg)); got != wire.Good || q.TSIG == 0 {
		t.Fatalf("parse: got %v, TSIG at %d", got, q.TSIG)
	}
	return s.Check(msg, q.TSIG, now)
}

// respond makes a signed response to msg.
func respond(s *Session, msg []byte, now int64) []byte {
	response := make([]byte, 1024)
	end := wire.HeaderLen + 21 // past the question
	copy(response, msg[:end])
	response[2], response[3] = 0x84, 0
	copy(response[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	length := s.Sign(response, end, now)
	if length != end+s.Len() {
		panic("Len is not the room that Sign needs")
	}
	return response[:length]
}

// Protects both directions against the oracle, for each algorithm.
func TestAgainstOracle(t *testing.T) {
	s, now := newSession(), time.Now().Unix() // the oracle has no other clock
	for algorithm := range algorithms {
		name := "Key-" + strings.ToUpper(algorithm) + ".example."
		msg, mac := signed(t, name, oracleNames[algorithm], encoded, now-200)
		verdict, number := check(t, s, msg, now)
		if verdict != Good || number == 0 || number != s.keys.Number("key-"+algorithm+".example.") {
			t.Fatalf("%s: got %v, key %d, want it good", algorithm, verdict, number)
		}
		if err := dns.TsigVerify(respond(s, msg, now), encoded, mac, false); err != nil {
			t.Errorf("%s: the oracle refuses the response: %v", algorithm, err)
		}
	}
}

// Protects what RFC 8945 section 5.2 says of each fault, in its order, and of the response to it.
func TestFaults(t *testing.T) {
	const name = "key-hmac-sha256.example."
	edit := func(change func(r *dns.TSIG)) []byte {
		m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		m.SetTsig(name, dns.HmacSHA256, 300, now)
		msg, _, err := dns.TsigGenerate(m, encoded, "", false)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Unpack(msg); err != nil {
			t.Fatal(err)
		}
		change(m.Extra[0].(*dns.TSIG))
		msg, err = m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}
	shorten := func(length int) func(r *dns.TSIG) {
		return func(r *dns.TSIG) { r.MAC, r.MACSize = r.MAC[:2*length], uint16(length) }
	}
	late, _ := signed(t, name, dns.HmacSHA256, encoded, now-301)
	early, _ := signed(t, name, dns.HmacSHA256, encoded, now+301)
	other, _ := signed(t, name, dns.HmacSHA256, base64.StdEncoding.EncodeToString([]byte("another secret")), now)
	unknown, _ := signed(t, "nobody.example.", dns.HmacSHA256, encoded, now)
	mixed, _ := signed(t, name, dns.HmacSHA512, encoded, now)
	lateOther, _ := signed(t, name, dns.HmacSHA256, base64.StdEncoding.EncodeToString([]byte("another secret")), now-301)
	for _, c := range []struct {
		what string
		msg  []byte
		want Verdict
	}{
		{"as it is", edit(func(*dns.TSIG) {}), Good},
		{"another ID, as a forwarder has it", func() []byte { m := edit(func(*dns.TSIG) {}); m[0] ^= 1; return m }(), Good},
		{"an unknown key", unknown, BadKey},
		{"a known key, another algorithm", mixed, BadKey},
		{"another secret", other, BadSig},
		{"a bit of the question", func() []byte { m := edit(func(*dns.TSIG) {}); m[13] ^= 0x20; return m }(), BadSig},
		{"another fudge", edit(func(r *dns.TSIG) { r.Fudge++ }), BadSig},
		{"other data", edit(func(r *dns.TSIG) { r.OtherData, r.OtherLen = "00", 1 }), BadSig},
		{"an error code", edit(func(r *dns.TSIG) { r.Error = 18 }), BadSig},
		{"too late", late, BadTime},
		{"too early", early, BadTime},
		{"too late, and another secret", lateOther, BadSig},
		{"half a MAC", edit(shorten(16)), BadTrunc},
		{"all but one byte", edit(shorten(31)), BadTrunc},
		{"less than half", edit(shorten(15)), FormErr},
		{"no MAC", edit(shorten(0)), FormErr},
		{"too long a MAC", edit(func(r *dns.TSIG) { r.MAC, r.MACSize = r.MAC+"00", 33 }), FormErr},
		{"half a MAC, and wrong", edit(func(r *dns.TSIG) { shorten(16)(r); r.MAC = "00" + r.MAC[2:] }), BadSig},
		{"another class", edit(func(r *dns.TSIG) { r.Hdr.Class = dns.ClassINET }), FormErr},
		{"a TTL", edit(func(r *dns.TSIG) { r.Hdr.Ttl = 1 }), FormErr},
	} {
		s := newSession()
		verdict, number := check(t, s, c.msg, now)
		if verdict != c.want || (number != 0) != (c.want == Good) {
			t.Errorf("%s: got %v and key %d, want %v", c.what, verdict, number, c.want)
			continue
		}
		if verdict == FormErr {
			continue
		}
		m := new(dns.Msg)
		if err := m.Unpack(respond(s, c.msg, now)); err != nil {
			t.Errorf("%s: response: %v", c.what, err)
			continue
		}
		r := m.IsTsig()
		if r == nil || r.Error != errorCodes[c.want] || (r.MACSize == 0) != (c.want == BadKey || c.want == BadSig) || r.OrigId != m.Id {
			t.Errorf("%s: got the record %v", c.what, r)
			continue
		}
		if c.want == BadTime {
			clock, _ := hex.DecodeString(r.OtherData)
			if query := new(dns.Msg); query.Unpack(c.msg) != nil || query.IsTsig().TimeSigned != r.TimeSigned || len(clock) != 6 || int64(binary.BigEndian.Uint32(clock[2:])) != now {
				t.Errorf("%s: got %v, want the client's time and the server's beside it", c.what, r)
			}
		}
	}
}

// Protects the worker's rule: a query that is checked and a response that is signed allocate nothing once their key was used.
func TestAllocs(t *testing.T) {
	s := newSession()
	msg, _ := signed(t, "key-hmac-sha512.example.", dns.HmacSHA512, encoded, now)
	late, _ := signed(t, "key-hmac-sha256.example.", dns.HmacSHA256, encoded, now-1000)
	var q wire.Query
	q.Parse(append(slices.Clone(msg), make([]byte, 8)...)[:len(msg)], len(msg))
	var lateQuery wire.Query
	lateQuery.Parse(append(slices.Clone(late), make([]byte, 8)...)[:len(late)], len(late))
	response := make([]byte, 1024)
	if allocs := testing.AllocsPerRun(100, func() {
		if verdict, _ := s.Check(msg, q.TSIG, now); verdict != Good {
			t.Fatal(verdict)
		}
		s.Sign(response, 33, now)
		if verdict, _ := s.Check(late, lateQuery.TSIG, now); verdict != BadTime {
			t.Fatal(verdict)
		}
		s.Sign(response, 33, now)
	}); allocs > 0 {
		t.Errorf("got %v allocations, want 0", allocs)
	}
}

// Protects the parser from hostile records: what it takes, the oracle reads the same way, and nothing runs over the end.
func FuzzCheck(f *testing.F) {
	for algorithm := range algorithms {
		msg, _ := signed(f, "key-"+algorithm+".example.", oracleNames[algorithm], encoded, now)
		f.Add(msg)
		f.Add(append(slices.Clone(msg), 0))
		f.Add(msg[:len(msg)-3])
	}
	s := newSession()
	f.Fuzz(func(t *testing.T, raw []byte) {
		msg := append(slices.Clone(raw), make([]byte, 8)...)[:len(raw)]
		var q wire.Query
		if verdict := q.Parse(msg, len(msg)); verdict == wire.Drop || verdict == wire.Malformed || q.TSIG == 0 {
			return
		}
		verdict, number := s.Check(msg, q.TSIG, now)
		if !slices.Equal(msg, raw) {
			t.Fatal("the query was changed")
		}
		if (number != 0) != (verdict == Good) {
			t.Fatalf("got key %d for %v", number, verdict)
		}
		if verdict == FormErr {
			return
		}
		rr, off, err := dns.UnpackRR(raw, q.TSIG)
		if err != nil || off != len(raw) {
			t.Fatalf("the oracle does not read the record: %v at %d", err, off)
		}
		r, ok := rr.(*dns.TSIG)
		if !ok || r.TimeSigned != s.record.time || r.Fudge != s.record.fudge || int(r.MACSize) != len(s.record.mac) || r.MAC != hex.EncodeToString(s.record.mac) ||
			r.OrigId != s.record.id || r.Error != s.record.error || r.OtherData != hex.EncodeToString(s.record.other) {
			t.Fatalf("got %+v, the oracle reads %v", s.record, rr)
		}
		response := make([]byte, 2048)
		if end := s.Sign(response, 33, now); end != 33+s.Len() {
			t.Fatalf("Sign wrote %d bytes, Len says %d", end-33, s.Len())
		}
	})
}
