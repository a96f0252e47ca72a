package policy

import (
	"math"
	"sync/atomic"
	"time"

	"signpost/host/geo"
)

// Standing is what decisions see of one candidate at one moment. The zero value has no share at all; a Slot's has all of it.
type Standing struct {
	Health Health // but for Share
	Share  uint8  // percent of its weight that the candidate gets while it is not down; 0: it is drained
	Flip   uint16 // seconds until a check may say otherwise at the earliest; 0: nobody knows
}

// Live tells whether the candidate may be chosen.
func (s Standing) Live() bool { return s.Health != Down && s.Share > 0 }

// Drained tells whether the candidate would be up if it were given anything.
func (s Standing) Drained() bool { return s.Health != Down && s.Share == 0 }

// State is what counts: a drained candidate is down.
func (s Standing) State() Health {
	if s.Share == 0 {
		return Down
	}
	return s.Health
}

// FlipIn is a duration as Standing.Flip has it: whole seconds, rounded up.
func FlipIn(d time.Duration) uint16 {
	return uint16(min(max(0, math.Ceil(d.Seconds())), math.MaxUint16))
}

// Slot is the live health of one candidate, in one word, so that a worker reads it without lock. The zero value is Unknown.
// Writer: health.Table. Readers: any.
type Slot struct {
	word      atomic.Uint64
	rttMicros atomic.Uint32 // of the server's own probes; 0: none is known
}

// The word, from its low end: 8 bits of health, 8 of what the share lacks to 100 percent, 16 of the flip, and 32 for the seconds since 1970
// of the latest change of state.
const (
	lackShift  = 8
	flipShift  = 16
	sinceShift = 32
)

// Standing is what is so now.
func (s *Slot) Standing() Standing { return standing(s.word.Load()) }

func standing(word uint64) Standing {
	return Standing{Health(uint8(word)), 100 - uint8(word>>lackShift), uint16(word >> flipShift)}
}

// Health is the state now.
func (s *Slot) Health() Health { return s.Standing().State() }

// Load returns the state and since when it is so, as one reading.
func (s *Slot) Load() (state Health, since time.Time) {
	word := s.word.Load()
	return standing(word).State(), time.Unix(int64(word>>sinceShift), 0)
}

// Store sets the standing. Only health.Table may call it: a change counts from the next epoch on.
func (s *Slot) Store(now Standing, since time.Time) {
	lack := 100 - min(now.Share, 100)
	s.word.Store(uint64(uint32(since.Unix()))<<sinceShift | uint64(now.Flip)<<flipShift | uint64(lack)<<lackShift | uint64(now.Health))
}

// StoreRTT sets the round trip of the server's own probes; 0: none is known. Only health.Table may call it.
func (s *Slot) StoreRTT(rtt time.Duration) {
	s.rttMicros.Store(uint32(min(max(0, rtt.Microseconds()), math.MaxUint32)))
}

// Probed fills in the round trips of the server's own probes, aligned with p.IDs, if nothing is known of the way from the client to any candidate:
// the nearest to the server is a better guess than any. Beside ways from the client they would mislead, since they begin elsewhere.
func (p *Policy) Probed(latencies []geo.Latency) {
	if p.Slots == nil {
		return
	}
	for i := range latencies {
		if latencies[i].Source != geo.Unknown {
			return
		}
	}
	for i := range latencies {
		if micros := p.Slots[i].rttMicros.Load(); micros > 0 {
			latencies[i] = geo.Latency{Micros: micros, Source: geo.Probed}
		}
	}
}
