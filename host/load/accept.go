package load

import (
	"path"
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/zone"
)

// accept asks the plugins whether they go with a batch's configuration: with its views and its checks. While they refuse it, or are not ready to
// say, all of it stays as it was; at the first start there is nothing to stay. change is what the batch makes of the plugins, nil when that is done.
func (l *Loader) accept(b *batch, change *plugin.Change) (choice *zone.Choice, accepted bool) {
	choice, diags, asked := l.objections(b.config, change)
	refused, latest := diags.Errors() > 0, l.wanted == b.config // else another one is on its way
	if refused && latest {
		l.found.config = append(l.found.config, diags...)
		l.found.config.Sort()
		l.refuseConfig()
	}
	if l.first || asked && !refused {
		return choice, true
	}
	if latest {
		l.want(l.config, l.options.Now())
		l.lookAt = time.Time{} // the views are others
		l.unaccepted = true
	}
	return nil, false
}

// objections are what the plugins say against a configuration, and the choice among its views. asked is false while they are not ready.
func (l *Loader) objections(cfg *config.Config, change *plugin.Change) (choice *zone.Choice, diags diag.List, asked bool) {
	choice, diags = l.choose(cfg, change)
	plugins := l.options.Plugins
	if plugins == nil || plugins.Err() != nil {
		return choice, diags, true
	}
	if l.modulesDue && change == nil || !l.builtinReady() {
		return choice, diags, choice == nil && len(cfg.Checks) == 0
	}
	if l.options.Appoint != nil {
		diags = append(diags, l.options.Appoint(cfg, change)...)
	}
	return choice, diags, true
}

// builtinReady tells whether the built-in plugins are there.
func (l *Loader) builtinReady() bool {
	select {
	case <-l.options.Plugins.Ready():
		return true
	default:
		return false
	}
}

// takeConfig puts a batch's configuration in force, if it is accepted.
func (l *Loader) takeConfig(b *batch) (taken bool) {
	choice, accepted := l.accept(b, nil)
	if !accepted {
		return false
	}
	l.config, l.found.views = b.config, nil
	l.chooseBy(choice)
	return true
}

// askAgain has a configuration read again that was not accepted: other plugins may do so.
func (l *Loader) askAgain() {
	if l.unaccepted {
		l.settler.demand(config.FileName, l.options.Now())
	}
}

// wantsPlugins tells whether the start waits for the plugins: no question can be answered before, or checks say what a plugin may refuse.
func (l *Loader) wantsPlugins() bool {
	return l.options.Plugins != nil && (choosing(l.wanted) && !l.native(l.wanted) || l.appointing(l.wanted))
}

// appointing tells whether checks name plugins, or say more to theirs than fall and rise, which every built-in one takes.
func (l *Loader) appointing(cfg *config.Config) bool {
	if l.options.Appoint == nil {
		return false
	}
	for _, c := range cfg.Checks {
		usual := c.Judge == config.DefaultJudge || c.Kind == config.CheckCalculated && c.Judge == config.CheckCalculated
		if !usual || len(c.Attributes) > 0 || l.ownPlugin(c.Judge) {
			return true
		}
	}
	return false
}

// ownPlugin tells whether a file of the directory stands for a plugin, will once it is read, or did and stays loaded.
func (l *Loader) ownPlugin(name string) bool {
	file := path.Join(pluginsDir, name+pluginSuffix)
	_, own := l.files[file]
	_, stays := l.inService[file]
	return own || stays || l.settler.pending[file].now != (stamp{})
}

// redo has the zones of a batch compiled once more: with what they were compiled, or for, it is over. What a circle refused stays so.
func (l *Loader) redo(b *batch) {
	now := l.options.Now()
	for _, j := range b.jobs {
		if j.circled && j.zone == nil {
			continue
		}
		l.entries[j.path].force = true
		l.settler.demand(j.path, now)
		j.same, j.zone, j.diags = true, nil, nil
	}
}

// without leaves out diagnostics that stand elsewhere.
func without(diags, elsewhere diag.List) diag.List {
	if len(elsewhere) == 0 {
		return diags
	}
	said := make(map[diag.Diagnostic]bool, len(elsewhere))
	for _, d := range elsewhere {
		said[d] = true
	}
	return slices.DeleteFunc(diags, func(d diag.Diagnostic) bool { return said[d] })
}
