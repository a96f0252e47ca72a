package guard

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
)

// Verdict is what to do with a response.
type Verdict uint8

// The verdicts. A slipped response is an empty one with TC=1: a real client asks again over TCP, a victim gets no amplification.
const (
	Send Verdict = iota
	Slip
	Drop
)

// Class groups responses: one client prefix has one budget for each class and name.
type Class uint8

// The classes, and the name that goes with each. Names must be of canonical case, or a client gets one budget per spelling.
const (
	ClassAnswer   Class = 1 + iota // the name that owns the data: the wildcard's when it was synthesised
	ClassNoData                    // the zone's
	ClassNXDomain                  // the zone's, so that random names share one budget
	ClassReferral                  // the delegation's
	ClassError                     // none: FORMERR, REFUSED, SERVFAIL, NOTIMP … of one client are one kind
)

// Limits configures a RateLimit. The caller checks the ranges: rate 1..1,000,000, window 1..3600, slip 0..10.
type Limits struct {
	ResponsesPerSecond     int
	WindowSeconds          int
	Slip                   int // every Slip-th limited response slips; 0 = none does
	PrefixLen4, PrefixLen6 int
	TableSize              int // entries; rounded up to a power of two, at least one set
	Exempt                 []netip.Prefix
}

// RateLimit bounds equal responses to one client prefix, so that the server is of no use for amplification. The balance of a pair
// (prefix, response) grows by the rate each second, up to the rate, and falls by one a response, down to -window × rate; below zero
// the response is limited. So a flood must stay below the rate for a window's time before all its answers flow again.
//
// One table serves all workers: the kernel spreads a spoofed victim's ports over every worker's socket, so tables per worker would let
// through as many times the limit as there are workers. An entry is one word, changed by compare-and-swap; a set is one cache line of
// eight entries. A full set evicts an expired entry, else a random one: an attacker who fills the table weakens limits, never memory.
// SipHash with a secret key keeps an attacker from choosing whose set he fills. A nil RateLimit sends everything.
type RateLimit struct {
	sets          []entrySet
	key           sipKey
	exempt        *ACL // nil: none
	mask4, mask6h uint64
	mask6l        uint64
	rate, floor   int64
	window        uint64
	slip          uint64
}

const setLen = 8

type entrySet [setLen]atomic.Uint64

// An entry's word, from the top: tag 22 bits (never 0 in use), limited responses since the last slip 4, second 14, balance 24 (signed).
// Two pairs of one set share a tag once in four million: they then share a budget.
const (
	tagShift     = 42
	slipShift    = 38
	slipMask     = 1<<4 - 1
	secondShift  = 24
	secondMask   = 1<<14 - 1
	balanceShift = 64 - 24
	balanceMask  = 1<<24 - 1
	balanceMin   = -(1 << 23)

	// futureMax is how many seconds an entry may be ahead: workers read the clock once per batch.
	futureMax = 60
	// retryMax bounds the attempts to change a word that others change too; then the verdict holds and the debit is lost.
	retryMax = 8
)

// NewRateLimit returns nil when the rate is 0. key should be random.
func NewRateLimit(limits Limits, key [16]byte) *RateLimit {
	if limits.ResponsesPerSecond <= 0 {
		return nil
	}
	sets := 1
	for sets*setLen < limits.TableSize {
		sets *= 2
	}
	rate, window := int64(limits.ResponsesPerSecond), int64(limits.WindowSeconds)
	l := &RateLimit{
		sets:   make([]entrySet, sets),
		key:    newSipKey(key),
		mask4:  ^uint64(0) << (32 - limits.PrefixLen4) & 0xffffffff,
		mask6h: ^uint64(0) << max(0, 64-limits.PrefixLen6),
		mask6l: ^uint64(0) << min(64, 128-limits.PrefixLen6),
		rate:   rate,
		floor:  max(-rate*window, balanceMin),
		window: uint64(window),
		slip:   uint64(limits.Slip),
	}
	if len(limits.Exempt) > 0 {
		l.exempt = NewACL(limits.Exempt, nil)
	}
	return l
}

// Verdict counts one response of class about name (wire form) to client in second (of any clock that all workers share) and tells what
// to do with it. Loopback and exempt clients are not counted; callers do not ask for TCP or for verified cookies.
func (l *RateLimit) Verdict(client netip.Addr, class Class, name []byte, second int64) Verdict {
	if l == nil {
		return Send
	}
	client = client.Unmap()
	if client.IsLoopback() || l.exempt != nil && l.exempt.Allows(client) {
		return Send
	}
	hash := l.hash(client, class, name)
	set := &l.sets[hash&uint64(len(l.sets)-1)]
	tag := max(hash>>tagShift, 1)
	now := uint64(second) & secondMask
	var verdict Verdict
	for range retryMax {
		slot, old := set.find(tag, now, l.window, hash>>32)
		var next uint64
		next, verdict = l.debit(old, tag, now)
		if slot.CompareAndSwap(old, next) {
			return verdict
		}
	}
	return verdict
}

// hash is over 16 bytes of masked address, class and family, and the name.
func (l *RateLimit) hash(client netip.Addr, class Class, name []byte) uint64 {
	s := l.key.start()
	if client.Is4() {
		raw := client.As4()
		s.word(uint64(binary.BigEndian.Uint32(raw[:])) & l.mask4)
		s.word(uint64(class))
		return s.sum(name, 16)
	}
	raw := client.As16()
	s.word(binary.BigEndian.Uint64(raw[:8]) & l.mask6h)
	s.word(binary.BigEndian.Uint64(raw[8:]) & l.mask6l)
	s.word(uint64(class))
	return s.sum(name, 24)
}

// find returns the slot of tag and its word, or the slot to take over: an empty one, else an expired one, else a random one.
func (set *entrySet) find(tag, now, window, random uint64) (*atomic.Uint64, uint64) {
	free := -1
	var freeWord uint64
	for i := range set {
		word := set[i].Load()
		if word>>tagShift == tag {
			return &set[i], word
		}
		if free < 0 && (word == 0 || elapsed(word, now) > window) {
			free, freeWord = i, word
		}
	}
	if free < 0 {
		free = int((random ^ now) % setLen)
		freeWord = set[free].Load()
	}
	return &set[free], freeWord
}

// elapsed is the time since the word's second, 0 when that is a little ahead.
func elapsed(word, now uint64) uint64 {
	age := (now - word>>secondShift) & secondMask
	if age > secondMask-futureMax {
		return 0
	}
	return age
}

// debit is the rule itself, on plain values.
func (l *RateLimit) debit(word, tag, now uint64) (uint64, Verdict) {
	balance, slipped := l.rate, uint64(0)
	if word>>tagShift == tag {
		age := elapsed(word, now)
		if age == 0 {
			now = word >> secondShift & secondMask
		}
		if age <= l.window {
			balance = min(l.rate, int64(word<<balanceShift)>>balanceShift+int64(age)*l.rate)
			slipped = word >> slipShift & slipMask
		}
	}
	balance = max(balance-1, l.floor)
	verdict := Send
	if balance < 0 {
		verdict = Drop
		if slipped++; slipped >= l.slip {
			if l.slip > 0 {
				verdict = Slip
			}
			slipped = 0
		}
	}
	return tag<<tagShift | slipped<<slipShift | now<<secondShift | uint64(balance)&balanceMask, verdict
}
