// Package querylog carries what workers log of queries to whoever writes it down: one ring of bytes for each worker.
//
// Plane: both. Floor: 1. Journey of a query: behind step 5, if there is a query log.
// A worker never waits: without room an entry is dropped, and counted by the worker. Nothing here allocates after NewRing, locks on
// the worker's side, or knows what a message means.
package querylog

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
)

// RingLen is a ring's size in bytes: 10 ms of 400,000 queries a second, with a writer that looks that often. It is a power of two.
const RingLen = 1 << 19

// The most bytes of an entry's parts; what is longer is cut.
const (
	MessageLenMax = 512
	viewLenMax    = 63
	keyLenMax     = 255
	pickedLenMax  = 255
)

// Entry is one query as a worker knows it. Its slices and strings are copied by Append, and views of the reader's buffer behind Next.
type Entry struct {
	Micros  int64 // since 1970
	Client  netip.Addr
	Subnet  netip.Prefix // of the client subnet option; the zero Prefix: none
	TCP     bool
	Dropped bool   // by the rate limit: nothing was sent, and Message is the query
	View    string // name; "": none
	Key     string // name of the TSIG key that the query is proven to be signed with; "": none
	Picked  []byte // ids of the candidates: "a,b" of one decision, decisions joined by "/"
	Message []byte // the response, or its beginning
}

// The fixed part of an entry: length u16, flags, view length, picked length, message length u16, bits of the subnet, time, two addresses,
// key length.
const (
	lengthOff     = 0
	flagsOff      = 2
	viewLenOff    = 3
	pickedLenOff  = 4
	messageLenOff = 5
	subnetBitsOff = 7
	timeOff       = 8
	clientOff     = 16
	subnetOff     = 32
	keyLenOff     = 48
	headLen       = 49
)

// The bits of flags.
const (
	flagTCP = 1 << iota
	flagDropped
	flagSubnet
	flagSubnet4
)

// Ring holds the entries of one worker on their way. Append and Publish are the worker's, Take is the reader's, Retired anybody's.
type Ring struct {
	Listener string // where the worker's queries come in; "" where nobody said

	buf     []byte
	next    uint64 // the worker's: behind its last entry
	free    uint64 // the worker's: bytes known to be free
	_       [128]byte
	head    atomic.Uint64 // behind the last published entry
	_       [128]byte
	tail    atomic.Uint64 // behind the last entry that was taken
	retired atomic.Bool
}

// NewRing returns an empty ring.
func NewRing(listener string) *Ring {
	return &Ring{Listener: listener, buf: make([]byte, RingLen), free: RingLen}
}

// Append adds an entry. It is false, and nothing is added, when the reader is too far behind.
func (r *Ring) Append(e *Entry) bool {
	view, key := e.View[:min(len(e.View), viewLenMax)], e.Key[:min(len(e.Key), keyLenMax)]
	picked, message := e.Picked[:min(len(e.Picked), pickedLenMax)], e.Message[:min(len(e.Message), MessageLenMax)]
	length := headLen + len(view) + len(key) + len(picked) + len(message)
	if r.free < uint64(length) {
		if r.free = RingLen - (r.next - r.tail.Load()); r.free < uint64(length) {
			return false
		}
	}
	var head [headLen]byte
	binary.LittleEndian.PutUint16(head[lengthOff:], uint16(length))
	head[flagsOff] = e.flags()
	head[viewLenOff], head[keyLenOff], head[pickedLenOff] = byte(len(view)), byte(len(key)), byte(len(picked))
	binary.LittleEndian.PutUint16(head[messageLenOff:], uint16(len(message)))
	binary.LittleEndian.PutUint64(head[timeOff:], uint64(e.Micros))
	client := e.Client.As16()
	copy(head[clientOff:], client[:])
	if e.Subnet.IsValid() {
		subnet := e.Subnet.Addr().As16()
		copy(head[subnetOff:], subnet[:])
		head[subnetBitsOff] = byte(e.Subnet.Bits())
	}
	put(r, head[:])
	put(r, view)
	put(r, key)
	put(r, picked)
	put(r, message)
	r.free -= uint64(length)
	return true
}

func (e *Entry) flags() (flags byte) {
	if e.TCP {
		flags |= flagTCP
	}
	if e.Dropped {
		flags |= flagDropped
	}
	if e.Subnet.IsValid() {
		flags |= flagSubnet
		if e.Subnet.Addr().Is4() {
			flags |= flagSubnet4
		}
	}
	return flags
}

// put copies bytes behind the last ones, around the end of the buffer.
func put[T []byte | string](r *Ring, part T) {
	n := copy(r.buf[r.next%RingLen:], part)
	copy(r.buf, part[n:])
	r.next += uint64(len(part))
}

// Publish hands over what was appended since the last time.
func (r *Ring) Publish() {
	if r.next != r.head.Load() {
		r.head.Store(r.next)
	}
}

// Take appends all published entries to dst, for Next, and frees their room.
func (r *Ring) Take(dst []byte) []byte {
	tail, head := r.tail.Load(), r.head.Load()
	for tail != head {
		part := r.buf[tail%RingLen:]
		part = part[:min(uint64(len(part)), head-tail)]
		dst, tail = append(dst, part...), tail+uint64(len(part))
	}
	r.tail.Store(tail)
	return dst
}

// Next reads the first of the entries that Take returned, and returns the rest. Entries are whole; raw must not be empty.
func (e *Entry) Next(raw []byte) (rest []byte) {
	length := int(binary.LittleEndian.Uint16(raw[lengthOff:]))
	head, body := raw[:headLen], raw[headLen:length]
	flags := head[flagsOff]
	*e = Entry{
		Micros: int64(binary.LittleEndian.Uint64(head[timeOff:])), TCP: flags&flagTCP != 0, Dropped: flags&flagDropped != 0,
		Client: netip.AddrFrom16([16]byte(head[clientOff:subnetOff])).Unmap(),
	}
	if flags&flagSubnet != 0 {
		addr := netip.AddrFrom16([16]byte(head[subnetOff:keyLenOff]))
		if flags&flagSubnet4 != 0 {
			addr = addr.Unmap()
		}
		e.Subnet = netip.PrefixFrom(addr, int(head[subnetBitsOff]))
	}
	view, key, picked := int(head[viewLenOff]), int(head[keyLenOff]), int(head[pickedLenOff])
	e.View, body = string(body[:view]), body[view:]
	e.Key, body = string(body[:key]), body[key:]
	e.Picked, e.Message = body[:picked], body[picked:]
	return raw[length:]
}

// Rings are those of all workers, and whether they are to be filled. The zero value is off.
type Rings struct {
	on atomic.Bool

	mu   sync.Mutex // guards list
	list []*Ring
}

// On tells workers whether there is a query log. It may be asked on a nil Rings, which is off.
func (s *Rings) On() bool { return s != nil && s.on.Load() }

// Switch turns the query log on or off. A worker notices with its next batch.
func (s *Rings) Switch(on bool) { s.on.Store(on) }

// New makes a worker's ring.
func (s *Rings) New(listener string) *Ring {
	r := NewRing(listener)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, r)
	return r
}

// Retire publishes what a worker's ring holds; the worker must not use it any more.
func (r *Ring) Retire() {
	r.Publish()
	r.retired.Store(true)
}

// Each visits the rings, and forgets those whose worker has gone and whose entries visit has taken.
func (s *Rings) Each(visit func(*Ring)) {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	gone := false
	for _, r := range list {
		last := r.retired.Load()
		visit(r)
		gone = gone || last
	}
	if !gone {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []*Ring
	for _, r := range s.list {
		if !r.retired.Load() || r.tail.Load() != r.head.Load() {
			kept = append(kept, r)
		}
	}
	s.list = kept
}
