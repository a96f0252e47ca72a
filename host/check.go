package host

import (
	"context"

	"signpost/host/load"
	"signpost/host/zone"
)

// Check reads dir as Start does, serves nothing, and returns what it found. The error is that there is no such directory, that ctx is done, or
// that the built-in plugins cannot run here.
func Check(ctx context.Context, dir string) (*load.Status, error) {
	p, err := offlinePlugins(ctx)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	checks := inspector(dir, p)
	defer checks.Close()
	status, err := load.Open(ctx, load.Options{Dir: dir, Store: new(zone.Store), Plugins: p, Appoint: checks.Appoint, Examine: checks.Configure})
	if err == nil {
		err = p.Err()
	}
	return status, err
}
