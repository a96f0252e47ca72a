package host

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"signpost/host/admin"
	"signpost/host/config"
	"signpost/host/diag"
)

// desk is where operators come to: the admin server, by its address and by its socket. Start, and then the loader's goroutine, change it.
type desk struct {
	host   *Host
	access admin.Access

	mu     sync.Mutex      // guards what follows: Close may come from another goroutine
	doors  [doorCount]door // each is there or not
	served bool            // they answer
}

// The doors.
const (
	byAddress = iota
	bySocket
	doorCount
)

// door is one listener of the admin server.
type door struct {
	server *admin.Server // nil: none
	at     string        // where it was asked to listen
}

// wanted says where to listen, for each door; "" is nowhere.
func (d *desk) wanted(cfg *config.Config) (at [doorCount]string) {
	at[byAddress] = cfg.Admin
	if d.host.options.Admin != nil {
		at[byAddress] = *d.host.options.Admin
	}
	path := d.host.options.AdminSocket
	if path == "" {
		path = d.host.beside(cfg.AdminSocket)
	}
	if path != "" {
		at[bySocket] = config.SocketScheme + path
	}
	return at
}

// othersRead is the bit of a file's mode by which everybody may read it.
const othersRead fs.FileMode = 0o004

// beside is the path of a file that signpost.yaml names; "" is none.
func (h *Host) beside(f config.File) string {
	path := filepath.FromSlash(f.Path)
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	path = filepath.Join(h.options.Dir, path)
	if whole, err := filepath.Abs(path); err == nil {
		return whole // clients may be elsewhere
	}
	return path
}

// follow has the access rules of cfg count. What is wrong with the token's file refuses what needs the token, and nothing else.
func (d *desk) follow(cfg *config.Config) (diags diag.List) {
	pos, file := cfg.AdminTokenFile.Pos, d.host.beside(cfg.AdminTokenFile)
	if d.host.options.AdminTokenFile != "" {
		pos, file = diag.Pos{File: "--admin-token-file"}, d.host.options.AdminTokenFile
	}
	if err := d.access.Follow(admin.Rules{TokenFile: file, Reads: cfg.AdminReads, Hosts: cfg.AdminHosts}); err != nil {
		diags.Errorf(pos, "%v; what needs it is refused until it can be used", err)
	} else if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && info.Mode()&othersRead != 0 {
		diags.Warnf(pos, "everybody on this machine can read %s (chmod 600 helps)", file)
	}
	if cfg.AdminReads && file == "" {
		diags.Errorf(diag.Pos{File: config.FileName}, "admin-token-reads: there is no token: everything but /healthz, /readyz and /metrics is refused until admin-token-file names one")
	}
	return diags
}

// bind binds what cfg asks for; serve answers. An address that cannot be had is a reason not to start.
func (d *desk) bind(cfg *config.Config) error {
	for _, found := range d.follow(cfg) {
		found.LogTo(d.host.options.Log)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, at := range d.wanted(cfg) {
		if at == "" {
			continue
		}
		server, err := d.open(at)
		if err != nil {
			return err
		}
		d.doors[i] = door{server, at}
	}
	return nil
}

// open binds one address.
func (d *desk) open(at string) (*admin.Server, error) {
	h := d.host
	server, err := admin.Listen(admin.Options{Addr: at, State: (*state)(h), Access: &d.access, Report: h.report, Explain: h.explained(), Health: h.health, Overrides: h.overrides,
		Targets: h.targets, Push: pusher{h.probes}, Timeline: h.events.timeline, Plugins: http.HandlerFunc(h.servePlugins), Counters: &h.counters, Version: Version, Cores: h.processors.Count(), Log: h.options.Log})
	if err != nil && strings.HasPrefix(at, config.SocketScheme) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w (another address: --admin ADDR, none: --admin off)", err)
	}
	if server.Exposed() {
		h.options.Log.Warn("the admin server can be reached from other machines: without the token they get /healthz, /readyz and /metrics, and it speaks no TLS", "addr", server.Addr())
	}
	return server, nil
}

// serve answers at all doors, from the first call on.
func (d *desk) serve() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.served {
		return
	}
	d.served = true
	for _, door := range d.doors {
		if door.server != nil {
			door.server.Serve(d.host.fail)
		}
	}
}

// change moves to where cfg says; what cannot be had stays where it was.
func (d *desk) change(cfg *config.Config) (diags diag.List) {
	diags = d.follow(cfg)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, at := range d.wanted(cfg) {
		if err := d.moveLocked(&d.doors[i], at); err != nil {
			diags.Errorf(diag.Pos{File: config.FileName}, "%v; the admin server stays where it was", err)
		}
	}
	return diags
}

// moveLocked moves one door; if the new address cannot be had, the old one stays.
func (d *desk) moveLocked(door *door, at string) error {
	if door.at == at {
		return nil
	}
	var next *admin.Server
	if at != "" {
		var err error
		if next, err = d.open(at); err != nil {
			return err
		}
		next.Serve(d.host.fail)
	}
	old := door.server
	door.server, door.at = next, at
	var err error
	if old != nil {
		err = old.Close()
	}
	if next != nil {
		d.host.options.Log.Info("the admin server listens", "addr", at)
	}
	return err
}

// close ends what is open.
func (d *desk) close() {
	d.mu.Lock()
	doors := d.doors
	d.mu.Unlock()
	for _, door := range doors {
		if door.server != nil {
			_ = door.server.Close() // requests that did not end in time are cut off
		}
	}
}

// places are where it can be found, for people.
func (d *desk) places() (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, door := range d.doors {
		switch {
		case door.server == nil:
		case i == bySocket:
			list = append(list, config.SocketScheme+door.server.Addr().String())
		default:
			list = append(list, "http://"+door.server.Addr().String()+"/")
		}
	}
	return list
}
