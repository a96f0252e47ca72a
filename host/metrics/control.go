package metrics

import (
	"sync"
	"sync/atomic"
	"time"
)

// Control is what the control plane reports. Each field names its writer; anybody may read.
type Control struct {
	TCPConnections atomic.Int64  // open now; writer: listen/tcp
	TCPAccepted    atomic.Uint64 // since start; writer: listen/tcp
	TCPRefused     atomic.Uint64 // closed because of a limit; writer: listen/tcp

	UDPCut           atomic.Uint64 // queries longer than a buffer; writer: listen/udp, as of the next three
	UDPPortZero      atomic.Uint64 // queries from port 0, where no response can go
	UDPSendErrors    atomic.Uint64 // responses that the system did not take
	UDPReceiveErrors atomic.Uint64 // failed receive calls

	QueryLogWritten atomic.Uint64 // lines; writer: querylog/file, as of the next
	QueryLogFailed  atomic.Uint64 // lines that the file did not take

	Probes  Probes
	Notices Notices

	mu      sync.Mutex
	reloads Reloads
}

// Reloads sums up what the loader did. Writer: load.
type Reloads struct {
	Good, Bad    uint64        // reloads without and with an error diagnostic
	Took         time.Duration // of all of them together
	LastTook     time.Duration
	LastGoodTime time.Time // zero = none yet
}

// Reloaded records one reload that ended at end and took took; good: no file of it had an error.
func (c *Control) Reloaded(end time.Time, took time.Duration, good bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if good {
		c.reloads.Good++
		c.reloads.LastGoodTime = end
	} else {
		c.reloads.Bad++
	}
	c.reloads.Took += took
	c.reloads.LastTook = took
}

// Reloads returns the sums.
func (c *Control) Reloads() Reloads {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reloads
}
