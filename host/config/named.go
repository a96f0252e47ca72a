package config

import "slices"

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
	p.finishRegions()
}

func (p *parser) finishACL() {
	for _, prefix := range p.config.ACL.Allow {
		if slices.Contains(p.config.ACL.Deny, prefix) {
			p.diags.Errorf(p.seen["acl.deny prefix "+prefix.String()], "acl.deny: %s is in acl.allow too", prefix)
		}
	}
}
