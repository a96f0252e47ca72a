package config

import "slices"

func openPlugin(p *parser, name string, where value) {
	limits := DefaultPluginLimits()
	limits.Pos = where.pos
	p.plugins[name] = &limits
}

// finish does what needs the whole file.
func (p *parser) finish() {
	p.finishViews()
	p.finishACL()
	p.finishChecks()
	p.finishViewChecks()
	p.finishKeys()
	p.finishNotices()
	for name, limits := range p.plugins {
		p.config.Plugins[name] = *limits
	}
	p.finishRegions()
}

func (p *parser) finishACL() {
	for _, prefix := range p.config.ACL.Allow {
		if slices.Contains(p.config.ACL.Deny, prefix) {
			p.diags.Errorf(p.seen["acl.deny prefix "+prefix.String()], "acl.deny: %s is in acl.allow too", prefix)
		}
	}
}
