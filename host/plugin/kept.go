package plugin

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"signpost/host/diag"
)

// kept is where compiled code waits for the next start:
//
//	DIR/SUM-OF-THE-MODULE/wazero-…/…   what wazero wrote
//	DIR/SUM-OF-THE-MODULE/sum          the sum of all that
//	DIR/.new-…                         the same on its way; it gets its name when it is whole and summed
//
// wazero takes what it finds on trust. A file that was cut short or has a wrong byte is an error that stays, a huge allocation, or a jump to
// nowhere, so nothing is loaded whose sum is not right, and whatever is wrong is compiled anew.
type kept struct {
	dir string // "": nothing is kept
}

const (
	keptMax     = 16        // modules; a std-Go guest has 7 MB. The one used least recently goes first
	keptLenMax  = 256 << 20 // bytes of one module's code; what is longer is no code of ours
	keptSum     = "sum"
	freshPrefix = ".new-"
	freshMax    = time.Hour // what is on its way for longer belongs to a process that was killed
)

// check tells whether the directory can be used at all.
func (k kept) check() error {
	err := os.MkdirAll(k.dir, 0o700)
	if err != nil {
		return fmt.Errorf("keep compiled plugins in %s: %w", k.dir, diag.Cause(err))
	}
	return nil
}

// place is the directory of one module's code.
func (k kept) place(wasm []byte) string {
	sum := sha256.Sum256(wasm)
	return filepath.Join(k.dir, hex.EncodeToString(sum[:16]))
}

// fresh makes a directory to compile in.
func (k kept) fresh() (string, error) { return os.MkdirTemp(k.dir, freshPrefix) }

// discard removes what did not get its name.
func discard(fresh string) { _ = os.RemoveAll(fresh) } // a later keep removes what stays

// keep sums the code in fresh up and gives it its name.
func (k kept) keep(fresh, place string) error {
	sum, err := sumOf(fresh)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, keptSum), sum, 0o600); err != nil {
		return err
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	if err := os.Rename(fresh, place); err != nil && !intact(place) { // another process may have been faster
		return err
	}
	k.prune(time.Now())
	return nil
}

// prune removes the code that was used least recently, and what nobody finishes any more.
func (k kept) prune(now time.Time) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return
	}
	var places []fs.FileInfo
	for _, entry := range entries {
		info, err := entry.Info()
		switch {
		case err != nil: // gone
		case strings.HasPrefix(entry.Name(), freshPrefix):
			if now.Sub(info.ModTime()) > freshMax {
				discard(filepath.Join(k.dir, entry.Name()))
			}
		case entry.IsDir() && len(entry.Name()) == sha256.Size: // half a sum in hexadecimal
			places = append(places, info)
		}
	}
	slices.SortFunc(places, func(a, b fs.FileInfo) int { return cmp.Compare(b.ModTime().UnixNano(), a.ModTime().UnixNano()) })
	for _, info := range places[min(len(places), keptMax):] {
		discard(filepath.Join(k.dir, info.Name()))
	}
}

// touch notes that the code was used.
func touch(place string) {
	now := time.Now()
	_ = os.Chtimes(place, now, now) // a directory that is read only is never pruned either
}

// intact tells whether the code in a place is what was put there.
func intact(place string) bool {
	info, err := os.Lstat(filepath.Join(place, keptSum))
	if err != nil || !info.Mode().IsRegular() || info.Size() != sha256.Size*2 {
		return false
	}
	want, err := os.ReadFile(filepath.Join(place, keptSum))
	if err != nil {
		return false
	}
	got, err := sumOf(place)
	return err == nil && bytes.Equal(got, want)
}

// sumOf sums up all files below a directory, in hexadecimal. A link, a pipe or a device is an error: opening one may block.
func sumOf(dir string) ([]byte, error) {
	h, room := sha256.New(), int64(keptLenMax)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(dir, keptSum) {
			return err
		}
		if !entry.Type().IsRegular() {
			return &fs.PathError{Op: "sum", Path: path, Err: fs.ErrInvalid}
		}
		n, err := addFile(h, path, room)
		room -= n
		return err
	})
	return hex.AppendEncode(nil, h.Sum(nil)), err
}

// addFile adds a file's name, length and content, room bytes at most.
func addFile(h hash.Hash, path string, room int64) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.Copy(h, io.LimitReader(f, room+1))
	if err == nil && n > room {
		err = &fs.PathError{Op: "sum", Path: path, Err: errors.New("too long")}
	}
	fmt.Fprintf(h, "\n%d %s\n", n, filepath.Base(path))
	return n, err
}
