package config

import (
	"strings"
)

func setOf(p *parser, name string, v value) {
	check := p.checks[name]
	items := p.items(v, "checks")
	if len(items) > childrenMax {
		p.diags.Errorf(v.pos, "%s has %d checks, more than %d", v.key, len(items), childrenMax)
		return
	}
	for _, item := range items {
		child, ok := p.scalar(item, "the name of a check")
		if ok && p.once(v.key+" child "+child, item.pos, v.key+" "+printable(child)) {
			check.Calculated.Of = append(check.Calculated.Of, child)
			check.Calculated.OfPos = append(check.Calculated.OfPos, item.pos)
		}
	}
	if len(items) == 0 && p.diags.Errors() == 0 {
		p.diags.Errorf(v.pos, "%s is empty; name the checks that count", v.key)
	}
}

func setAtLeast(p *parser, name string, v value) {
	number(0, childrenMax, ofCheck(func(c *Check) *int { return &c.Calculated.AtLeast }))(p, name, v)
}

// finishCalculated fills in what a calculated check leaves out, and finds children that are not there.
func (p *parser) finishCalculated(name string, check *Check) {
	of := len(check.Calculated.Of)
	pos, said := p.setting(name, CheckCalculated, "at-least")
	switch {
	case !said:
		check.Calculated.AtLeast = of
	case check.Calculated.AtLeast > of && of > 0:
		p.diags.Warnf(pos, "checks.%s.calculated.at-least: %d are more than the %d there are, so it is always down", name, check.Calculated.AtLeast, of)
	}
	if _, said := p.setting(name, "judge"); !said {
		check.Judge = CheckCalculated
	}
	for i, child := range check.Calculated.Of {
		if _, declared := p.checks[child]; !declared {
			p.diags.Errorf(check.Calculated.OfPos[i], "checks.%s.calculated.of: no check %q%s", name, printable(child), p.nearCheck(child))
		}
	}
}

// Colors of the search for cycles: no entry, on the way, and left behind.
const (
	onTheWay = 1 + iota
	leftBehind
)

// findCycles reports each edge that closes a cycle among calculated checks, with the cycle.
func (p *parser) findCycles() {
	colors := map[string]int{}
	for _, name := range p.checkNames() {
		if colors[name] == 0 {
			p.walk(name, colors, nil)
		}
	}
}

func (p *parser) walk(name string, colors map[string]int, way []string) {
	colors[name] = onTheWay
	way = append(way, name)
	check := p.checks[name]
	for i, child := range check.Calculated.Of {
		switch _, declared := p.checks[child]; {
		case !declared:
		case colors[child] == 0:
			p.walk(child, colors, way)
		case colors[child] == onTheWay:
			cycle := way[len(way)-1:]
			for j, step := range way {
				if step == child {
					cycle = way[j:]
				}
			}
			p.diags.Errorf(check.Calculated.OfPos[i], "checks.%s.calculated.of: a cycle: %s → %s", name, strings.Join(cycle, " → "), child)
		}
	}
	colors[name] = leftBehind
}
