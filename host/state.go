package host

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"signpost/host/admin"
	"signpost/host/load"
)

// state is the host as the admin server sees it.
type state Host

// Status gathers what is known now.
func (s *state) Status() admin.Status {
	h := (*Host)(s)
	h.countListeners()
	status := admin.Status{Loaded: h.ready.Load(), Plugins: h.pluginStates(nil)}
	status.Seen, status.ToSee = h.probes.Waiting()
	loaded := h.loader.Status()
	if loaded == nil {
		return status
	}
	status.Generation, status.Views, status.Zones, status.Records =
		loaded.Generation, len(loaded.Config.Views), len(loaded.Zones), loaded.Records()
	status.States, status.Overrides, status.Distressed = h.health.Counts()
	status.Held = h.overrides.Status()
	status.Diagnostics = slices.Concat(loaded.Diagnostics, status.Held.Diagnostics)
	status.Plugins = h.pluginStates(loaded.Failed)
	for _, d := range loaded.Data {
		status.Data = append(status.Data, admin.Data{Key: d.Key, File: d.Path, Built: d.Built, Rows: d.Rows})
	}
	for _, f := range loaded.Failed {
		status.Stale = append(status.Stale, admin.Stale{File: f.Path, View: f.View, Zone: f.Name, Serving: f.Serving})
	}
	if status.Held.Stale {
		status.Stale = append(status.Stale, admin.Stale{File: status.Held.Path, Serving: true})
	}
	return status
}

// countListeners carries the servers' counters to where the metrics are read.
func (h *Host) countListeners() {
	sum := h.listeners.counters()
	c := &h.counters.Control
	c.TCPConnections.Store(int64(sum.Open))
	c.TCPAccepted.Store(sum.Accepted)
	c.TCPRefused.Store(sum.Evicted)
	datagrams := h.listeners.countersUDP()
	c.UDPCut.Store(datagrams.Truncated)
	c.UDPPortZero.Store(datagrams.PortZero)
	c.UDPSendErrors.Store(datagrams.SendErrors)
	c.UDPReceiveErrors.Store(datagrams.ReceiveErrors)
}

// builtinPlugins stands for the built-in plugins while nobody knows their names.
const builtinPlugins = "built-in"

// pluginStates are the plugins that are loaded, and those that should be.
func (h *Host) pluginStates(failed []load.Failed) []admin.Plugin {
	var list []admin.Plugin
	for _, p := range h.plugins.Plugins() {
		state := admin.PluginReady
		if p.Broken {
			state = admin.PluginTripped
		}
		list = append(list, admin.Plugin{Name: p.Name, Version: p.Version, SHA256: p.SHA256, State: state,
			Strikes: p.Strikes, Calls: p.Decisions, Fallbacks: p.Fallbacks, Fuel: p.Fuel})
	}
	for _, f := range failed {
		name, is := strings.CutSuffix(filepath.Base(f.Path), ".wasm")
		if is && !f.Serving && !slices.ContainsFunc(list, func(p admin.Plugin) bool { return p.Name == name }) {
			list = append(list, admin.Plugin{Name: name, State: admin.PluginFailed})
		}
	}
	select {
	case <-h.plugins.Ready():
		if h.plugins.Err() != nil {
			list = append(list, admin.Plugin{Name: builtinPlugins, State: admin.PluginFailed})
		}
	default:
		list = append(list, admin.Plugin{Name: builtinPlugins, State: admin.PluginLoading})
	}
	slices.SortFunc(list, func(a, b admin.Plugin) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// CacheDir is where compiled plugins are kept: systemd's CacheDirectory=, or the user's cache; "" where there is none.
func CacheDir() string {
	if dir := systemdDir("CACHE_DIRECTORY"); dir != "" {
		return filepath.Join(dir, "plugins")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "signpost", "plugins")
}

// stateDir is where served serials are remembered: systemd's StateDirectory=, or the user's; "" where there is none.
func stateDir() string {
	if dir := systemdDir("STATE_DIRECTORY"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "signpost")
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		if dir, err := os.UserConfigDir(); err == nil {
			return filepath.Join(dir, "signpost", "state")
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "signpost")
}

// systemdDir is the first directory that systemd made for the service.
func systemdDir(variable string) string {
	dir, _, _ := strings.Cut(os.Getenv(variable), ":")
	return dir
}
