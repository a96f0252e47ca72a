package answer

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"sync/atomic"

	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/tsig"
	"signpost/host/wire"
	"signpost/host/zone"
)

// viewsMax is the most views that one client sees; those behind them are not asked.
const viewsMax = 16

// sightBits is the logarithm of how many clients a worker remembers: 64 KiB of sights.
const sightBits = 10

// sight is what is known of the views that one client sees, in the order in which they are asked.
type sight struct {
	high, low uint64 // the client's address
	era       uint64 // 0: of no client
	key       uint16 // that the client signs with, by number; 0: none
	views     [viewsMax]uint16
	count     uint8 // of views that are known
	whole     bool  // there are no more
}

// Instead of the number of a view.
const (
	noView        = -1 // the client sees no more of them
	undecidedView = -2 // the policy cannot say
)

// horizon is what a worker knows of views. While a snapshot has one view for everybody, nothing of it is used.
type horizon struct {
	listener  string // where the worker's queries come in
	horizonOf uint64 // generation
	fallen
	sights   []sight
	sight    *sight          // of the client
	at       int             // number of the view that the latest name was found in, or noView
	behind   bool            // the client sees another view before it
	hidden   []policy.Health // by view: Down where no query of this listener may see it
	keys     [][]uint16      // by view: numbers of the keys that see it; nil: everybody
	ruledOut []policy.Health // scratch: those, and the ones that were asked
	chosen   policy.Decision

	tally    []int            // by view: its queries of this batch
	counters []*atomic.Uint64 // by view: where they go
}

// begin prepares for the views of a new snapshot.
func (h *horizon) begin(snap *zone.Snapshot, keys *tsig.Keys, set *metrics.Set) {
	h.horizonOf, h.at, h.behind = snap.Generation, noView, false
	if snap.Choice == nil {
		return
	}
	if h.sights == nil {
		h.sights = make([]sight, 1<<sightBits)
	}
	h.hidden, h.keys, h.counters = h.hidden[:0], h.keys[:0], h.counters[:0]
	h.fallen.begin(len(snap.Views))
	for _, view := range snap.Views {
		state := policy.Up
		if !view.ListensAt(h.listener) {
			state = policy.Down
		}
		h.hidden = append(h.hidden, state)
		h.keys = append(h.keys, numbers(view.Keys, keys))
		h.counters = append(h.counters, set.View(view.Name))
	}
	h.ruledOut = make([]policy.Health, len(snap.Views))
	h.tally = make([]int, len(snap.Views))
}

// flush hands the batch's counts over.
func (h *horizon) flush() {
	for i, count := range h.tally {
		if count > 0 {
			h.counters[i].Add(uint64(count))
			h.tally[i] = 0
		}
	}
}

// look finds what is known of a client. Only where its packet came from counts: anybody can write any network into a client-subnet option.
func (w *Worker) look(addr netip.Addr) {
	raw := addr.As16()
	high, low := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	s := &w.sights[((low^bits.RotateLeft64(high, 32)^uint64(w.signature.key)<<32)*0x9E3779B97F4A7C15)>>(64-sightBits)]
	if w.trace != nil {
		w.judgeViews() // it says who is down
	}
	if s.era != w.era || s.low != low || s.high != high || s.key != w.signature.key || w.trace != nil {
		*s = sight{high: high, low: low, era: w.era, key: w.signature.key}
	}
	w.sight = s
}

// spread makes 64 bits of an address that look random, the same in every worker and process.
func spread(high, low uint64) uint64 {
	a, b := bits.Mul64(high^0x9E3779B97F4A7C15, low^0xD1B54A32D192ED03)
	return (a ^ b) * 0x9E3779B97F4A7C15
}

// find looks a name up for the question's type as if the client had asked for it: links of a chain, too, are found where the client would
// find them. w.hit is what was found.
func (w *Worker) find(name *wire.Name) {
	w.seek(name, w.query.Type)
	if w.trace != nil {
		w.trace.found(name, &w.hit, w.foundIn())
	}
}

// seek is find for a name and type that no answer mentions.
func (w *Worker) seek(name *wire.Name, qtype uint16) {
	if w.snap.Choice == nil {
		w.snap.Views[0].Find(name, qtype, &w.sums, &w.hit)
	} else {
		w.search(name, qtype)
	}
}

// foundIn is the view that the latest name was found in, nil for none.
func (w *Worker) foundIn() *zone.View {
	switch {
	case w.at >= 0:
		return w.snap.Views[w.at]
	case w.snap.Choice == nil && w.hit.Kind != zone.Outside:
		return w.snap.Views[0]
	}
	return nil
}

// search asks the views that the client sees, in order. The first one with a zone for the name has the say: what that zone lacks does not
// exist, unless the view falls through. Of several such zones that lack the name, the last one says so.
func (w *Worker) search(name *wire.Name, qtype uint16) {
	w.sums.Hash(name)
	number := w.viewAt(0)
	if number < 0 {
		w.lacked(number, &zone.Hit{Kind: zone.Outside})
		return
	}
	view := w.snap.Views[number]
	view.FindHashed(name, qtype, &w.sums, &w.hit)
	w.at, w.behind = number, false
	if w.hit.Kind == zone.Outside || w.hit.Kind == zone.NameError && view.Fallthrough {
		w.searchOn(name, qtype)
	}
}

// searchOn is search behind the first view, which left the name open.
func (w *Worker) searchOn(name *wire.Name, qtype uint16) {
	lacking := w.hit
	if lacking.Kind == zone.Outside {
		w.at = noView
	}
	for i := 1; ; i++ {
		number := w.viewAt(i)
		if number < 0 {
			w.lacked(number, &lacking)
			return
		}
		view := w.snap.Views[number]
		view.FindHashed(name, qtype, &w.sums, &w.hit)
		if w.hit.Kind == zone.Outside {
			continue
		}
		w.at, w.behind = number, true
		if w.hit.Kind != zone.NameError || !view.Fallthrough {
			return
		}
		lacking = w.hit
	}
}

// lacked ends a search behind the last view, with what the last zone said that lacks the name; or before it, where the policy cannot say which
// view is next.
func (w *Worker) lacked(number int, lacking *zone.Hit) {
	w.hit = *lacking
	if number == undecidedView {
		w.hit, w.at = zone.Hit{Kind: zone.Undecided}, noView
	} else if lacking.Kind == zone.Outside {
		w.at = noView
	}
}

// viewAt is the number of the client's view at place i of the order, noView behind the last, or undecidedView.
func (w *Worker) viewAt(i int) int {
	s := w.sight
	if i < int(s.count) {
		return int(s.views[i])
	}
	if s.whole {
		return noView
	}
	number := w.nextView()
	switch {
	case number >= 0:
		s.views[s.count] = uint16(number)
		s.count++
		s.whole = int(s.count) == viewsMax
	case number == noView:
		s.whole = true
	default:
		s.era = 0 // the plugin may do better for the next query
	}
	return number
}

// chooseView has the policy choose among the views that are not ruled out.
func (w *Worker) chooseView() int {
	s, choice := w.sight, w.snap.Choice
	if choice.Policy != nil && w.plugins != nil {
		w.facts = policy.Facts{Client: netip.PrefixFrom(w.client, w.client.BitLen()), Health: w.ruledOut}
		w.locate(choice.Policy)
		d := &w.chosen
		d.Explain = w.trace != nil
		w.plugins.Decide(choice.Policy, &w.facts, d)
		number := noView
		if !d.Fallback {
			// A policy that gives several views weight shares clients among them, not queries: who asks twice must not see two worlds.
			number = d.Draw(spread(s.high, s.low))
		}
		if w.trace != nil {
			w.trace.chose(choice.Policy, &w.facts, d, number)
		}
		w.facts = policy.Facts{}
		if !d.Fallback {
			w.counts.Inc(metrics.ViewsChosen)
			return number
		}
		w.counts.Inc(metrics.ViewsFailed)
		s.era = 0 // the plugin may do better for the next query
	}
	if !choice.Native {
		return undecidedView
	}
	for i, view := range w.snap.Views {
		if w.ruledOut[i] != policy.Down && view.Takes(w.client) {
			return i
		}
	}
	return noView
}

// outside tells why no zone answers the question itself.
func (w *Worker) outside() reason {
	if w.snap.Choice != nil && w.sight.count == 0 {
		return inNoView
	}
	return inNoZone
}

// undecided tells why it is not known which views the client sees.
func (w *Worker) undecided() reason {
	if w.snap.Choice.Policy == nil {
		return viewsNotReady
	}
	return viewsFailed
}
