package guard

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	victim  = netip.MustParseAddr("192.0.2.7")
	victim6 = netip.MustParseAddr("2001:db8:0:1234::7")
	www     = []byte("\x03www\x07example\x03com\x00")
)

func newLimit(change func(*Limits)) *RateLimit {
	limits := Limits{ResponsesPerSecond: 5, WindowSeconds: 10, Slip: 2, PrefixLen4: 24, PrefixLen6: 56, TableSize: 1024}
	if change != nil {
		change(&limits)
	}
	return NewRateLimit(limits, [16]byte{1, 2, 3})
}

// ask counts the verdicts of count responses in one second.
func ask(l *RateLimit, client netip.Addr, class Class, name []byte, second int64, count int) (verdicts [3]int) {
	for range count {
		verdicts[l.Verdict(client, class, name, second)]++
	}
	return verdicts
}

// Protects the bucket: the rate flows, the rest is limited, every second of these slips, and the debt lasts the window.
func TestRateLimitBalance(t *testing.T) {
	l := newLimit(nil)
	for _, step := range []struct {
		name   string
		second int64
		count  int
		want   [3]int // sent, slipped, dropped
	}{
		{"first second", 100, 5, [3]int{5, 0, 0}},
		{"over the rate", 100, 4, [3]int{0, 2, 2}},                     // balance -4
		{"next second has 5 more", 101, 2, [3]int{1, 0, 1}},            // 1-2 = -1; the slip counter goes on at 1
		{"a worker whose clock is behind", 100, 1, [3]int{0, 1, 0}},    // gains nothing: -2
		{"rest of a second", 102, 4, [3]int{3, 0, 1}},                  // 3-4 = -1
		{"the flood goes on", 103, 1000, [3]int{4, 498, 498}},          // -1+5 = 4, then down to the floor, -50
		{"its debt is bounded by the window", 112, 5, [3]int{0, 3, 2}}, // -50+9×5 = -5
		{"forgotten after the window", 123, 6, [3]int{5, 0, 1}},
	} {
		if got := ask(l, victim, ClassAnswer, www, step.second, step.count); got != step.want {
			t.Errorf("%s: second %d, %d responses: got %v, want %v", step.name, step.second, step.count, got, step.want)
		}
	}
}

// Protects what shares a budget and what does not.
func TestRateLimitKeys(t *testing.T) {
	for _, c := range []struct {
		name   string
		client string
		class  Class
		qname  string
		shared bool
	}{
		{"same /24", "192.0.2.200", ClassAnswer, string(www), true},
		{"the same address, mapped", "::ffff:192.0.2.7", ClassAnswer, string(www), true},
		{"other /24", "192.0.3.7", ClassAnswer, string(www), false},
		{"other class", "192.0.2.7", ClassNXDomain, string(www), false},
		{"other name", "192.0.2.7", ClassAnswer, "\x03ftp\x07example\x03com\x00", false},
		{"other family", "2001:db8::7", ClassAnswer, string(www), false},
	} {
		l := newLimit(nil)
		ask(l, victim, ClassAnswer, www, 1, 5)
		got := l.Verdict(netip.MustParseAddr(c.client), c.class, []byte(c.qname), 1) != Send
		if got != c.shared {
			t.Errorf("%s: %s: shared %v, want %v", c.name, c.client, got, c.shared)
		}
	}
	l := newLimit(nil)
	ask(l, victim6, ClassAnswer, www, 1, 5)
	for client, shared := range map[string]bool{"2001:db8:0:12ff::1": true, "2001:db8:0:1300::1": false} {
		if got := l.Verdict(netip.MustParseAddr(client), ClassAnswer, www, 1) != Send; got != shared {
			t.Errorf("%s beside %s/56: shared %v, want %v", client, victim6, got, shared)
		}
	}
}

// Protects every prefix length that the configuration allows: the neighbours on both sides of the border.
func TestRateLimitPrefixLengths(t *testing.T) {
	for _, base := range []netip.Addr{victim, victim6} {
		for bits := 8; bits <= base.BitLen(); bits++ {
			l := newLimit(func(limits *Limits) { limits.PrefixLen4, limits.PrefixLen6, limits.TableSize = min(bits, 32), bits, 8 })
			prefix := netip.PrefixFrom(base, bits).Masked()
			ask(l, base, ClassAnswer, www, 1, 5)
			if l.Verdict(lastAddr(prefix), ClassAnswer, www, 1) == Send {
				t.Errorf("%s: its last address has a budget of its own", prefix)
			}
			if l.Verdict(lastAddr(prefix).Next(), ClassAnswer, www, 1) != Send {
				t.Errorf("%s: the address after it shares its budget", prefix)
			}
		}
	}
}

// Protects who is never limited.
func TestRateLimitExempt(t *testing.T) {
	l := newLimit(func(limits *Limits) { limits.Exempt = prefixList("198.51.100.0/24", "2001:db8::/32") })
	for client, want := range map[string]int{
		"127.0.0.1": 100, "127.1.2.3": 100, "::1": 100, "::ffff:127.0.0.1": 100, "198.51.100.9": 100, "2001:db8::9": 100, "198.51.101.9": 5,
	} {
		if got := ask(l, netip.MustParseAddr(client), ClassAnswer, www, 1, 100)[Send]; got != want {
			t.Errorf("%s: got %d of 100 sent, want %d", client, got, want)
		}
	}
	if got := ask(nil, victim, ClassAnswer, www, 1, 100)[Send]; got != 100 {
		t.Errorf("no rate limit: got %d of 100 sent, want all", got)
	}
	if l := NewRateLimit(Limits{}, [16]byte{}); l != nil {
		t.Errorf("rate 0: got %v, want nil", l)
	}
}

// Protects the meaning of slip.
func TestRateLimitSlip(t *testing.T) {
	for slip, want := range map[int]int{0: 0, 1: 120, 2: 60, 3: 40, 10: 12} {
		l := newLimit(func(limits *Limits) { limits.Slip = slip })
		if got := ask(l, victim, ClassError, nil, 1, 125); got != [3]int{5, want, 120 - want} {
			t.Errorf("slip %d: got %v, want %v", slip, got, [3]int{5, want, 120 - want})
		}
	}
}

// Protects the largest settings from overflow of the balance's 24 bits: at the floor it stays negative, at the top positive.
func TestRateLimitLargest(t *testing.T) {
	l := newLimit(func(limits *Limits) { limits.ResponsesPerSecond, limits.WindowSeconds = 1_000_000, 3600 })
	const tag, now, floor = 5, 9, 1 << 23 // the floor's 24 bits; everything else is 0
	word := uint64(tag<<tagShift | now<<secondShift | floor + 2)
	for i := range 10 {
		var verdict Verdict
		if word, verdict = l.debit(word, tag, now); verdict == Send {
			t.Fatalf("response %d at the floor: got %d, want it limited", i, verdict)
		}
	}
	if got := word & balanceMask; got != floor {
		t.Errorf("balance: got %#x, want the floor %#x", got, floor)
	}
	if _, verdict := l.debit(word, tag, now+9); verdict != Send {
		t.Errorf("9,000,000 more responses later: got %d, want %d", verdict, Send)
	}
	word, _ = l.debit(0, tag, now)
	if got := word & balanceMask; got != 999_999 {
		t.Errorf("balance of a new client: got %d, want 999,999", got)
	}
}

// Protects memory and other clients when more clients come than the table holds: a full table evicts, and a fresh client is sent to.
func TestRateLimitFullTable(t *testing.T) {
	l := newLimit(func(limits *Limits) { limits.TableSize = 64 })
	for i := range 10_000 {
		client := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})
		if got := l.Verdict(client, ClassAnswer, www, 1); got != Send {
			t.Fatalf("first response to %s: got %d, want %d", client, got, Send)
		}
	}
	used := 0
	for i := range l.sets {
		for j := range l.sets[i] {
			if l.sets[i][j].Load() != 0 {
				used++
			}
		}
	}
	if len(l.sets) != 8 || used != 64 {
		t.Errorf("got %d sets with %d entries, want 8 with 64", len(l.sets), used)
	}
}

// Protects the shared table under workers: the budget is exact while nobody gives up a retry, and never less than the rate.
func TestRateLimitHammer(t *testing.T) {
	l := newLimit(func(limits *Limits) { limits.ResponsesPerSecond, limits.WindowSeconds = 1000, 1 })
	var sent atomic.Int64
	var group sync.WaitGroup
	const workers, each = 8, 4000
	for range workers {
		group.Go(func() {
			name := make([]byte, 8)
			for i := range each {
				if l.Verdict(victim, ClassAnswer, www, 7) == Send {
					sent.Add(1)
				}
				binary.LittleEndian.PutUint64(name, uint64(i%50))
				l.Verdict(victim6, ClassNoData, name, 7)
			}
		})
	}
	group.Wait()
	if got := sent.Load(); got < 1000 || got > 1100 {
		t.Errorf("%d workers × %d: got %d sent, want 1000 and at most a tenth more for lost debits", workers, each, got)
	}
}

// Protects the hot path's budget.
func TestGuardAllocs(t *testing.T) {
	l := newLimit(func(limits *Limits) { limits.Exempt = prefixList("198.51.100.0/24") })
	cookies := NewCookies([][16]byte{{1}})
	acl := NewACL(prefixList("192.0.2.0/24"), prefixList("192.0.2.128/25", "2001:db8::/32"))
	option := make([]byte, CookieLen)
	for name, f := range map[string]func(){
		"rate limit": func() { l.Verdict(victim, ClassAnswer, www, 1); l.Verdict(victim6, ClassAnswer, www, 1) },
		"cookie":     func() { cookies.Answer(option, victim6, 1) },
		"acl":        func() { acl.Allows(victim); acl.Allows(victim6) },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}

func BenchmarkRateLimitOneClient(b *testing.B) {
	l := newLimit(func(limits *Limits) { limits.TableSize = 131072 })
	b.ReportAllocs()
	for b.Loop() {
		l.Verdict(victim, ClassAnswer, www, 1)
	}
}

func BenchmarkRateLimitManyClients(b *testing.B) {
	l := newLimit(func(limits *Limits) { limits.TableSize = 131072 })
	b.ReportAllocs()
	i := uint32(0)
	for b.Loop() {
		i += 0x9e3779b9
		l.Verdict(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), 1}), ClassAnswer, www, 1)
	}
}

func BenchmarkRateLimitContended(b *testing.B) {
	l := newLimit(func(limits *Limits) { limits.TableSize = 131072 })
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Verdict(victim, ClassAnswer, www, 1)
		}
	})
}
