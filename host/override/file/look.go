package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/override"
)

// Look reads the file, takes over what changed, and writes what it does not have yet. It tells whether that is all: false means that the file
// changed just now, and is to be looked at again soon.
func (b *Book) Look() (settled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	settled = b.lookLocked(false)
	if settled && b.path != "" && (len(b.unsaved) > 0 || b.overdueLocked()) {
		b.saveLocked()
	}
	b.idleLocked()
	return settled
}

// lookLocked takes over the file's text if it changed. A new text must stand for two looks, unless at once: editors empty a file before they
// write it, or move it away, and for that moment nobody wants all overrides to end.
func (b *Book) lookLocked(atOnce bool) (settled bool) {
	if b.path == "" {
		return true
	}
	text, changed, err := readWhole(b.path)
	if err != nil {
		if b.unread == nil || b.unread.Error() != err.Error() {
			b.options.Log.Error(fmt.Sprintf("overrides: %v; they stay as they were", err), "overrides", len(b.listLocked()))
		}
		b.unread = err
		return true
	}
	if b.unread != nil {
		b.options.Log.Info(fmt.Sprintf("overrides: %s can be read again", b.path))
	}
	b.unread = nil
	if b.read && (text == nil) == (b.text == nil) && bytes.Equal(text, b.text) {
		b.wavers, b.unsure = false, nil
		return true
	}
	if !atOnce && !(b.wavers && bytes.Equal(text, b.unsure)) {
		b.wavers, b.unsure = true, text
		return false
	}
	b.wavers, b.unsure = false, nil
	b.takeLocked(text, changed)
	return true
}

// takeLocked puts a text of the file in force, unless it has errors.
func (b *Book) takeLocked(text []byte, changed time.Time) {
	first, mended := !b.read, b.mistake.Errors() > 0
	b.text, b.read = text, true
	entries, diags := override.Parse(b.path, text)
	now := b.options.Now().Round(0)
	for i := range entries {
		if e := &entries[i]; e.At.After(now) {
			diags.Warnf(e.AtPos, "at: %s is yet to come; the override counts already, since the file says so", e.At.Local().Format(time.RFC3339))
			e.At = time.Time{}
		}
	}
	diags.Sort()
	b.mistake = diags
	for _, d := range diags {
		d.LogTo(b.options.Log)
	}
	if diags.Errors() > 0 {
		b.options.Log.Error(fmt.Sprintf("%s has mistakes: the overrides stay as they were", b.path), "overrides", len(b.listLocked()))
		return
	}
	before := b.listLocked()
	if changed.After(now) {
		changed = now
	}
	next := make([]health.Override, 0, len(entries))
	b.pos = make(map[health.Pattern]diag.Pos, len(entries))
	for _, e := range entries {
		if e.At.IsZero() { // since the file said so for the first time
			e.At = changed.UTC()
			if i := slices.IndexFunc(b.good, func(o health.Override) bool { return o.Pattern == e.Pattern && o.Force == e.Force && o.Over == e.Over }); i >= 0 {
				e.At = b.good[i].At
			}
		}
		next = append(next, e.Override)
		b.pos[e.Pattern] = e.Pos
	}
	b.good = next
	after := b.listLocked()
	b.options.Table.Hold(after)
	if mended {
		b.options.Log.Info(fmt.Sprintf("%s has no mistakes any more: what it says is in force", b.path), "overrides", len(after))
	}
	b.tellChangesLocked(before, after, first)
}

// tellChangesLocked logs what another text of the file changed.
func (b *Book) tellChangesLocked(before, after []health.Override, first bool) {
	for _, o := range after {
		if !slices.Contains(before, o) {
			count := len(b.options.Table.Matching(o.Pattern))
			if first { // the zones are yet to come
				b.options.Log.Info(fmt.Sprintf("override %s: %s, as %s says", o.Pattern, o.Force, b.path), "by", o.By, "reason", o.Reason)
				continue
			}
			b.tellLocked(o, count)
		}
	}
	for _, o := range before {
		if !slices.ContainsFunc(after, func(other health.Override) bool { return other.Pattern == o.Pattern }) {
			b.options.Log.Warn(fmt.Sprintf("override %s: gone from %s, it said %s", o.Pattern, b.path, o.Force), "by", o.By, "reason", o.Reason)
		}
	}
}

// idleLocked warns of overrides that match nothing.
func (b *Book) idleLocked() {
	list, claim := b.listLocked(), b.options.Table.Claim()
	if b.asked.claim == claim && slices.Equal(b.asked.list, list) {
		return
	}
	if b.options.Table.Empty() {
		return // the zones are yet to come
	}
	b.asked = asked{claim, list}
	var idle diag.List
	for _, o := range list {
		if !b.options.Table.Names(o.Pattern) {
			pos, ok := b.pos[o.Pattern]
			if !ok {
				pos = diag.Pos{File: b.path}
			}
			idle.Warnf(pos, "%s matches no candidate; it waits for one", o.Pattern)
		}
	}
	for _, d := range idle {
		if !slices.Contains(b.idle, d) {
			d.LogTo(b.options.Log)
		}
	}
	b.idle = idle
}

// overdueLocked tells whether the file has overrides whose time is over, and is as it was written here: what people wrote by hand keeps its form
// until the next change.
func (b *Book) overdueLocked() bool {
	now := b.options.Now()
	return slices.ContainsFunc(b.good, func(o health.Override) bool { return o.Expired(now) }) &&
		b.mistake.Errors() == 0 && bytes.Equal(b.text, override.Format(b.text, b.good))
}

// saveLocked writes what is in force, if that can be.
func (b *Book) saveLocked() {
	switch {
	case b.path == "":
		b.troubleLocked(errNoPlace)
		return
	case b.unread != nil:
		b.troubleLocked(fmt.Errorf("%w; it is written when it can be read", b.unread))
		return
	case b.mistake.Errors() > 0:
		b.troubleLocked(fmt.Errorf("%s has mistakes (%s); it is written when they are gone", b.path, b.mistake[0]))
		return
	}
	list := b.listLocked()
	text := override.Format(b.text, list)
	if err := writeWhole(b.path, text); err != nil {
		b.troubleLocked(err)
		return
	}
	if b.trouble != nil {
		b.options.Log.Info("overrides are written again", "file", b.path)
	}
	b.text, b.good, b.unsaved, b.trouble, b.pos, b.mistake = text, list, nil, nil, nil, nil // what was warned of is written anew
}

// troubleLocked keeps why the file is not as it should be, and says it once.
func (b *Book) troubleLocked(err error) {
	if b.trouble == nil || b.trouble.Error() != err.Error() {
		b.options.Log.Error(fmt.Sprintf("overrides: %v", err), "unsaved", len(b.unsaved))
	}
	b.trouble = err
}

// textLenMax bounds what is read; the parser refuses less.
const textLenMax = 2 << 20

// readWhole reads a file and when it was changed; nil: there is none.
func readWhole(path string) (text []byte, changed time.Time, err error) {
	info, err := os.Stat(path) // opening a pipe would wait
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	if !info.Mode().IsRegular() {
		return nil, time.Time{}, fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, textLenMax))
	return slices.Concat([]byte{}, text), info.ModTime(), err
}

// writeWhole replaces a file by rename, so that a crash leaves the old or the new one. What a link leads to is replaced, not the link.
func writeWhole(path string, text []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write overrides: %w", err)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		if mode&0o200 == 0 {
			return fmt.Errorf("write overrides: %s is read-only", path)
		}
	}
	f, err := os.CreateTemp(dir, ".overrides-*")
	if err != nil {
		return unwritten(path, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what was written of it helps nobody
		return unwritten(path, err)
	}
	return nil
}

// unwritten tells why a file could not be written, without the name of the one that was to become it: that is another one each time, and who
// says each error once would say it for ever.
func unwritten(path string, err error) error {
	return fmt.Errorf("write overrides: %s: %w", path, diag.Cause(err))
}
