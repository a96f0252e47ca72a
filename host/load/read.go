package load

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

var (
	errNoDirectory = errors.New("not a directory")
	errUnsettled   = errors.New("the file is being written")
	errIrregular   = errors.New("not a regular file")
	errCut         = errors.New("cut off: there is no newline at the end, and the length is a whole number of disk blocks")
	errZeros       = errors.New("not text, it begins with a zero byte")
	errOutside     = errors.New("the path leaves the data directory")
)

// writer tells whether somebody has a file open for writing.
type writer uint8

const (
	writerUnknown writer = iota
	writerNone
	writerOpen
)

// unfinishedWait is how long a text that does not end in a newline is taken for half a file where the system cannot tell whether
// it is still being written. What programs write in blocks almost never breaks off at the end of a line.
const unfinishedWait = 500 * time.Millisecond

// blockLen divides the length of a file whose writer ran out of disk, or was killed while it copied: both write blocks.
const blockLen = 4096

// fileMax bounds what is read into memory: eight times a zone of ten million records would be 3 GB, and offsets are 32 bits.
const fileMax = 2 << 30

// content is one file as read: the same bytes were hashed and will be parsed.
type content struct {
	text  []byte
	sum   [sha256.Size]byte
	stamp stamp
	err   error // of the system; errUnsettled when the file changed under the reading
}

// reader reads files of one batch, each once, so that all zones of a batch see the same text of a shared file.
// It is for one goroutine at a time.
type reader struct {
	dir     string
	settled bool            // take files as they are: a writer that has them open is not waited for
	overdue map[string]bool // the same for single files, whose writers were waited for long enough
	now     func() time.Time
}

// read returns the file at the slash-separated path.
func (r *reader) read(name string) content {
	if !fs.ValidPath(name) || strings.ContainsRune(name, '\\') && filepath.Separator == '\\' {
		return content{err: fmt.Errorf("%s: %w", name, errOutside)}
	}
	return r.readAnywhere(name, formOf(name))
}

// readAnywhere does the same for a path that may be absolute, and a file of a known form.
func (r *reader) readAnywhere(name string, form form) content {
	full := fullPath(r.dir, name)
	before := stampOf(full)
	if before == (stamp{}) {
		return content{err: &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}}
	}
	patient := !r.settled && !r.overdue[name]
	raw, open, err := readRegular(full, patient, form)
	if err != nil {
		return content{stamp: before, err: relative(err, name)}
	}
	c := content{text: raw, stamp: before}
	switch {
	case stampOf(full) != before:
		c.err = errUnsettled
	case !patient:
	case open == writerOpen:
		c.err = errUnsettled
	case open == writerUnknown && !form.finished(raw) && r.now().Sub(before.touched(r.now())) < unfinishedWait:
		c.err = errUnsettled
	}
	if c.err == nil && form == text && len(raw) > 0 && len(raw)%blockLen == 0 && !form.finished(raw) {
		c.err = &fs.PathError{Op: "read", Path: name, Err: errCut}
	}
	if c.err == nil {
		c.sum = sha256.Sum256(raw)
	}
	return c
}

// form is what kind of content a file has.
type form uint8

const (
	text form = iota
	module
	database
)

// formOf goes by the name.
func formOf(name string) form {
	if path.Ext(name) == pluginSuffix {
		return module
	}
	return text
}

// databaseEnd is what stands in front of the last part of an MMDB file.
var databaseEnd = []byte("\xab\xcd\xefMaxMind.com")

// finished tells whether a content looks whole. A text of no bytes never is: writers truncate first.
func (f form) finished(raw []byte) bool {
	switch f {
	case text:
		return bytes.HasSuffix(raw, []byte("\n"))
	case database:
		return bytes.Contains(raw[max(0, len(raw)-128<<10):], databaseEnd)
	}
	return true
}

// relative shortens the path in a system error to the one that the user wrote.
func relative(err error, name string) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return &fs.PathError{Op: pathErr.Op, Path: name, Err: pathErr.Err}
	}
	return err
}

// readRegular reads a regular file, and nothing else: a device may be endless. A patient reader is errUnsettled rather than reading what is
// still being written. No text begins with a zero byte; files that lost their blocks in a crash do, as long as they ever were.
func readRegular(full string, patient bool, form form) ([]byte, writer, error) {
	refuse := func(err error) ([]byte, writer, error) {
		return nil, writerUnknown, &fs.PathError{Op: "read", Path: full, Err: err}
	}
	if info, err := os.Stat(full); err != nil {
		return nil, writerUnknown, err
	} else if !info.Mode().IsRegular() {
		return refuse(errIrregular) // opening a device may do something
	}
	f, err := os.OpenFile(full, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, writerUnknown, err
	}
	defer f.Close()
	info, err := f.Stat() // of what was opened: it may be another file by now
	switch {
	case err != nil:
		return nil, writerUnknown, err
	case !info.Mode().IsRegular():
		return refuse(errIrregular)
	case info.Size() > fileMax:
		return refuse(fmt.Errorf("%d bytes are more than %d", info.Size(), int64(fileMax)))
	case patient && writerOf(f) == writerOpen:
		return nil, writerOpen, errUnsettled
	}
	var first [1]byte
	if n, _ := f.ReadAt(first[:], 0); n == 1 && first[0] == 0 && form == text {
		return refuse(errZeros)
	}
	raw := make([]byte, info.Size()+1) // one more, so that a file that did not grow is known in one read
	n, err := io.ReadFull(f, raw)
	if err == nil {
		return nil, writerOpen, errUnsettled // it grew
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, writerUnknown, err
	}
	return raw[:n], writerOf(f), nil
}
