package load

import (
	"slices"
	"strings"

	"signpost/host/circle"
	"signpost/host/diag"
	"signpost/host/wire"
	"signpost/host/zone"
)

// exits are the ALIAS and CNAME records that lead out of a zone, compactly: there may be a million.
type exits struct {
	owners []byte // in wire form, one behind the other
	at     []diag.Pos
}

func (e *exits) add(owner []byte, at diag.Pos) {
	e.owners, e.at = append(e.owners, owner...), append(e.at, at)
}

// each visits all of them.
func (e *exits) each(visit func(owner string, at diag.Pos)) {
	var name wire.Name
	rest := e.owners
	for _, at := range e.at {
		name.Set(rest)
		visit(string(name.Bytes()), at)
		rest = rest[name.Len:]
	}
}

// circles finds ALIASes that go in a circle over several zones of a view. Each of the zones is right for itself, so compile does not see it.
type circles struct {
	circle.Walk[string] // by name in wire form
	view                *zone.View
	sums                zone.Sums
	count               int
	number              map[string]int // of the circle that a name is part of, from 1
}

// refuseCircles refuses the zones of a batch through which ALIASes go in a circle, until what would serve is free of them: for each refused zone
// its last version does. Zones that have none yet are served all the same, with the error: only the names of the circle fail then.
func (l *Loader) refuseCircles(b *batch) {
	byView := make(map[string][]*job)
	for _, j := range b.jobs {
		if j.whole() && len(j.exits.at) > 0 {
			view := l.entries[j.path].view
			byView[view] = append(byView[view], j)
		}
	}
	for view, jobs := range byView {
		for l.refuseCirclesOf(view, jobs, b) {
			jobs = slices.DeleteFunc(jobs, func(j *job) bool { return j.zone == nil })
		}
	}
}

// refuseCirclesOf tells whether it refused any of a view's jobs: then there may be a circle with what serves in its place.
func (l *Loader) refuseCirclesOf(view string, jobs []*job, b *batch) (refused bool) {
	c := circles{view: l.viewWith(view, b), number: make(map[string]int)}
	if len(jobs) == 0 || !slices.ContainsFunc(c.view.Zones, func(z *zone.Zone) bool { return z.Aliases }) {
		return false // CNAMEs alone may go in circles, as anywhere in the DNS
	}
	c.Leads, c.Close = c.targets, c.close
	for _, j := range jobs {
		j.exits.each(func(owner string, _ diag.Pos) { c.From(owner) })
	}
	lasting := func(j *job) bool { // nothing good would stay
		e := l.entries[j.path]
		return b.first || e.zone != nil && e.zone.Pending
	}
	for _, j := range jobs {
		if !lasting(j) && c.report(j) {
			j.zone, refused = nil, true
		}
	}
	for _, j := range jobs {
		if !refused && lasting(j) {
			c.report(j)
		}
	}
	return refused
}

// viewWith is what a view would be if all zones of the batch were served that are not refused.
func (l *Loader) viewWith(view string, b *batch) *zone.View {
	instead := make(map[string]*zone.Zone)
	for _, j := range b.jobs {
		if j.whole() {
			instead[j.path] = j.zone
		}
	}
	for _, file := range b.removed {
		instead[file] = nil
	}
	seen := make(map[string]bool)
	var zones []*zone.Zone
	for _, e := range l.byPath() {
		z, is := instead[e.path]
		if !is {
			z = e.zone
		}
		if e.view == view && z != nil && !seen[string(e.origin)] {
			seen[string(e.origin)] = true
			zones = append(zones, z)
		}
	}
	return zone.NewView(view, nil, zones)
}

// targets lists what a name's ALIAS or CNAME leads to, through any of its candidates.
func (c *circles) targets(name string) (list []string) {
	owner, set := c.find(name)
	if set == nil {
		return nil
	}
	count := 1
	if set.Routed() {
		count, set = set.Count(), set.Candidate(0)
	}
	for i := range count {
		if i > 0 {
			set = set.Next()
		}
		if to := owner; set.Target(&to) {
			list = append(list, c.known(&to))
		}
	}
	return list
}

// known is a name, or the wildcard that stands for it.
func (c *circles) known(name *wire.Name) string {
	var hit zone.Hit
	if c.view.Find(name, wire.TypeA, &c.sums, &hit); hit.Wildcard {
		return "\x01*" + string(name.Suffix(hit.Labels))
	}
	return string(name.Bytes())
}

// find returns the ALIAS or CNAME that answers for a name, or nil.
func (c *circles) find(name string) (owner wire.Name, set zone.RRset) {
	var hit zone.Hit
	owner.Set([]byte(name))
	c.view.Find(&owner, wire.TypeA, &c.sums, &hit)
	if hit.Kind != zone.ALIAS && hit.Kind != zone.CNAME {
		return owner, nil
	}
	return owner, hit.Set
}

// close numbers a circle if there is an ALIAS in it.
func (c *circles) close(members []string) {
	inside := func(name string) bool {
		return slices.ContainsFunc(c.targets(name), func(to string) bool { return c.Together(name, to) })
	}
	if !slices.ContainsFunc(members, func(name string) bool {
		_, set := c.find(name)
		return set != nil && set.Type() == wire.TypeALIAS && inside(name)
	}) {
		return
	}
	c.count++
	for _, name := range members {
		c.number[name] = c.count
	}
}

// report tells of each circle through a zone once, at the first record that leads out of the zone into it. It is false if there is none.
func (c *circles) report(j *job) bool {
	told := map[int]bool{0: true}
	j.exits.each(func(owner string, at diag.Pos) {
		if told[c.number[owner]] {
			return
		}
		for _, to := range c.targets(owner) {
			if !c.Together(owner, to) {
				continue
			}
			told[c.number[owner]] = true
			names := []string{NameText([]byte(owner))}
			for _, name := range c.Way(to, owner) {
				names = append(names, NameText([]byte(name)))
			}
			j.diags.Errorf(at, "ALIAS cycle over several zones: %s", strings.Join(names, " → "))
			return
		}
	})
	j.circled = len(told) > 1
	j.diags.Sort()
	return j.circled
}

// retryCircled has zones with a circle tried again when another one of their view changes: that may be the end of it.
func (l *Loader) retryCircled(b *batch) {
	done, views := make(map[string]bool), make(map[string]bool)
	touched := slices.Clone(b.removed)
	for _, j := range b.jobs {
		done[j.path], touched = true, append(touched, j.path)
	}
	for _, file := range touched {
		view, _ := belongs(file)
		views[view] = true
	}
	for _, e := range l.byPath() {
		if e.circled && views[e.view] && !done[e.path] {
			e.force = true
			l.settler.demand(e.path, l.options.Now())
		}
	}
}
