package config

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// pluginsFolder holds *.wasm files, so no view can have its name.
const pluginsFolder = "plugins"

func openView(p *parser, name string, where value) {
	if name == pluginsFolder {
		p.diags.Errorf(where.pos, "%s: the folder %s/ holds plugins; choose another name", where.key, name)
	}
	if name == PublicView { // Default put it there; it stands where it is listed
		p.config.Views = slices.DeleteFunc(p.config.Views, func(v View) bool { return v.Name == name })
	}
	p.seen["view "+name] = where.pos
	p.config.Views = append(p.config.Views, View{Name: name})
}

func setClients(p *parser, name string, v value) {
	clients := p.prefixes(v)
	if list, ok := v.node.(*ast.SequenceNode); ok && len(list.Values) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for everybody", v.key)
	}
	for i := range p.config.Views {
		if p.config.Views[i].Name == name {
			p.config.Views[i].Clients = clients
		}
	}
}

func openCheck(p *parser, name string, where value) {
	check := defaultCheck()
	check.Pos = where.pos
	p.checks[name] = &check
}

// setKind takes the body of a check's kind as it is: what it means is the prober's affair.
func setKind(kind string) setter {
	return func(p *parser, name string, v value) {
		if check := p.checks[name]; check.Kind != "" {
			p.diags.Errorf(v.pos, "checks.%s is both %s and %s; a check has one kind", name, check.Kind, kind)
			return
		}
		p.checks[name].Kind = kind
		_, _ = p.pairs(v)
	}
}

func openPlugin(p *parser, name string, where value) {
	limits := DefaultPluginLimits()
	limits.Pos = where.pos
	p.plugins[name] = &limits
}

// finish does what needs the whole file.
func (p *parser) finish() {
	p.finishViews()
	p.finishACL()
	for name, check := range p.checks {
		if check.Kind == "" {
			p.diags.Errorf(check.Pos, "checks.%s has no kind, such as http: {} or tcp: {}", name)
		}
		p.diags.Warnf(check.Pos, "checks.%s is not probed by this version; its candidates count as up", name)
		p.config.Checks[name] = *check
	}
	for name, limits := range p.plugins {
		p.config.Plugins[name] = *limits
	}
}

// finishViews puts public last unless it was listed, and warns of views that no client reaches.
func (p *parser) finishViews() {
	views := p.config.Views
	if _, listed := p.seen["view "+PublicView]; !listed {
		views = slices.DeleteFunc(views, func(v View) bool { return v.Name == PublicView })
		views = append(views, View{Name: PublicView})
		p.config.Views = views
	}
	if p.diags.Errors() > 0 {
		return // the clients may be what is wrong
	}
	for i, view := range views[:len(views)-1] {
		if len(view.Clients) > 0 {
			continue
		}
		pos := p.seen["view "+view.Name]
		p.diags.Warnf(pos, "views.%s has no clients, so it takes everybody and views.%s is never reached", view.Name, views[i+1].Name)
		break
	}
}

func (p *parser) finishACL() {
	for _, prefix := range p.config.ACL.Allow {
		if slices.Contains(p.config.ACL.Deny, prefix) {
			p.diags.Errorf(p.seen["acl.deny prefix "+prefix.String()], "acl.deny: %s is in acl.allow too", prefix)
		}
	}
}
