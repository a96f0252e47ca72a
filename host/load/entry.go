package load

import (
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"signpost/host/diag"
	"signpost/host/zone"
)

// entry is one zone file. Run's goroutine owns it; a job gets a copy of what it needs.
type entry struct {
	path   string
	view   string
	name   string // of the zone, for messages
	origin []byte // nil: the file name is no zone name
	zone   *zone.Zone

	sources  sources // what the latest reading depended on
	diags    diag.List
	force    bool // compile although no content changed
	building bool
	circled  bool // ALIASes of the latest text go in a circle over several zones
	latest   bool // zone is of the latest text, be there errors
	loaded   time.Time
	took     time.Duration
}

// failed tells whether the file's latest text could not be served.
func (e *entry) failed() bool { return e.diags.Errors() > 0 }

// routed tells whether what the plugins or the checks are matters for the zone.
func (e *entry) routed() bool {
	return e.failed() || e.zone != nil && (e.zone.Pending || e.zone.Routes() > 0)
}

// sources maps the files that a zone was made of, or looked for, to what was found.
type sources map[string]source

type source struct {
	stamp stamp
	sum   [sha256.Size]byte
	fault string // why it could not be read
}

// sum is one sum over all files: equal sums, equal zones.
func (s sources) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(s)) {
		part := s[path]
		h.Write([]byte(path))
		h.Write([]byte{0})
		h.Write([]byte(part.fault))
		h.Write(part.sum[:])
	}
	h.Sum(sum[:0])
	return sum
}
