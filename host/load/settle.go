package load

import (
	"maps"
	"slices"
	"time"
)

// settler decides when a changed file counts. It is pure: times come in, nothing is read.
//
//	event or new stamp ─▶ restless ──quiet passed──▶ settled ──all others settled, or patience passed──▶ due
//	        ▲                │ vanished: graceful ──grace passed without another file vanishing──▶ due
//	        └────────────────┘ any further change starts again
type settler struct {
	quiet    time.Duration // without a change for so long, a file is settled
	patience time.Duration // a settled file waits so long for others, to be published together
	grace    time.Duration // a vanished file may come back for so long
	pending  map[string]pending
	vanished time.Time // when the latest file vanished
}

// pending is a file that differs from what was loaded, or whose events say that it may.
type pending struct {
	now     stamp
	began   time.Time // first change since it was quiet
	since   time.Time // latest change
	forced  bool      // read it even if the stamp is the one loaded
	skipped bool      // seen by an event only, not yet by a look
}

// moved notes a change at now.
func (p pending) moved(now time.Time, quiet time.Duration) pending {
	if now.Sub(p.since) > quiet { // it may rest and not be read: while its zone compiles
		p.began = now
	}
	p.since = now
	return p
}

// touch notes an event on the file.
func (s *settler) touch(path string, now time.Time) {
	p, known := s.pending[path]
	p.skipped, p.forced = p.skipped || !known, true
	s.pending[path] = p.moved(now, s.quiet)
}

// observe compares what is there with what was loaded.
func (s *settler) observe(path string, current, loaded stamp, now time.Time) {
	p, known := s.pending[path]
	if current == loaded && !p.forced || current == (stamp{}) && loaded == (stamp{}) {
		delete(s.pending, path)
		return
	}
	switch {
	case !known:
		p.since, p.began = current.touched(now), now
	case !p.skipped && p.now != current:
		p = p.moved(now, s.quiet)
	}
	if current == (stamp{}) && (!known || p.skipped || p.now != (stamp{})) {
		p.since, s.vanished = now, now
	}
	p.now, p.skipped = current, false
	s.pending[path] = p
}

// postpone starts the wait of a file again: it was found half-written.
func (s *settler) postpone(path string, now time.Time) {
	p := s.pending[path]
	p.forced = true
	s.pending[path] = p.moved(now, s.quiet)
}

// restless lists the files that have not been quiet for so long, in order.
func (s *settler) restless(now time.Time, long time.Duration) (paths []string) {
	for path, p := range s.pending {
		if p.now != (stamp{}) && now.Sub(p.began) > long && p.since.Add(s.quiet).After(now) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// demand has the file read at once, changed or not.
func (s *settler) demand(path string, now time.Time) {
	p, known := s.pending[path]
	if !known {
		p.skipped, p.began = true, now
	}
	p.since, p.forced = now.Add(-s.quiet-s.patience), true
	s.pending[path] = p
}

// missing tells whether a file is gone and may come back.
func (s *settler) missing() bool {
	for _, p := range s.pending {
		if p.now == (stamp{}) && !p.skipped {
			return true
		}
	}
	return false
}

// due returns the files to load now, in order, and when to look again (zero: only when something happens).
// The caller removes what it takes.
func (s *settler) due(now time.Time) (paths []string, next time.Time) {
	waiting, impatient := false, false
	wake := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for path, p := range s.pending {
		gone := p.now == (stamp{}) && !p.skipped
		settled := p.since.Add(s.quiet)
		if gone {
			settled = s.vanished.Add(s.grace)
		}
		switch {
		case p.skipped:
			continue // a look comes first
		case settled.After(now):
			waiting = waiting || !gone
			wake(settled)
			continue
		}
		paths = append(paths, path)
		if !settled.Add(s.patience).After(now) {
			impatient = true
		}
	}
	if waiting && !impatient {
		for _, path := range paths {
			wake(s.pending[path].since.Add(s.quiet + s.patience))
		}
		return nil, next
	}
	slices.Sort(paths)
	return paths, next
}

// all returns every pending file, in order.
func (s *settler) all() []string { return slices.Sorted(maps.Keys(s.pending)) }
