package host

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"signpost/host/load"
	"signpost/host/plugin"
	"signpost/host/reply"
)

// Plugin is a plugin that zones may name, or a file that should hold one and does not.
type Plugin struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Doc       string `json:"doc,omitempty"`
	File      string `json:"file,omitempty"`      // in the data directory; none: built-in
	Overrides bool   `json:"overrides,omitempty"` // the file goes before a built-in plugin
	SHA256    string `json:"sha256,omitempty"`
	State     string `json:"state"` // a word of pluginStates
	Problem   string `json:"problem,omitempty"`
	Decisions uint64 `json:"decisions"`
	Fuel      uint64 `json:"fuel"` // of all decisions
	Strikes   uint64 `json:"strikes"`
	Fallbacks uint64 `json:"fallbacks"`
}

// The states of a Plugin.
const (
	PluginReady   = "ready"
	PluginTripped = "tripped" // too many strikes: its policies answer with equal weights until its file changes
	PluginStale   = "stale"   // the latest text of its file was refused; an earlier one is used
	PluginFailed  = "failed"  // its file does not load
)

// Plugins describes the plugins of a directory, as a server of it would have them. dir is "" for the built-in ones alone.
func Plugins(ctx context.Context, dir string) ([]Plugin, error) {
	p, err := offlinePlugins(ctx)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	status := new(load.Status)
	if dir != "" {
		if status, err = load.Check(ctx, dir, p); err != nil {
			return nil, err
		}
	}
	select {
	case <-p.Ready():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return pluginList(p, status), p.Err()
}

// pluginList joins what the plugin host has with what the loader could not load.
func pluginList(p *plugin.Host, status *load.Status) []Plugin {
	builtins := p.Builtins()
	list := []Plugin{}
	for _, info := range p.Plugins() {
		one := Plugin{Name: info.Name, Version: info.Version, Kind: info.Kind, Doc: info.Doc, SHA256: info.SHA256, State: PluginReady,
			Problem: info.LastError, Decisions: info.Decisions, Fuel: info.Fuel, Strikes: info.Strikes, Fallbacks: info.Fallbacks}
		if !info.Builtin {
			one.File = "plugins/" + info.Name + ".wasm"
			one.Overrides = slices.Contains(builtins, info.Name)
		}
		if info.Broken {
			one.State = PluginTripped
		}
		list = append(list, one)
	}
	if status == nil {
		return list
	}
	for _, failed := range status.Failed {
		if !strings.HasSuffix(failed.Path, ".wasm") {
			continue
		}
		name := strings.TrimSuffix(path.Base(failed.Path), ".wasm")
		i := slices.IndexFunc(list, func(one Plugin) bool { return one.Name == name && one.File != "" })
		if i < 0 {
			i = len(list)
			list = append(list, Plugin{Name: name, File: failed.Path, State: PluginFailed})
		} else {
			list[i].State = PluginStale
		}
		list[i].Problem = problemOf(status, failed.Path, name)
	}
	slices.SortStableFunc(list, func(a, b Plugin) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// problemOf finds why a plugin's file is not used: its own diagnostics, or one in signpost.yaml about its sum.
func problemOf(status *load.Status, file, name string) string {
	for _, d := range status.Diagnostics {
		if d.Pos.File == file || strings.HasPrefix(d.Text, "plugin "+name+": ") {
			return d.String()
		}
	}
	return ""
}

// servePlugins answers GET /plugins.
func (h *Host) servePlugins(w http.ResponseWriter, _ *http.Request) {
	reply.JSON(w, http.StatusOK, pluginList(h.plugins, h.loader.Status()))
}
