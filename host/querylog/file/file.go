// Package file writes the query log to a file.
//
// Plane: control. Floor: 5. Journey of a query: behind its end.
// One goroutine (Run) takes what the workers' rings hold. Whatever becomes of the file, nobody waits for it: what cannot be written is counted
// and gone. The file is opened anew when it was moved or removed, and when somebody asks for it.
package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"signpost/host/metrics"
	"signpost/host/querylog"
	"signpost/host/querylog/line"
)

const (
	// busyPause and idlePause are how long the writer sleeps after it found something, or nothing.
	busyPause = 10 * time.Millisecond
	idlePause = 100 * time.Millisecond
	// lookPause is how often the file is looked for: whoever moves it away finds the next lines in a new one a second later.
	lookPause = time.Second
	// chunkLen is about how much is written at a time.
	chunkLen = 256 << 10
	fileMode = 0o640
	// firstLenMax is about how long a line can be.
	firstLenMax = 16 << 10
)

// Options configure a Log. All are required.
type Options struct {
	Rings   *querylog.Rings
	Metrics *metrics.Control
	Warn    func(error)         // told when writing begins to fail, by Run's goroutine
	Fine    func(reopened bool) // told when it works again, or the file was opened anew
}

// Log writes one file. Follow and Reopen may be called by anybody at any time.
type Log struct {
	options Options
	wake    chan struct{} // holds a wish

	mu     sync.Mutex // guards what follows
	path   string     // "": off
	reopen bool

	// What follows is Run's.
	file     *os.File
	opened   string // path of file
	lookedAt time.Time
	failing  bool
	torn     bool // the file ends in the middle of a line
	raw      []byte
	text     []byte
	lines    int // in text
}

// New returns a Log that is off.
func New(options Options) *Log { return &Log{options: options, wake: make(chan struct{}, 1)} }

// Follow writes to another file from now on; "" ends logging.
func (l *Log) Follow(path string) {
	l.mu.Lock()
	l.path = path
	l.mu.Unlock()
	l.options.Rings.Switch(path != "")
	l.rouse()
}

// Reopen opens the file anew: it may have been moved.
func (l *Log) Reopen() {
	l.mu.Lock()
	l.reopen = true
	l.mu.Unlock()
	l.rouse()
}

func (l *Log) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// wanted is what Follow and Reopen asked for.
func (l *Log) wanted() (path string, reopen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path, reopen = l.path, l.reopen
	l.reopen = false
	return path, reopen
}

// Run writes until ctx is done and the last entries are written. While the log is off it sleeps.
func (l *Log) Run(ctx context.Context) {
	defer l.close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			l.turn()
			return
		case <-l.wake:
		case <-timer.C:
		}
		path, found := l.turn()
		switch {
		case path == "" && !found: // the next Follow wakes it
		case found:
			timer.Reset(busyPause)
		default:
			timer.Reset(idlePause)
		}
	}
}

// turn brings the file up to date once, and tells whether there was anything to write.
func (l *Log) turn() (path string, found bool) {
	path, reopen := l.wanted()
	if now := time.Now(); path != l.opened || reopen || now.Sub(l.lookedAt) >= lookPause {
		l.lookedAt = now
		l.look(path, reopen)
	}
	l.options.Rings.Each(func(r *querylog.Ring) {
		l.raw = r.Take(l.raw[:0])
		for rest := l.raw; len(rest) > 0; {
			found = true
			var e querylog.Entry
			rest = e.Next(rest)
			q := line.Of(&e, r.Listener)
			l.text = q.Append(l.text)
			if l.lines++; len(l.text) >= chunkLen {
				l.flush()
			}
		}
	})
	l.flush()
	return path, found
}

// look makes sure that the open file is the one at path.
func (l *Log) look(path string, reopen bool) {
	if l.file != nil && path == l.opened && !reopen && l.same() {
		return
	}
	again := l.file != nil && path == l.opened
	l.close()
	if path != l.opened {
		l.opened, l.failing = path, false
	}
	if path == "" {
		return
	}
	file, err := open(path)
	if err != nil {
		l.fail(err)
		return
	}
	l.file, l.torn = file, l.torn && again
	if l.failing || again {
		l.failing = false
		l.options.Fine(again)
	}
}

// same tells whether the open file still stands at its path.
func (l *Log) same() bool {
	there, err := os.Stat(l.opened)
	if err != nil {
		return false
	}
	open, err := l.file.Stat()
	return err == nil && os.SameFile(there, open)
}

// open opens a file for appending, and writes the head if it is empty. A pipe without a reader must not hold the writer up.
func open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK, fileMode)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeDevice == 0 {
		err = fmt.Errorf("open %s: neither a file nor a device", path)
	}
	if err == nil && info.Mode().IsRegular() {
		if info.Size() == 0 {
			_, err = io.WriteString(file, line.Head)
		} else if !isLog(path) {
			err = fmt.Errorf("open %s: it has something else in it than a query log", path)
		}
	}
	if err != nil {
		_ = file.Close() // nothing was lost
		return nil, err
	}
	return file, nil
}

// isLog tells whether what stands in a file began as a query log, perhaps cut off at its front or in its first line: a path that was mistyped
// must not cost somebody's zone. A file that may be written and not read is believed.
func isLog(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer file.Close()
	first, err := bufio.NewReaderSize(file, firstLenMax).ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	text := strings.TrimSuffix(string(first), "\n")
	if strings.HasPrefix(text, line.HeadMark) || text == "" || strings.HasPrefix(line.HeadMark, text) {
		return true
	}
	_, err = line.Parse(text)
	return err == nil
}

// flush writes the collected lines, or counts them as lost.
func (l *Log) flush() {
	if l.lines == 0 {
		return
	}
	counts := &l.options.Metrics.QueryLogWritten
	if l.torn { // what follows must not stand behind the rest of a line
		l.text = slices.Insert(l.text, 0, '\n')
	}
	if l.file == nil {
		counts = &l.options.Metrics.QueryLogFailed
	} else if written, err := l.file.Write(l.text); err != nil {
		counts = &l.options.Metrics.QueryLogFailed
		l.fail(err)
		l.torn = l.torn || written > 0
	} else {
		l.torn = false
		if l.failing {
			l.failing = false
			l.options.Fine(false)
		}
	}
	counts.Add(uint64(l.lines))
	l.text, l.lines = l.text[:0], 0
}

// fail says once that writing fails.
func (l *Log) fail(err error) {
	if !l.failing {
		l.options.Warn(fmt.Errorf("query log: %w; queries are answered and not logged", err))
	}
	l.failing = true
}

func (l *Log) close() {
	if l.file == nil {
		return
	}
	if err := l.file.Close(); err != nil {
		l.fail(err)
	}
	l.file = nil
}
