package load

import (
	"errors"

	"signpost/host/config"
	"signpost/host/diag"
)

// readSecrets reads the secrets of keys that have files of their own. It is false while one of the files is being written. The files are followed
// also if the configuration has errors, which may be theirs.
func (l *Loader) readSecrets(r *reader, cfg *config.Config) (settled bool) {
	l.secrets = nil
	settled = true
	for i := range cfg.Keys {
		key := &cfg.Keys[i]
		file := key.SecretFile
		if file.Path == "" {
			continue
		}
		l.secrets = append(l.secrets, file.Path)
		c := r.readAnywhere(file.Path, text)
		if c.stamp != (stamp{}) {
			l.files[file.Path] = c.stamp
		}
		if errors.Is(c.err, errUnsettled) {
			settled = false
			continue
		}
		if c.err != nil {
			l.found.config.Errorf(file.Pos, "key %s: %s cannot be read: %v", key.Name, file.Path, diag.Cause(c.err))
			continue
		}
		secret, err := config.ParseSecret(string(c.text))
		if err != nil {
			l.found.config.Errorf(file.Pos, "key %s: %s: %v", key.Name, file.Path, err)
			continue
		}
		key.Secret = secret
	}
	return settled
}
