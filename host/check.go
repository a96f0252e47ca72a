package host

import (
	"context"

	"signpost/host/load"
)

// Check reads dir as Start does, serves nothing, and returns what it found. The error is that there is no such directory, that ctx is done, or
// that the built-in plugins cannot run here.
func Check(ctx context.Context, dir string) (*load.Status, error) {
	p, err := offlinePlugins(ctx)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	status, err := load.Check(ctx, dir, p, examiner(dir, p))
	if err == nil {
		err = p.Err()
	}
	return status, err
}
