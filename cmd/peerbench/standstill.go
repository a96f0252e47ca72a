package main

import (
	"slices"
	"time"
)

const (
	standstillWatch = time.Millisecond       // how often every processor is looked at
	standstillFrom  = 500 * time.Microsecond // how late a real-time thread must be
)

// standstill is a time in which a processor ran nobody's work although a real-time thread was due on it: the host of a virtual machine had
// taken it away, or the kernel was busy with itself. No server can answer meanwhile.
type standstill struct{ from, to time.Time }

// outside returns the samples that were not waiting for an answer during any standstill. Unanswered ones stay: they are lost, whatever the
// machine did.
func outside(samples []sample, stills []standstill) []sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s sample) bool {
		return s.latency > 0 && slices.ContainsFunc(stills, func(still standstill) bool {
			return s.sent.Before(still.to) && s.sent.Add(s.latency).After(still.from)
		})
	})
}
