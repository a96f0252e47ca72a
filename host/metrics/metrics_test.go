package metrics

import (
	"sync"
	"testing"
	"time"
	"unsafe"
)

// Protects the indexes: transports and response codes land on their own counters.
func TestCounterOf(t *testing.T) {
	for _, c := range []struct {
		tcp, v6 bool
		want    Counter
	}{{false, false, QueriesUDP4}, {false, true, QueriesUDP6}, {true, false, QueriesTCP4}, {true, true, QueriesTCP6}} {
		if got := Transport(c.tcp, c.v6); got != c.want {
			t.Errorf("tcp %v v6 %v: got %d, want %d", c.tcp, c.v6, got, c.want)
		}
	}
	for rcode, want := range map[uint16]Counter{
		0: RcodeNoError, 1: RcodeFormErr, 2: RcodeServFail, 3: RcodeNXDomain, 4: RcodeNotImp, 5: RcodeRefused, 6: RcodeYXDomain,
		7: RcodeOther, 9: RcodeNotAuth, 15: RcodeOther, 16: RcodeBadVers, 22: RcodeOther, 23: RcodeBadCookie, 24: RcodeOther, 4095: RcodeOther,
	} {
		if got := Rcode(rcode); got != want {
			t.Errorf("rcode %d: got %d, want %d", rcode, got, want)
		}
	}
}

// Protects the distance between the counters of two workers, whatever the allocator puts side by side.
func TestBlockIsPadded(t *testing.T) {
	var b Block
	before := unsafe.Offsetof(b.counts)
	between := unsafe.Offsetof(b.published) - before - unsafe.Sizeof(b.counts)
	after := unsafe.Sizeof(b) - unsafe.Offsetof(b.published) - unsafe.Sizeof(b.published)
	if before < lineLen || between < lineLen || after < lineLen {
		t.Errorf("got %d bytes before, %d between, %d after; want at least %d each", before, between, after, lineLen)
	}
}

// Protects the sums: unflushed counts are not seen, a worker's counts outlive it, retiring twice counts once.
func TestSetTotals(t *testing.T) {
	var set Set
	a, b := set.NewBlock(), set.NewBlock()
	a.Inc(QueriesUDP4)
	a.Add(BytesInUDP, 40)
	b.Inc(QueriesUDP4)
	b.Flush()
	check := func(step string, queries, bytes uint64) {
		t.Helper()
		if got := set.Totals(); got[QueriesUDP4] != queries || got[BytesInUDP] != bytes {
			t.Errorf("%s: got %d queries, %d bytes, want %d, %d", step, got[QueriesUDP4], got[BytesInUDP], queries, bytes)
		}
	}
	check("one flushed", 1, 0)
	a.Flush()
	check("both flushed", 2, 40)
	set.Retire(a)
	set.Retire(a)
	check("one retired", 2, 40)
	c := set.NewBlock()
	c.Inc(QueriesUDP4)
	c.Flush()
	check("a new one", 3, 40)
}

// Protects that a reader beside running workers sees counters that only grow, and in the end all of them.
func TestSetHammer(t *testing.T) {
	var set Set
	var workers sync.WaitGroup
	const count, batches, perBatch = 4, 500, 32
	for range count {
		workers.Go(func() {
			b := set.NewBlock()
			defer set.Retire(b)
			for range batches {
				for range perBatch {
					b.Inc(QueriesUDP6)
				}
				b.Flush()
			}
		})
	}
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	for last, running := uint64(0), true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		now := set.Totals()[QueriesUDP6]
		if now < last {
			t.Fatalf("got %d queries after %d", now, last)
		}
		last = now
	}
	if got, want := set.Totals()[QueriesUDP6], uint64(count*batches*perBatch); got != want {
		t.Errorf("got %d queries, want %d", got, want)
	}
}

// Protects the sums over reloads.
func TestControlReloads(t *testing.T) {
	var c Control
	at := time.Unix(1000, 0)
	c.Reloaded(at, 2*time.Second, true)
	c.Reloaded(at.Add(time.Minute), time.Second, false)
	want := Reloads{Good: 1, Bad: 1, Took: 3 * time.Second, LastTook: time.Second, LastGoodTime: at}
	if got := c.Reloads(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// BenchmarkBatch is what a batch of 32 answers costs in counting: six increments each and one flush.
func BenchmarkBatch(b *testing.B) {
	var set Set
	block := set.NewBlock()
	b.ReportAllocs()
	for b.Loop() {
		for range 32 {
			block.Inc(QueriesUDP4)
			block.Add(BytesInUDP, 40)
			block.Add(BytesOutUDP, 56)
			block.Inc(Rcode(0))
			block.Inc(KindAnswer)
			block.Inc(CookiesNew)
		}
		block.Flush()
	}
}
