package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

const (
	// saveRest is the least time between two writes of the state; saveShare times what the latest took, if that is more. A verdict after a
	// rest is written at once: a restart must not make a dead endpoint look alive.
	saveRest  = time.Second
	saveShare = 20
	// historyEvery is how often attempts are written that changed no verdict: less than keptLeast, with time for a start. 10,000 targets take 0.15 s.
	historyEvery = 30 * time.Second
	// keptIntervals and keptLeast say how old a verdict may be that a start begins with; from an older one nothing follows.
	keptIntervals = 5
	keptLeast     = time.Minute
	// stateLenMax bounds the file that is read: 100,000 targets.
	stateLenMax = 128 << 20
)

const stateVersion = 1

// stateFile is the format of the state file.
type stateFile struct {
	Version   int          `json:"version"`
	Directory string       `json:"directory"`
	Saved     time.Time    `json:"saved"`
	Targets   []remembered `json:"targets"`
}

// remembered is a target in the state file.
type remembered struct {
	Check    string        `json:"check"`
	Endpoint string        `json:"endpoint,omitempty"`
	Probes   string        `json:"probes"` // the sum of what is probed
	State    policy.Health `json:"state"`  // of the judge: policy.Health
	Prior    policy.Health `json:"prior"`
	Share    uint8         `json:"share"`
	Held     time.Duration `json:"held"` // nanoseconds
	Since    time.Time     `json:"since"`
	Reason   string        `json:"reason,omitempty"`
	Text     string        `json:"text,omitempty"`
	RTT      time.Duration `json:"rtt,omitempty"`
	Total    uint64        `json:"total"`
	Failed   uint64        `json:"failed"`
	Attempts []byte        `json:"attempts"` // the latest first, packedLen bytes each
}

// packedLen is an attempt in the state file: milliseconds since it ended, microseconds that it took (4 bytes each), code (2), passed (1).
const packedLen = 11

// memory is what an earlier process knew, and the file of that.
type memory struct {
	options *Options
	file    string // "": there is none
	news    chan struct{}
	saved   time.Time
	known   map[targetKey]remembered
	failing bool // the file could not be written
}

func newMemory(o *Options) memory {
	m := memory{options: o, news: make(chan struct{}, 1)}
	if o.StateDir != "" {
		dir := o.Attempts.Dir
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
		name := sha256.Sum256([]byte(dir))
		m.file = filepath.Join(o.StateDir, fmt.Sprintf("health-%x.json", name[:8]))
	}
	return m
}

// recall reads the file of an earlier process. One that cannot be understood is set aside.
func (m *memory) recall() {
	if m.file == "" {
		return
	}
	m.sweep()
	state, err := readState(m.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		aside := m.file + ".corrupt"
		if moved := os.Rename(m.file, aside); moved != nil {
			err = fmt.Errorf("%w; %w", err, moved)
		}
		m.options.Log.Warn(fmt.Sprintf("remembered health: %v; it is set aside as %s, and everything is probed anew", err, aside))
		return
	}
	age := m.options.Now().Sub(state.Saved)
	m.saved, m.known = state.Saved, make(map[targetKey]remembered, len(state.Targets))
	for _, r := range state.Targets {
		if age >= 0 && age <= maxAge {
			m.known[targetKey{r.Check, r.Endpoint}] = r
		}
	}
}

// unfinished is the pattern of files that become the state file when they are whole. A process that is killed leaves its own; after abandoned
// nobody writes it any more.
const (
	unfinished = ".health-*"
	abandoned  = time.Hour
)

// sweep removes what killed processes left.
func (m *memory) sweep() {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(m.file), unfinished)) // an error: the directory's name has brackets
	for _, file := range left {
		if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() && m.options.Now().Sub(info.ModTime()) > abandoned {
			_ = os.Remove(file)
		}
	}
}

// maxAge is the age at which no check's state is of use: intervals are at most an hour.
const maxAge = keptIntervals * time.Hour

func readState(file string) (state stateFile, err error) {
	info, err := os.Stat(file) // opening a pipe would wait
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", file)
	}
	if err == nil && info.Size() > stateLenMax {
		err = fmt.Errorf("%s has %d bytes, more than %d", file, info.Size(), stateLenMax)
	}
	if err != nil {
		return state, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return state, err
	}
	if err = json.Unmarshal(text, &state); err == nil && state.Version != stateVersion {
		err = fmt.Errorf("version %d is not %d", state.Version, stateVersion)
	}
	for _, r := range state.Targets {
		if err == nil && (r.State > policy.Down || r.Prior > policy.Down || r.Share > 100 || len(r.Attempts)%packedLen != 0 || len(r.Attempts) > abi.AttemptMax*packedLen) {
			err = fmt.Errorf("what it says of %s %s cannot be", r.Check, r.Endpoint)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return state, err
}

// restore gives a new target what an earlier process knew of it, unless that is too old or was another check.
func (m *memory) restore(t *target, now time.Duration, wall time.Time) bool {
	r, ok := m.known[t.key]
	age := wall.Sub(m.saved)
	delete(m.known, t.key)
	if !ok || r.State == policy.Unknown || r.Probes != hex.EncodeToString(t.check.probes[:8]) {
		return false
	}
	limit := max(keptLeast, keptIntervals*t.check.config.Interval)
	if t.check.config.Kind == config.CheckPush {
		limit = max(limit, t.check.config.Push.Within)
	}
	history := unpack(r.Attempts, now-age)
	if r.Since.After(wall) || r.Held < 0 || r.RTT < 0 { // nobody has written that here, or the clock was set back
		return false
	}
	if age < 0 || len(history) == 0 || now-history[0].ended > limit {
		return false
	}
	t.history, t.raw, t.prior, t.share, t.reason, t.since = history, r.State, r.Prior, r.Share, r.Reason, r.Since
	t.held, t.rtt, t.total, t.failed, t.fresh = now-age-r.Held, r.RTT, r.Total, r.Failed, false
	for _, a := range history {
		if a.ok {
			t.heard = a.ended
			break
		}
	}
	t.last.Text, t.last.OK, t.lastAt = r.Text, history[0].ok, wall.Add(history[0].ended-now)
	return true
}

// remember is what a later process is told of t.
func (t *target) remember(now time.Duration) remembered {
	return remembered{
		Check: t.key.check, Endpoint: t.key.endpoint, Probes: hex.EncodeToString(t.check.probes[:8]), State: t.raw, Prior: t.prior, Share: t.share,
		Held: max(0, now-t.held), Since: t.since, Reason: t.reason, Text: t.last.Text, RTT: t.rtt, Total: t.total, Failed: t.failed,
		Attempts: pack(t.history, now),
	}
}

func pack(history []seen, now time.Duration) []byte {
	packed := make([]byte, 0, packedLen*len(history))
	for _, a := range history {
		packed = binary.LittleEndian.AppendUint32(packed, uint32(min(max((now-a.ended).Milliseconds(), 0), 1<<32-1)))
		packed = binary.LittleEndian.AppendUint32(packed, a.tookMicros)
		packed = binary.LittleEndian.AppendUint16(packed, a.code)
		ok := byte(0)
		if a.ok {
			ok = 1
		}
		packed = append(packed, ok)
	}
	return packed
}

// unpack is pack's opposite for what was packed at a time of this process, which may be before its beginning.
func unpack(packed []byte, at time.Duration) (history []seen) {
	for p := range slices.Chunk(packed, packedLen) {
		age, took := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
		history = append(history, seen{
			ended: at - time.Duration(age)*time.Millisecond, tookMicros: took,
			code: binary.LittleEndian.Uint16(p[8:]), ok: p[10] == 1,
		})
	}
	return history
}

// saveLoop writes the state when it changed, until stop is done, and then once more.
func (s *Scheduler) saveLoop(stop context.Context) {
	for rest := time.Duration(0); ; {
		select {
		case <-stop.Done():
			s.save()
			return
		case <-time.After(rest):
		}
		select {
		case <-stop.Done():
			s.save()
			return
		case <-s.memory.news:
		case <-time.After(historyEvery):
		}
		began := time.Now()
		s.save()
		rest = max(saveRest, saveShare*time.Since(began))
	}
}

// changedLocked has the state written soon.
func (s *Scheduler) changedLocked() {
	s.dirty = true
	select {
	case s.memory.news <- struct{}{}:
	default: // it will be anyway
	}
}

// packedAtOnce bounds the targets that are packed while nobody else gets at them: a tenth of a millisecond.
const packedAtOnce = 256

// save writes the state if it changed. What could not be written is tried again with the next change; it is said once.
func (s *Scheduler) save() {
	m := &s.memory
	if m.file == "" {
		return
	}
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = false
	targets := make([]*target, 0, len(s.targets))
	if dirty {
		for _, t := range s.targets {
			targets = append(targets, t)
		}
	}
	s.mu.Unlock()
	if !dirty {
		return
	}
	err := writeWhole(m.file, func(w io.Writer) error { return s.writeState(w, targets) })
	switch {
	case err == nil && m.failing:
		s.options.Log.Info("health is remembered again", "file", m.file)
	case err != nil && !m.failing:
		s.options.Log.Warn(fmt.Sprintf("remember health: %v; a restart probes everything anew", err))
	}
	if m.failing = err != nil; m.failing {
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
	}
}

// writeState writes a stateFile piece by piece: as one value, 10,000 targets took 30 MB.
func (s *Scheduler) writeState(w io.Writer, targets []*target) error {
	head, err := json.Marshal(stateFile{Version: stateVersion, Directory: s.options.Attempts.Dir, Saved: s.options.Now(), Targets: []remembered{}})
	if err != nil {
		return err
	}
	saved, between := s.elapsed(), ""
	if _, err = w.Write(bytes.TrimSuffix(head, []byte("]}"))); err != nil {
		return err
	}
	encoder := json.NewEncoder(w) // a line for each
	some := make([]remembered, 0, packedAtOnce)
	for chunk := range slices.Chunk(targets, packedAtOnce) {
		some = some[:0]
		s.mu.Lock()
		for _, t := range chunk {
			if !t.fresh && !t.check.config.Disabled && t.check.config.Kind != config.CheckCalculated {
				some = append(some, t.remember(saved))
			}
		}
		s.mu.Unlock()
		for i := range some {
			if _, err = io.WriteString(w, between); err == nil {
				err = encoder.Encode(&some[i])
			}
			if err != nil {
				return err
			}
			between = ","
		}
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

// writeWhole replaces a file by rename, so that a crash leaves the old or the new one.
func writeWhole(file string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), unfinished)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<16)
	err = write(buffered)
	err = errors.Join(err, buffered.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
