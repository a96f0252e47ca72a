package load

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
)

// isModule tells whether a path is a plugin's file.
func isModule(name string) bool {
	return path.Dir(name) == pluginsDir && path.Ext(name) == pluginSuffix
}

// moduleName is the plugin that the file holds: plugins/weighted.wasm goes before the built-in weighted.
func moduleName(file string) string { return strings.TrimSuffix(path.Base(file), pluginSuffix) }

// loadModule hands one plugin file to the plugin host.
func (l *Loader) loadModule(ctx context.Context, b *batch, m *moduleJob) {
	pos := diag.Pos{File: m.path}
	if m.gone {
		b.change.Remove(moduleName(m.path))
		return
	}
	c := b.reader.read(m.path)
	if m.unsettled = errors.Is(c.err, errUnsettled); m.unsettled {
		return
	}
	if c.err != nil {
		m.diags.Errorf(pos, "plugin %s: %v", moduleName(m.path), c.err)
		return
	}
	if sum := hex.EncodeToString(c.sum[:]); m.limits.SHA256 != "" && sum != m.limits.SHA256 {
		m.diags.Errorf(m.limits.SHA256Pos, "plugin %s: %s has the sum %s, expected %s", moduleName(m.path), m.path, sum, m.limits.SHA256)
		return
	}
	m.version = moduleVersion{c.sum, m.limits}
	if m.same = m.version == m.loaded; m.same {
		return
	}
	limits := plugin.Limits{Memory: uint32(m.limits.Memory)}
	if m.limits.Fuel != config.DefaultPluginLimits().Fuel {
		limits.Fuel = uint64(m.limits.Fuel) // the default is the plugin host's own: less where Wasm is interpreted
	}
	if err := b.change.Load(ctx, moduleName(m.path), c.text, limits); err != nil {
		m.diags.Errorf(pos, "%v", err) // it names the plugin
	}
}

// fileless finds plugins of signpost.yaml that have no file, and what binds nothing: of a built-in plugin only the fuel is its own.
func (l *Loader) fileless() diag.List {
	var diags diag.List
	for _, name := range slices.Sorted(maps.Keys(l.config.Plugins)) {
		file, limits := path.Join(pluginsDir, name+pluginSuffix), l.config.Plugins[name]
		if _, is := l.files[file]; is {
			continue
		}
		switch builtin, known := l.builtin(name); {
		case !known:
		case !builtin:
			diags.Warnf(limits.Pos, "plugins.%s says nothing: there is no %s, and no built-in plugin of that name", name, file)
		case limits.SHA256 != "" || limits.Memory != config.DefaultPluginLimits().Memory:
			diags.Warnf(limits.Pos, "plugins.%s: there is no %s; of a built-in plugin only the fuel can be changed", name, file)
		}
	}
	return diags
}

// builtin tells whether there is a built-in plugin of that name, as soon as that is known.
func (l *Loader) builtin(name string) (is, known bool) {
	if l.options.Plugins == nil {
		return false, true
	}
	select {
	case <-l.options.Plugins.Ready():
	default:
		return false, false
	}
	return slices.ContainsFunc(l.options.Plugins.Plugins(), func(p plugin.Info) bool { return p.Name == name && p.Builtin }), true
}
