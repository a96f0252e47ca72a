// Package file keeps overrides in their file: what people write there takes effect within about a second, and what they say through the admin
// server is written there.
//
// Plane: control. Floor: 5. Journey of an edit: all of it, for the file of overrides.
// A change takes effect whether or not it can be written: who takes a dying machine out of service, perhaps because its disk is full, must not
// wait for the disk. What is not written is told in every place there is, tried again each second, and lost by a restart.
package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/override"
)

// Options configure a Book. Table and Log must be set.
type Options struct {
	Table *health.Table
	Log   *slog.Logger     // a line for each change, with who made it and why
	Now   func() time.Time // nil: time.Now
}

// Book is the overrides and their file. Everything may be called by anybody at any time.
type Book struct {
	options Options

	mu      sync.Mutex
	path    string // "": memory only
	text    []byte // of the file as it was last read or written; nil: there is none
	read    bool   // it was looked at
	unsure  []byte // another text, which one look saw: an editor may be at it
	wavers  bool   // unsure counts
	good    []health.Override
	pos     map[health.Pattern]diag.Pos // of good, as far as it was read
	mistake diag.List                   // of text
	idle    diag.List                   // warnings: overrides that match nothing
	asked   asked                       // when idle was found
	unsaved []change                    // what is in force and not in the file, in order
	trouble error                       // why
	unread  error                       // why the file's text is not known; nil: it is
}

// change is one word of an operator: what was said of a pattern, or that it is taken back.
type change struct {
	pattern health.Pattern
	word    *health.Override // nil: taken back
}

// asked is what the warnings about overrides that match nothing depend on.
type asked struct {
	claim uint64
	list  []health.Override
}

// New returns a Book without a file.
func New(o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Book{options: o}
}

// Set says o of all candidates that its pattern names, instead of what was said of exactly this pattern; Auto takes that back. The error is a
// *override.Refusal.
func (b *Book) Set(o health.Override) (override.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lookLocked(true)
	now := b.options.Now().Round(0).UTC()
	o.At, o.Until = now, o.Until.Round(0).UTC()
	if o.Expired(now) {
		return override.Outcome{}, &override.Refusal{Text: fmt.Sprintf("%s is over already", o.Until.Local().Format(time.DateTime))}
	}
	table := b.options.Table
	before := b.listLocked()
	named := table.Matching(o.Pattern)
	made := change{pattern: o.Pattern, word: &o}
	if o.Force == health.Auto {
		made.word = nil
		if !slices.ContainsFunc(before, func(other health.Override) bool { return other.Pattern == o.Pattern }) {
			if len(named) == 0 {
				return override.Outcome{}, &override.Refusal{Text: override.Missing(table.List(health.Query{}), o.Pattern)}
			}
			return override.Outcome{}, &override.Refusal{Text: override.Unheld(before, o.Pattern, named)}
		}
	} else if len(named) == 0 {
		return override.Outcome{}, &override.Refusal{Text: override.Missing(table.List(health.Query{}), o.Pattern)}
	}
	list := made.apply(before)
	if len(list) > override.ListMax {
		return override.Outcome{}, &override.Refusal{Text: fmt.Sprintf("there are %d overrides already; take some back first", len(before))}
	}
	b.unsaved = slices.DeleteFunc(b.unsaved, func(c change) bool { return c.pattern == made.pattern })
	if made.word != nil || slices.ContainsFunc(b.good, func(o health.Override) bool { return o.Pattern == made.pattern }) {
		b.unsaved = append(b.unsaved, made)
	}
	table.Hold(list)
	outcome := override.Outcome{Candidates: table.Matching(o.Pattern)}
	after := outcome.Candidates
	if o.Force == health.Auto || len(named) != 1 || len(after) != 1 || after[0].State == named[0].State {
		b.tellLocked(o, len(named))
	} // else the change of the only one it is about is told, with all that could be said here
	b.saveLocked()
	outcome.Unsaved = b.trouble
	return outcome, nil
}

// tellLocked logs a change.
func (b *Book) tellLocked(o health.Override, candidates int) {
	attrs := []any{"by", o.By, "reason", o.Reason, "candidates", candidates}
	if !o.Until.IsZero() {
		attrs = append(attrs, "until", o.Until.Local().Format(time.RFC3339))
	}
	if o.Force == health.ForceDrain {
		attrs = append(attrs, "over", o.Over)
	}
	b.options.Log.Warn(fmt.Sprintf("override %s: %s", o.Pattern, o.Force), attrs...)
}

// apply returns list with the change made.
func (c change) apply(list []health.Override) []health.Override {
	list = slices.DeleteFunc(slices.Clone(list), func(o health.Override) bool { return o.Pattern == c.pattern })
	if c.word != nil {
		list = append(list, *c.word)
	}
	return list
}

// listLocked is what is in force: the file's, and the changes that it does not have.
func (b *Book) listLocked() []health.Override {
	now := b.options.Now()
	list := slices.DeleteFunc(slices.Clone(b.good), func(o health.Override) bool { return o.Expired(now) })
	for _, c := range b.unsaved {
		if c.word == nil || !c.word.Expired(now) {
			list = c.apply(list)
		}
	}
	return list
}

// Status gathers what is known now.
func (b *Book) Status() override.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return override.Status{
		Path: b.path, Overrides: b.options.Table.Overrides(), Diagnostics: slices.Concat(b.mistake, b.idle), Stale: b.mistake.Errors() > 0 || b.unread != nil,
		Unsaved: len(b.unsaved), Trouble: cmp.Or(b.trouble, b.unread),
	}
}

// How often things are looked at.
const (
	tick   = time.Second
	settle = 100 * time.Millisecond // a text that was just written is looked at again
)

// Run ends overrides whose time is over, carries drains on and follows the file until ctx is done. A file that hangs holds up nothing else.
func (b *Book) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() {
		each(ctx, func() time.Duration { b.Tick(); return tick })
	})
	both.Go(func() {
		each(ctx, func() time.Duration {
			if !b.Look() {
				return settle
			}
			return tick
		})
	})
	both.Wait()
}

// each calls do until ctx is done, as often as it asks for.
func each(ctx context.Context, do func() time.Duration) {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(do())
		}
	}
}

// Tick ends overrides whose time is over and carries drains on.
func (b *Book) Tick() {
	for _, o := range b.options.Table.Tick() {
		b.options.Log.Info(fmt.Sprintf("override %s: its time is over, it said %s", o.Pattern, o.Force), "by", o.By, "reason", o.Reason, "until", o.Until.Local().Format(time.RFC3339))
	}
}

// Follow makes path the file; its overrides are in force when it returns. An empty one stands for memory only. Changes that the old file does not
// have go to the new one.
func (b *Book) Follow(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read && b.path == path {
		return
	}
	b.path, b.text, b.read, b.wavers, b.unsure = path, nil, false, false, nil
	b.pos, b.mistake, b.trouble, b.unread = nil, nil, nil, nil
	b.lookLocked(true)
	if !b.read { // nothing is known of the new one
		b.read = true
		b.options.Table.Hold(b.listLocked())
	}
	if len(b.unsaved) > 0 {
		b.saveLocked()
	}
}

// errNoPlace says that changes live in memory.
var errNoPlace = errors.New("there is no state directory; overrides: FILE in signpost.yaml names another place")
