package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/zone"
)

// A plugin's file is replaced, or taken away, only if what takes its place accepts every policy and check in service. The batch tries it:
//
//	Begin → Load, Remove → compile the zones of the batch with it → ask the policies of all other zones, and the checks → Commit with the publish
//
// Whoever is refused keeps the old version, and the next batch tries again: it may be the zone that needed the edit.

// asked is a zone that was asked, and what it becomes.
type asked struct{ old, next *zone.Zone }

// work does the batch: plugins first, since zones are routed by them.
func (l *Loader) work(ctx context.Context, b *batch) {
	defer func() { b.included = nil }()
	if len(b.modules) == 0 || l.options.Plugins == nil {
		l.compile(ctx, b)
		return
	}
	b.change = l.options.Plugins.Begin()
	for _, m := range b.modules {
		l.loadModule(ctx, b, m)
	}
	for ctx.Err() == nil {
		l.compile(ctx, b)
		if b.ask() {
			return
		}
		for _, j := range b.jobs { // with fewer plugins changed
			*j = job{path: j.path, origin: j.origin, known: j.known, force: true, auto: j.auto, previous: j.previous}
		}
	}
}

// ask lets all zones that go on being served meet the changed plugins. It is false if a plugin was refused: then that one is no longer
// changed, and what was compiled with it is void.
func (b *batch) ask() bool {
	b.rerouted = make(map[string]asked)
	replaced := make(map[string]bool, len(b.jobs)+len(b.removed))
	for _, j := range b.jobs {
		replaced[j.path] = j.zone != nil
	}
	for _, file := range b.removed {
		replaced[file] = true
	}
	accepted := true
	for _, file := range slices.Sorted(maps.Keys(b.served)) {
		if replaced[file] {
			continue
		}
		old := b.served[file]
		next, refusals := reroute(b.change, old)
		for _, r := range refusals {
			accepted = b.refuse(r) && accepted
		}
		b.rerouted[file] = asked{old, next}
	}
	if b.views != nil {
		if fresh, diags := b.change.Reroute(b.views); fresh == nil {
			accepted = b.refuse(refusal{b.views.Chain, diags, false}) && accepted
		}
	}
	for _, r := range b.rejudge() {
		accepted = b.refuse(r) && accepted
	}
	if accepted {
		return true
	}
	for _, m := range b.modules {
		if m.refusals > 0 {
			b.change.Undo(moduleName(m.path))
			m.refused = true
			m.sumUp()
		}
	}
	return false
}

// rejudge lets the checks meet the changed plugins. Those of a new configuration were asked already, see accept.
func (b *batch) rejudge() (refusals []refusal) {
	if b.judges == nil || b.changed {
		return nil
	}
	for _, j := range b.judges() {
		if fresh, diags := b.change.Rejudge(j); fresh == nil {
			refusals = append(refusals, refusal{[]string{j.Plugin()}, diags, true})
		}
	}
	return refusals
}

// refusal is a policy, or a check, that does not go on working.
type refusal struct {
	chain []string
	diags diag.List
	check bool
}

// reroute makes what a zone becomes when its policies get the plugins of a Change: the zone itself if nothing changes for it.
func reroute(change *plugin.Change, z *zone.Zone) (*zone.Zone, []refusal) {
	if z.Pending {
		return z, nil
	}
	var refusals []refusal
	next := z
	for i, p := range z.Policies {
		fresh, diags := change.Reroute(p)
		switch {
		case fresh == nil:
			refusals = append(refusals, refusal{p.Chain, diags, false})
		case fresh != p:
			if next == z {
				next = z.WithPolicies(slices.Clone(z.Policies))
			}
			next.Policies[i] = fresh
		}
	}
	return next, refusals
}

// refusalLinesMax bounds the diagnostics of one refused file.
const refusalLinesMax = 100

// tried tells whether the batch's change has the file.
func (m *moduleJob) tried() bool {
	return !m.same && !m.unsettled && !m.refused && (len(m.diags) == 0 || m.refusals > 0)
}

// effective tells whether the plugin is another one after the batch.
func (m *moduleJob) effective() bool { return !m.same && !m.unsettled && len(m.diags) == 0 }

// blames tells whether a refusal names the file's plugin. In a chain it may be about another one.
func blames(r refusal, m *moduleJob) bool {
	name := moduleName(m.path)
	return slices.ContainsFunc(r.diags, func(d diag.Diagnostic) bool {
		return strings.HasPrefix(d.Text, name+": ") || strings.Contains(d.Text, fmt.Sprintf("plugin %q", name))
	})
}

// refuse charges the files that a refusal is about. It is false if there is one: there always should be.
func (b *batch) refuse(r refusal) bool {
	accepted := true
	blamed := slices.ContainsFunc(b.modules, func(m *moduleJob) bool { return m.tried() && blames(r, m) })
	for _, m := range b.modules {
		if !m.tried() || !slices.Contains(r.chain, moduleName(m.path)) || blamed && !blames(r, m) {
			continue
		}
		accepted = false
		m.refusals++
		if r.check {
			m.checks++
		}
		for _, d := range r.diags {
			if d.Severity != diag.Error || len(m.diags) == refusalLinesMax {
				continue
			}
			if m.gone {
				d.Text += fmt.Sprintf(" (%s is gone; the plugin stays loaded)", m.path)
			} else {
				d.Text += fmt.Sprintf(" (says the new %s; the old version stays)", m.path)
			}
			m.diags = append(m.diags, d)
		}
	}
	return accepted
}

// sumUp puts one line for the file before those for who refuses it.
func (m *moduleJob) sumUp() {
	var who string
	switch one := m.refusals == 1; {
	case one && m.checks == 1:
		who = "check needs"
	case one:
		who = "policy needs"
	case m.checks == 0:
		who = "policies need"
	case m.checks == m.refusals:
		who = "checks need"
	default:
		who = "policies and checks need"
	}
	text := fmt.Sprintf("plugin %s: %d %s the old version, which stays", moduleName(m.path), m.refusals, who)
	m.diags = append(diag.List{{Pos: diag.Pos{File: m.path}, Severity: diag.Error, Text: text}}, m.diags...)
}

// takeRefused adds to a batch what may end well now that something else changes: files that were refused, and with plugins that change the
// zones that could not be loaded or wait for plugins.
func (l *Loader) takeRefused(b *batch, taken map[string]bool) {
	if len(b.jobs)+len(b.removed) > 0 || b.changed {
		for _, file := range slices.Sorted(maps.Keys(l.refused)) {
			if !slices.ContainsFunc(b.modules, func(m *moduleJob) bool { return m.path == file }) {
				b.modules = append(b.modules, l.newModuleJob(b, file, l.files[file] == (stamp{})))
			}
		}
	}
	if len(b.modules) == 0 {
		return
	}
	if l.choice != nil && !b.changed {
		b.views = l.choice.Policy
	}
	b.served = make(map[string]*zone.Zone)
	for _, e := range l.byPath() {
		if e.zone != nil && len(e.zone.Policies) > 0 {
			b.served[e.path] = e.zone
		}
		if (e.failed() && !e.circled || e.zone != nil && e.zone.Pending) && !e.building && !taken[e.path] && !slices.Contains(b.removed, e.path) {
			e.force = true
			l.addJob(b, e.path)
		}
	}
}

// moduleVersion is what makes a loaded plugin file another one.
type moduleVersion struct {
	sum    [sha256.Size]byte
	limits config.PluginLimits
}

func (l *Loader) newModuleJob(b *batch, file string, gone bool) *moduleJob {
	return &moduleJob{path: file, gone: gone, limits: b.config.Plugin(moduleName(file)), loaded: l.inService[file]}
}

// commit makes the batch's change of plugins the host's, and its zones those of the next publish. It is false, and all is to be tried again, if a
// zone or a check that came meanwhile is refused.
func (l *Loader) commit(b *batch) (changed, ok bool) {
	fresh := make(map[string]bool)
	for _, j := range b.jobs {
		fresh[j.path] = j.zone != nil
	}
	zones := make(map[*entry]*zone.Zone)
	for _, e := range l.byPath() {
		if e.zone == nil || fresh[e.path] || slices.Contains(b.removed, e.path) {
			continue
		}
		result := b.rerouted[e.path]
		if result.old != e.zone {
			next, refusals := reroute(b.change, e.zone)
			if len(refusals) > 0 {
				return false, false
			}
			result.next = next
		}
		if result.next != e.zone {
			zones[e] = result.next
		}
	}
	if len(b.rejudge()) > 0 {
		return false, false
	}
	b.change.Commit()
	l.pluginEpoch++
	for e, z := range zones {
		l.serve(e, z)
	}
	return len(zones) > 0, true
}

// again has everything in a batch done once more.
func (l *Loader) again(b *batch) {
	b.change.Drop()
	now := l.options.Now()
	for _, m := range b.modules {
		if m.gone {
			l.files[m.path] = stamp{size: -1} // so that a look misses it again
			delete(l.refused, m.path)
		}
		l.settler.demand(m.path, now)
	}
	b.change, b.modules = nil, nil
	l.redo(b)
}

// catchUp gives a zone that was compiled while plugins changed the new ones, or tells what they refuse.
func (l *Loader) catchUp(b *batch, j *job) {
	if l.options.Plugins == nil || b.pluginEpoch == l.pluginEpoch || b.change != nil {
		return
	}
	if j.zone == nil {
		if !j.same {
			l.entries[j.path].force = true
			l.settler.demand(j.path, l.options.Now())
		}
		return
	}
	next, refusals := reroute(l.options.Plugins.Begin(), j.zone)
	for _, r := range refusals {
		j.diags = append(j.diags, r.diags...)
		next = nil
	}
	j.zone = next
}

// finishModules takes over what became of the plugin files.
func (l *Loader) finishModules(b *batch) (changed bool) {
	if b.change == nil {
		return false
	}
	changed, ok := l.commit(b)
	if !ok {
		l.again(b)
		return false
	}
	for _, m := range b.modules {
		l.finishModule(m)
	}
	return changed
}

func (l *Loader) finishModule(m *moduleJob) {
	if m.unsettled {
		l.postpone(m.path, l.options.Now())
		return
	}
	delete(l.busy, m.path)
	before := l.found.modules[m.path]
	delete(l.found.modules, m.path)
	delete(l.refused, m.path)
	switch {
	case m.same:
	case len(m.diags) > 0:
		l.found.modules[m.path] = m.diags
		if m.refused {
			l.refused[m.path] = true
		}
		if !slices.Equal(before, m.diags) {
			l.logDiagnostics(m.diags)
		}
	case m.gone:
		delete(l.inService, m.path)
		l.options.Log.Info("plugin removed", "file", m.path)
	default:
		l.inService[m.path] = m.version
		if !l.first {
			l.options.Log.Info("plugin loaded", "file", m.path, "sha256", hex.EncodeToString(m.version.sum[:]))
		}
	}
}
