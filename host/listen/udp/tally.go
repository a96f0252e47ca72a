package udp

import "sync/atomic"

// Counters are totals since Listen, in datagrams unless said otherwise. All are exact once Close has returned; before
// that, a batch may be counted in some and not yet in others.
type Counters struct {
	Batches       uint64 // of one or more datagrams; Received/Batches is the mean batch length
	Received      uint64
	Sent          uint64
	Unanswered    uint64 // the Responder said to send nothing
	PortZero      uint64 // from source port 0, where no reply can go; never shown to the Responder
	Truncated     uint64 // longer than a slot; answered as far as read
	SendErrors    uint64 // responses the kernel refused or had no room for
	ReceiveErrors uint64 // failed receive calls
}

// tally is Counters as the workers share them: each adds once a batch.
type tally struct {
	batches, received, sent, unanswered, portZero, truncated, sendErrors, receiveErrors atomic.Uint64
}

// add adds a batch and clears it. Most batches touch three of the eight.
func (t *tally) add(batch *Counters) {
	for _, pair := range [...]struct {
		total *atomic.Uint64
		count uint64
	}{
		{&t.batches, batch.Batches},
		{&t.received, batch.Received},
		{&t.sent, batch.Sent},
		{&t.unanswered, batch.Unanswered},
		{&t.portZero, batch.PortZero},
		{&t.truncated, batch.Truncated},
		{&t.sendErrors, batch.SendErrors},
		{&t.receiveErrors, batch.ReceiveErrors},
	} {
		if pair.count != 0 {
			pair.total.Add(pair.count)
		}
	}
	*batch = Counters{}
}

// Counters returns the totals so far. Any goroutine may call it.
func (s *Server) Counters() Counters {
	t := &s.tally
	return Counters{
		Batches:       t.batches.Load(),
		Received:      t.received.Load(),
		Sent:          t.sent.Load(),
		Unanswered:    t.unanswered.Load(),
		PortZero:      t.portZero.Load(),
		Truncated:     t.truncated.Load(),
		SendErrors:    t.sendErrors.Load(),
		ReceiveErrors: t.receiveErrors.Load(),
	}
}
