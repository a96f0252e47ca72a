package timeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"signpost/host/event"
)

const (
	fileLenMax = 1 << 20 // then it becomes the old one
	fileMode   = 0o640
	dirMode    = 0o700
	oldSuffix  = ".old"

	seqMax = 1 << 53 // of an event in a file: a larger one is damage, and programs in JavaScript could not tell it from the next
)

// file is one JSON object a line, appended with one write for each batch, so that a kill at any moment tears at most the last line. It is not
// synced: a power failure may cost the latest events, not the order of the others.
type file struct {
	path    string
	log     *slog.Logger
	f       *os.File // nil: not open
	size    int64    // what of it is whole
	failing bool     // it was said that it cannot be read or written
}

func newFile(stateDir, dir string, log *slog.Logger) *file {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	name := sha256.Sum256([]byte(dir))
	return &file{path: filepath.Join(stateDir, fmt.Sprintf("timeline-%x.jsonl", name[:8])), log: log}
}

// load returns the latest of what stands in the old file and in the present one, and opens the latter.
func (f *file) load() (events []event.Event) {
	var lines [][]byte
	for _, path := range []string{f.path + oldSuffix, f.path} {
		text, err := readWhole(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.report(err)
			continue
		}
		for line := range bytes.Lines(text) {
			lines = append(lines, line)
		}
	}
	skipped := 0
	for _, line := range lines[max(len(lines)-eventsMax, 0):] {
		var e event.Event
		if line[len(line)-1] != '\n' || json.Unmarshal(line, &e) != nil || e.At.IsZero() || e.Seq > seqMax {
			skipped++ // the last one was being written when the process ended
			continue
		}
		events = append(events, e)
	}
	if skipped > 0 {
		f.log.Warn(fmt.Sprintf("timeline: %d lines of %s are damaged and left out", skipped, f.path))
	}
	f.report(f.open())
	return events
}

// readWhole reads a file of which nobody but this program makes more than so much.
func readWhole(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkRegular(info, path) // opening a pipe waits for who writes into it
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text := make([]byte, min(info.Size(), 4*fileLenMax))
	n, err := io.ReadFull(file, text)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil // it became shorter
	}
	return text[:n], err
}

// open opens the file for appending, behind its last whole line.
func (f *file) open() error {
	if err := os.MkdirAll(filepath.Dir(f.path), dirMode); err != nil {
		return err
	}
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return checkRegular(info, f.path)
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	f.size, err = wholeLen(file)
	if err == nil {
		err = file.Truncate(f.size)
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return err
	}
	f.f = file
	return nil
}

// wholeLen is the length of a file up to its last line feed.
func wholeLen(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, errors.Join(err, checkRegular(info, file.Name()))
	}
	buf := make([]byte, 64<<10)
	for end := info.Size(); end > 0; {
		start := max(end-int64(len(buf)), 0)
		n, err := file.ReadAt(buf[:end-start], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if at := bytes.LastIndexByte(buf[:n], '\n'); at >= 0 {
			return start + int64(at) + 1, nil
		}
		end = start
	}
	return 0, nil
}

func checkRegular(info fs.FileInfo, name string) error {
	if info == nil || info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s is no file", name)
}

// append writes events. What cannot be written is in memory alone.
func (f *file) append(events []event.Event) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i := range events {
		if err := encoder.Encode(&events[i]); err != nil {
			f.report(err)
			return
		}
	}
	f.report(f.write(text.Bytes()))
}

// write appends whole lines, or nothing.
func (f *file) write(text []byte) error {
	if f.f == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.size > 0 && f.size+int64(len(text)) > fileLenMax {
		f.close()
		if err := os.Rename(f.path, f.path+oldSuffix); err != nil {
			return err
		}
		if err := f.open(); err != nil {
			return err
		}
	}
	written, err := f.f.WriteAt(text, f.size)
	if err != nil {
		if written > 0 {
			err = errors.Join(err, f.f.Truncate(f.size))
		}
		f.close() // perhaps it can be opened again by then
		return err
	}
	f.size += int64(written)
	return nil
}

// report says once that the file cannot be written, and once that it can again.
func (f *file) report(err error) {
	switch {
	case err != nil && !f.failing:
		f.log.Warn(fmt.Sprintf("timeline: %v; what happens is kept in memory alone", err))
	case err == nil && f.failing:
		f.log.Info("the timeline is written to its file again", "file", f.path)
	}
	f.failing = err != nil
}

func (f *file) close() {
	if f.f == nil {
		return
	}
	err := f.f.Close()
	f.f = nil
	if err != nil {
		f.report(err)
	}
}
