package guard

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"
)

func unhex(raw string) []byte {
	b, err := hex.DecodeString(raw)
	if err != nil {
		panic(err)
	}
	return b
}

// Protects SipHash-2-4 against the vectors of its authors: key 00 01 … 0f, message 00 01 … of the length given.
func TestSipHash(t *testing.T) {
	var key [16]byte
	message := make([]byte, 64)
	for i := range message {
		message[i] = byte(i)
	}
	copy(key[:], message)
	for _, c := range []struct {
		messageLen int
		want       uint64
	}{
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	} {
		state := newSipKey(key).start()
		if got := state.sum(message[:c.messageLen], 0); got != c.want {
			t.Errorf("%d bytes: got %#x, want %#x", c.messageLen, got, c.want)
		}
		if c.messageLen < 8 {
			continue
		}
		state = newSipKey(key).start()
		state.word(binary.LittleEndian.Uint64(message))
		if got := state.sum(message[8:c.messageLen], 8); got != c.want {
			t.Errorf("%d bytes, the first eight as a word: got %#x, want %#x", c.messageLen, got, c.want)
		}
	}
}

const (
	secretA   = "e5e973e5a6b2a43f48e7dc849e37bfcf"
	secretOld = "dd3bdf9344b678b185a6f5cb60fca715"
	secretNew = "445536bcd2513298075a5d379663c962"
)

// Protects interoperability: the test vectors of RFC 9018 appendix A.
func TestCookieVectors(t *testing.T) {
	for _, c := range []struct {
		name, client, query, answer string
		secrets                     []string
		now                         uint32
		want                        CookieStatus
	}{
		{
			"A.1 learning", "198.51.100.100", "2464c4abcf10c957",
			"2464c4abcf10c957010000005cf79f111f8130c3eee29480", []string{secretA}, 1559731985, CookieClientOnly,
		},
		{
			"A.2 renewing after 40 minutes", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
			"2464c4abcf10c957010000005cf7a871d4a564a1442aca77", []string{secretA}, 1559734385, CookieRenew,
		},
		{ // the appendix calls this cookie valid although it is 112 minutes old, past the hour of section 4.3, which is followed here
			"A.3 reserved bytes set, expired", "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
			"fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", []string{secretA}, 1559734700, CookieBad,
		},
		{
			"A.3 reserved bytes set, in time", "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
			"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", []string{secretA}, 1559727985 + 60, CookieGood,
		},
		{
			"A.4 secret rolled over, IPv6", "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
			"22681ab97d52c298010000005cf7c609a6bb79d16625507a", []string{secretNew, secretOld}, 1559741961, CookieRenew,
		},
		{
			"A.4 before the roll-over", "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
			"22681ab97d52c298010000005cf7c57926556bd0934c72f8", []string{secretOld, secretNew}, 1559741961, CookieGood,
		},
	} {
		var secrets [][16]byte
		for _, s := range c.secrets {
			secrets = append(secrets, [16]byte(unhex(s)))
		}
		got, status := NewCookies(secrets).Answer(unhex(c.query), netip.MustParseAddr(c.client), c.now)
		if status != c.want || !bytes.Equal(got[:], unhex(c.answer)) {
			t.Errorf("%s: %s: got %x status %d, want %s status %d", c.name, c.query, got, status, c.answer, c.want)
		}
	}
}

// Protects the windows, the lengths, and what a cookie is bound to.
func TestCookieStatus(t *testing.T) {
	cookies := NewCookies([][16]byte{[16]byte(unhex(secretA))})
	client := netip.MustParseAddr("192.0.2.1")
	const made = 0xfffffff0 // shortly before the clock wraps
	fresh, _ := cookies.Answer(unhex("0102030405060708"), client, made)
	changed := func(i int) []byte {
		option := bytes.Clone(fresh[:])
		option[i] ^= 1
		return option
	}
	for _, c := range []struct {
		name   string
		option []byte
		client string
		age    int32
		want   CookieStatus
	}{
		{"same second", fresh[:], "192.0.2.1", 0, CookieGood},
		{"same client, mapped", fresh[:], "::ffff:192.0.2.1", 0, CookieGood},
		{"half an hour", fresh[:], "192.0.2.1", 1800, CookieGood},
		{"past half an hour, past the wrap", fresh[:], "192.0.2.1", 1801, CookieRenew},
		{"an hour", fresh[:], "192.0.2.1", 3600, CookieRenew},
		{"past an hour", fresh[:], "192.0.2.1", 3601, CookieBad},
		{"five minutes ahead", fresh[:], "192.0.2.1", -300, CookieGood},
		{"further ahead", fresh[:], "192.0.2.1", -301, CookieBad},
		{"other address", fresh[:], "192.0.2.2", 0, CookieBad},
		{"other client cookie", changed(0), "192.0.2.1", 0, CookieBad},
		{"other version", changed(8), "192.0.2.1", 0, CookieBad},
		{"other reserved byte", changed(10), "192.0.2.1", 0, CookieBad},
		{"other time", changed(15), "192.0.2.1", 0, CookieBad},
		{"other hash", changed(23), "192.0.2.1", 0, CookieBad},
		{"client cookie alone", fresh[:8], "192.0.2.1", 0, CookieClientOnly},
		{"shortest server cookie", fresh[:16], "192.0.2.1", 0, CookieBad},
		{"longest server cookie", make([]byte, 40), "192.0.2.1", 0, CookieBad},
		{"empty", nil, "192.0.2.1", 0, CookieMalformed},
		{"7 bytes", fresh[:7], "192.0.2.1", 0, CookieMalformed},
		{"9 bytes", fresh[:9], "192.0.2.1", 0, CookieMalformed},
		{"15 bytes", fresh[:15], "192.0.2.1", 0, CookieMalformed},
		{"41 bytes", make([]byte, 41), "192.0.2.1", 0, CookieMalformed},
	} {
		_, status := cookies.Answer(c.option, netip.MustParseAddr(c.client), uint32(made)+uint32(c.age))
		if status != c.want {
			t.Errorf("%s: %x from %s at age %d: got %d, want %d", c.name, c.option, c.client, c.age, status, c.want)
		}
	}
	if _, status := NewCookies(nil).Answer(fresh[:], client, made); status != CookieOff {
		t.Errorf("no secrets: got %d, want %d", status, CookieOff)
	}
}

// Protects the parser from any option, and that what it hands out is accepted from the same client only.
func FuzzCookie(f *testing.F) {
	f.Add(unhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"), uint32(1559731985))
	f.Add([]byte{}, uint32(0))
	cookies := NewCookies([][16]byte{[16]byte(unhex(secretA))})
	client, other := netip.MustParseAddr("198.51.100.100"), netip.MustParseAddr("198.51.100.101")
	f.Fuzz(func(t *testing.T, option []byte, now uint32) {
		answer, status := cookies.Answer(option, client, now)
		malformed := len(option) < 8 || len(option) > 8 && len(option) < 16 || len(option) > 40
		if malformed != (status == CookieMalformed) {
			t.Fatalf("%x: got status %d, malformed %v", option, status, malformed)
		}
		if malformed {
			return
		}
		if again, status := cookies.Answer(answer[:], client, now); status != CookieGood || again != answer {
			t.Errorf("%x at %d: own cookie %x: got %x status %d, want itself", option, now, answer, again, status)
		}
		if _, status := cookies.Answer(answer[:], other, now); status != CookieBad {
			t.Errorf("%x at %d: own cookie from another address: got status %d, want %d", option, now, status, CookieBad)
		}
	})
}

func BenchmarkCookieVerify(b *testing.B) {
	cookies := NewCookies([][16]byte{[16]byte(unhex(secretA))})
	client := netip.MustParseAddr("198.51.100.100")
	option := unhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")
	b.ReportAllocs()
	for b.Loop() {
		if _, status := cookies.Answer(option, client, 1559731985); status != CookieGood {
			b.Fatal(status)
		}
	}
}

func BenchmarkCookieMake(b *testing.B) {
	cookies := NewCookies([][16]byte{[16]byte(unhex(secretA))})
	client := netip.MustParseAddr("2001:db8::1")
	option := unhex("2464c4abcf10c957")
	b.ReportAllocs()
	for b.Loop() {
		cookies.Answer(option, client, 1559731985)
	}
}
