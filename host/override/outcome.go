package override

import (
	"signpost/host/diag"
	"signpost/host/health"
)

// Outcome is what a change did.
type Outcome struct {
	Candidates []health.Candidate // that the pattern names, as they are now
	Unsaved    error              // why a restart forgets the change; nil: it is in the file
}

// Refusal is a change that makes no sense, in words for who asked for it.
type Refusal struct{ Text string }

// Error is the text.
func (r *Refusal) Error() string { return r.Text }

// Status is what is known of the overrides and of their file.
type Status struct {
	Path        string            // "": there is no file
	Overrides   []health.Override // in force, the latest last
	Diagnostics diag.List         // of the file's latest text
	Stale       bool              // which has errors or cannot be read: the last good text counts
	Unsaved     int               // changes that the file does not have
	Trouble     error             // why, or why the file cannot be read
}
