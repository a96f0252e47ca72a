package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// served remembers which serial a content was served with.
type served struct {
	Sum    hexSum `json:"sum"` // of all files of the zone
	File   uint32 `json:"file"`
	Served uint32 `json:"served"`
}

// hexSum is a SHA-256 sum that JSON shows as text.
type hexSum [sha256.Size]byte

// MarshalText writes lower-case hex.
func (s hexSum) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *hexSum) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(s)) {
		return fmt.Errorf("sum %q is not %d hexadecimal digits", text, hex.EncodedLen(len(s)))
	}
	_, err := hex.Decode(s[:], text)
	return err
}

// next decides the serial of a content that has read.File in its SOA, after s was served: never backwards (RFC 1982), the file's own if that
// is ahead, the same for the same content, and otherwise one more.
func (s served) next(read served) served {
	switch {
	case s == (served{}) || serialAhead(read.File, s.Served):
	case read.Sum == s.Sum:
		read.Served = s.Served
	default:
		read.Served = s.Served + 1
	}
	return read
}

// serialAhead compares as RFC 1982 section 3.2 does.
func serialAhead(a, b uint32) bool { return int32(a-b) > 0 }

// serials keeps what was served of each zone, in a file if there is a place for it: a restart must not send secondaries backwards.
type serials struct {
	file  string // "": memory only
	log   *slog.Logger
	zones map[string]served // by path of the zone file
	dirty bool              // they differ from the file

	failing  bool // the file could not be written
	recalled bool
}

// serialsFile is the format of the state file.
type serialsFile struct {
	Version   int               `json:"version"`
	Directory string            `json:"directory"`
	Zones     map[string]served `json:"zones"`
}

const serialsVersion = 1

// newSerials prepares the memory of dir below stateDir; nothing is read yet.
func newSerials(stateDir, dir string, log *slog.Logger) *serials {
	s := &serials{log: log, zones: make(map[string]served)}
	if stateDir != "" {
		name := sha256.Sum256([]byte(dir))
		s.file = filepath.Join(stateDir, fmt.Sprintf("serials-%x.json", name[:8]))
	}
	return s
}

// recall reads what an earlier process remembered, once; what this one served already counts more. A file that cannot be read is
// reported and replaced.
func (s *serials) recall() {
	if s.recalled || s.file == "" {
		return
	}
	s.recalled = true
	text, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	state := serialsFile{}
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err == nil && state.Version != serialsVersion {
		err = fmt.Errorf("version %d is not %d", state.Version, serialsVersion)
	}
	if err != nil {
		s.log.Warn(fmt.Sprintf("remembered serials: %s: %v; starting with those of the files", s.file, err))
		return
	}
	for path, known := range state.Zones {
		if _, ok := s.zones[path]; !ok {
			s.zones[path] = known
		}
	}
}

// set remembers what a zone is served with from now on.
func (s *serials) set(path string, now served) {
	if s.zones[path] != now {
		s.zones[path], s.dirty = now, true
	}
}

// save writes what changed. What could not be written is tried again with the next change; it is said once.
func (s *serials) save(dir string) {
	if !s.dirty || s.file == "" {
		return
	}
	text, err := json.MarshalIndent(serialsFile{Version: serialsVersion, Directory: dir, Zones: s.zones}, "", "\t")
	if err == nil {
		err = writeWhole(s.file, append(text, '\n'))
	}
	switch {
	case err == nil && s.failing:
		s.log.Info("serials are remembered again", "file", s.file)
	case err != nil && !s.failing:
		s.log.Warn(fmt.Sprintf("remember serials: %v; a restart begins with those of the files", err))
	}
	s.dirty, s.failing = err != nil, err != nil
}

// writeWhole replaces a file by rename, so that a crash leaves the old or the new one.
func writeWhole(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".serials-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
