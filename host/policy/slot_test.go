package policy

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Protects the word of a slot: each of its parts comes back whatever the others are, and the zero value is unknown with all of its share.
func TestSlotKeeps(t *testing.T) {
	if got := new(Slot).Standing(); got != (Standing{Unknown, 100, 0}) || !got.Live() {
		t.Errorf("the zero value: got %+v, want unknown, 100 %%", got)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		want, at := Standing{Health(random.IntN(3)), uint8(random.IntN(101)), uint16(random.Uint32())}, time.Unix(int64(random.Uint32()), 0)
		var s Slot
		s.Store(want, at)
		state, since := s.Load()
		if got := s.Standing(); got != want || !since.Equal(at) || state != want.State() || s.Health() != state {
			t.Fatalf("got %+v, %v since %v; want %+v since %v", got, state, since, want, at)
		}
		if want.Live() == (want.State() == Down) || want.Drained() != (want.Share == 0 && want.Health != Down) {
			t.Fatalf("%+v: live %v, drained %v, state %v", want, want.Live(), want.Drained(), want.State())
		}
	}
}

func TestFlipIn(t *testing.T) {
	for d, want := range map[time.Duration]uint16{
		0: 0, -time.Second: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 30 * time.Second: 30, 24 * time.Hour: 65535, 1<<63 - 1: 65535,
	} {
		if got := FlipIn(d); got != want {
			t.Errorf("%v: got %d, want %d", d, got, want)
		}
	}
}
