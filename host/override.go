package host

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"signpost/host/config"
	"signpost/host/override"
)

// overridesFile is where overrides are kept; "" is nowhere. A state directory that systemd made is the service's own; the user's is shared by all
// servers of that user, and what is said of one must not count for another, so the file is named after the data directory there.
func (h *Host) overridesFile(cfg *config.Config) string {
	switch {
	case h.options.Overrides != "":
		return h.options.Overrides
	case cfg.Overrides.Path != "":
		return h.beside(cfg.Overrides)
	}
	place := stateDir()
	if place == "" {
		return ""
	}
	if place == systemdDir("STATE_DIRECTORY") {
		return filepath.Join(place, override.FileName)
	}
	dir, err := filepath.Abs(h.options.Dir)
	if err != nil {
		dir = h.options.Dir
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(place, fmt.Sprintf("overrides-%x.yaml", sum[:8]))
}
