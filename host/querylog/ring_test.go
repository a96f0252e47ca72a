package querylog

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func entry(number int) *Entry {
	e := &Entry{
		Micros: int64(1_700_000_000_000_000 + number), Client: netip.MustParseAddr("192.0.2.7"), TCP: number%2 == 0, Dropped: number%5 == 0,
		View: fmt.Sprintf("view%d", number%7), Key: strings.Repeat("k", number%11), Picked: []byte(strings.Repeat("p", number%200)), Message: bytes.Repeat([]byte{byte(number)}, number%500),
	}
	switch number % 3 {
	case 1:
		e.Subnet = netip.MustParsePrefix("203.0.113.0/24")
	case 2:
		e.Client = netip.MustParseAddr("2001:db8::7")
		e.Subnet = netip.MustParsePrefix("2001:db8:1::/48")
	}
	return e
}

// Protects the way through the ring, around its end too: what was appended comes out, in order, while the reader is in time; and beside a
// running reader.
func TestRingKeepsEntries(t *testing.T) {
	const count = 50_000
	r := NewRing("127.0.0.1:53")
	done := make(chan error)
	go func() {
		done <- func() error {
			var raw []byte
			for number := 0; number < count; {
				raw = r.Take(raw[:0])
				for rest := raw; len(rest) > 0; number++ {
					var got Entry
					rest = got.Next(rest)
					if want := entry(number); !same(&got, want) {
						return fmt.Errorf("entry %d: got %+v, want %+v", number, got, *want)
					}
				}
			}
			return nil
		}()
	}()
	for number := range count {
		for e := entry(number); !r.Append(e); r.Publish() {
		}
		if number%32 == 0 {
			r.Publish()
		}
	}
	r.Publish()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func same(a, b *Entry) bool {
	x, y := *a, *b
	x.Picked, y.Picked, x.Message, y.Message = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && bytes.Equal(a.Picked, b.Picked) && bytes.Equal(a.Message, b.Message)
}

// Protects workers from a writer that does not come: a full ring takes nothing more and keeps what it has.
func TestRingDropsWhenFull(t *testing.T) {
	r := NewRing("")
	taken := 0
	for r.Append(entry(499)) {
		taken++
	}
	r.Publish()
	raw := r.Take(nil)
	got := 0
	for rest := raw; len(rest) > 0; got++ {
		var e Entry
		rest = e.Next(rest)
	}
	if got != taken || taken < RingLen/1024 || len(raw) > RingLen {
		t.Errorf("got %d entries of %d bytes, want the %d that were taken", got, len(raw), taken)
	}
	if !r.Append(entry(499)) {
		t.Error("an emptied ring takes nothing")
	}
}

// Protects the hot path: logging a query allocates nothing, and parts that are too long are cut.
func TestAppendAllocs(t *testing.T) {
	r := NewRing("")
	e := entry(100)
	e.View, e.Picked, e.Message = strings.Repeat("v", 300), make([]byte, 3000), make([]byte, 3000)
	buf := make([]byte, 0, RingLen)
	if got := testing.AllocsPerRun(5000, func() {
		r.Append(e)
		r.Publish()
		buf = r.Take(buf[:0])
	}); got != 0 {
		t.Errorf("got %v allocations", got)
	}
	var back Entry
	if rest := back.Next(buf); len(rest) != 0 || len(back.View) != viewLenMax || len(back.Picked) != pickedLenMax || len(back.Message) != MessageLenMax {
		t.Errorf("got parts of %d, %d, %d bytes, %d left", len(back.View), len(back.Picked), len(back.Message), len(rest))
	}
}

// Protects the last entries of a worker that ends: its ring stays until they are taken, and is forgotten then.
func TestRingsForgetTheRetired(t *testing.T) {
	var s Rings
	r := s.New("")
	s.New("")
	r.Append(entry(1))
	r.Retire()
	s.Each(func(*Ring) {}) // a visitor that takes nothing
	seen := 0
	s.Each(func(r *Ring) { seen += len(r.Take(nil)) })
	if seen == 0 || len(s.list) != 1 {
		t.Errorf("got %d bytes and %d rings, want those of an entry and 1", seen, len(s.list))
	}
}

func BenchmarkAppend(b *testing.B) {
	r := NewRing("")
	e := entry(61)
	buf := make([]byte, 0, RingLen)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Append(e)
		if i%1024 == 0 {
			r.Publish()
			buf = r.Take(buf[:0])
		}
	}
}
