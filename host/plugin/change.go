package plugin

import (
	"context"
	"fmt"
	"slices"

	"signpost/host/diag"
	"signpost/host/policy"
)

// Change is a set of plugins as it is to become: what it loads and removes, with everything else as the host has it. Nobody else sees it before
// Commit, so that policies can be asked first whether they go on working. One goroutine uses it, and calls Commit or Drop in the end.
type Change struct {
	host    *Host
	plugins map[string]*plugin // by name; nil: removed
}

// Begin starts a Change.
func (h *Host) Begin() *Change { return &Change{host: h, plugins: map[string]*plugin{}} }

// Load compiles the module of a file plugins/NAME.wasm. An error leaves the Change as it was.
func (c *Change) Load(ctx context.Context, name string, wasm []byte, limits Limits) error {
	signal(c.host.loading)
	m, err := c.host.compile(ctx, wasm, limits)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	c.host.registerLocked(m)
	found := slices.IndexFunc(m.plugins, func(p *plugin) bool { return p.about.Name == name })
	if found < 0 {
		m.dropLocked()
		return fmt.Errorf("plugin %s: the module holds no plugin of that name but %s", name, m.plugins[0].about.Name)
	}
	c.undoLocked(name)
	c.plugins[name] = m.plugins[found]
	return nil
}

// Remove takes a loaded plugin away: a built-in of its name, if there is one, comes back.
func (c *Change) Remove(name string) {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	c.undoLocked(name)
	c.plugins[name] = nil
}

// Undo forgets what the Change does to one name.
func (c *Change) Undo(name string) {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	c.undoLocked(name)
}

func (c *Change) undoLocked(name string) {
	if p := c.plugins[name]; p != nil {
		p.module.dropLocked()
	}
	delete(c.plugins, name)
}

// Route is Host.Route with the plugins of the Change.
func (c *Change) Route(spec *policy.Spec, terms Terms) (*policy.Policy, diag.List) {
	return c.host.route(c, spec, terms)
}

// Judge is Host.Judge with the plugins of the Change.
func (c *Change) Judge(spec *policy.Spec, terms Terms) (*Judge, diag.List) {
	return c.host.judge(c, spec, terms)
}

// Keys is Host.Keys with the plugins of the Change.
func (c *Change) Keys(name string) []string { return c.host.keys(c, name) }

// Reroute makes a policy of the Change's plugins out of one that Route made of others: p itself if its own are among them. Errors say what they
// refuse, in the places where it stood when p was made. It may be called after Commit.
func (c *Change) Reroute(p *policy.Policy) (*policy.Policy, diag.List) {
	old, ok := p.Program.(*program)
	if !ok || c.current(old) {
		return p, nil
	}
	fresh, diags := c.host.route(c, old.spec, old.terms)
	if fresh == nil {
		return nil, diags
	}
	next := *p
	next.Program, next.Wants, next.Regions = fresh.Program, fresh.Wants, fresh.Regions
	return &next, diags
}

// Rejudge makes a Judge of the Change's plugins out of one that Host.Judge made of others, as Reroute does with policies.
func (c *Change) Rejudge(j *Judge) (*Judge, diag.List) {
	if c.current(j.program) {
		return j, nil
	}
	return c.host.judge(c, j.program.spec, j.program.terms)
}

// current tells whether a program has the plugins that its words mean in the Change.
func (c *Change) current(p *program) bool {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	for i := range p.steps {
		if c.host.findLocked(c, p.spec.Chain[i]) != p.steps[i].plugin {
			return false
		}
	}
	return true
}

// Commit makes the Change the host's. Policies that were made with what it replaces keep that.
func (c *Change) Commit() {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	for name, p := range c.plugins {
		if old := c.host.loaded[name]; old != nil {
			old.module.dropLocked()
		}
		if c.host.loaded[name] = p; p == nil {
			delete(c.host.loaded, name)
		}
	}
	c.plugins = nil
}

// Drop ends the Change without an effect. It may be called after Commit, and does nothing then.
func (c *Change) Drop() {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	for name := range c.plugins {
		c.undoLocked(name)
	}
}
