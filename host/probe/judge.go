package probe

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// chair is who judges a check.
type chair struct {
	judge      *plugin.Judge // nil: the host itself, see native
	seated     string        // the plugin and the sum of its module
	refusal    diag.List     // what the check's own plugin says against it
	complained string        // the plugin's latest problem that was logged
}

// calculatedJudge is the plugin for calculated checks that name none.
const calculatedJudge = "calculated"

// convokeLocked gives each check its judge: the plugin that it names, or the default where that one is not there or refuses it. It returns
// what is wrong with the checks.
func (s *Scheduler) convokeLocked(cfg *config.Config) (diags diag.List) {
	select {
	case <-s.options.Plugins.Ready():
	default:
		return s.faultsLocked()
	}
	seats, terms := s.seats(), s.terms(cfg)
	diags = s.faultsLocked()
	for _, name := range slices.Sorted(maps.Keys(s.checks)) {
		c := s.checks[name]
		if seated := seats.of(&c.config, terms); c.seated != seated {
			if a := s.appointed[name]; a != nil && a.sum == c.sum && a.seated == seated {
				c.chair = a.chair
			} else {
				c.ask(s.options.Plugins, terms, seated)
			}
			if c.judge == nil && judgeOf(&c.config) != config.DefaultJudge && c.config.Kind != config.CheckCalculated {
				c.judge, _ = s.options.Plugins.Judge(summons(c, config.DefaultJudge, s.options.Plugins.Keys(config.DefaultJudge)), terms)
			}
		}
		diags = append(diags, c.refusal...)
	}
	s.appointed = nil
	return diags
}

// Judges returns who judges the checks: a plugin that changes has to go on with all of them.
func (s *Scheduler) Judges() (judges []*plugin.Judge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.checks)) {
		if j := s.checks[name].judge; j != nil {
			judges = append(judges, j)
		}
	}
	return judges
}

// judgeOf is the plugin that a check is to be judged by.
func judgeOf(c *config.Check) string {
	if c.Kind == config.CheckCalculated && c.Judge == config.DefaultJudge {
		return calculatedJudge
	}
	return c.Judge
}

// summons is a check as a plugin is asked whether it will judge it. Of the settings that every check has it gets those that it has keys for.
func summons(c *check, word string, keys []string) *policy.Spec {
	pos := c.config.JudgePos
	if pos == (diag.Pos{}) {
		pos = c.config.Pos
	}
	candidate := policy.Candidate{ID: c.name, Pos: pos, ChainPos: pos}
	add := func(key string, value int) {
		own := slices.ContainsFunc(c.config.Attributes, func(a config.Attribute) bool { return a.Key == key })
		if slices.Contains(keys, key) && !own {
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: key, Value: strconv.Itoa(value), KeyPos: pos, ValuePos: pos})
		}
	}
	add("fall", c.config.Fall)
	add("rise", c.config.Rise)
	if c.config.Kind == config.CheckCalculated {
		add("at-least", c.config.Calculated.AtLeast)
	}
	if word == judgeOf(&c.config) {
		for _, a := range c.config.Attributes {
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: a.Key, Value: a.Value, KeyPos: a.KeyPos, ValuePos: a.ValuePos})
		}
	}
	return &policy.Spec{Owner: "checks." + c.name, Chain: []string{word}, Candidates: []policy.Candidate{candidate}}
}

// judgeLocked makes the verdict of a target from what was seen so far, and tells whether it is another one.
func (s *Scheduler) judgeLocked(t *target, now time.Duration) (changed bool) {
	c := t.check
	before, share, reason := t.raw, t.share, t.reason
	e := &s.evidence
	e.Before, e.Prior, e.Held = t.raw, t.prior, 0
	if t.raw != policy.Unknown {
		e.Held = now - t.held
	}
	s.witness(t, now)
	var v plugin.Verdict
	judge := c.judge
	if len(e.Vantages) > abi.VantageMax { // a plugin would not see all of them, and take the others as down
		judge = nil
	}
	if judge != nil {
		s.worker.Judge(judge, e, &v)
		s.complain(c, v.Problem)
	}
	if judge == nil || v.Problem != "" {
		v = plugin.Verdict{Health: t.native(), Share: 100}
	}
	t.raw, t.share, t.reason = v.Health, v.Share, v.Reason
	if t.raw != before {
		t.prior, t.held, t.since = before, now, s.options.Now()
		if before == policy.Unknown {
			t.inherit()
		}
	}
	return t.raw != before || t.share != share || t.reason != reason
}

// inherit dates the first verdict of a calculated check back to the latest change of its children, which may be before a restart.
func (t *target) inherit() {
	for i, child := range t.children {
		if i == 0 || child.since.After(t.since) {
			t.since = child.since
		}
	}
}

// witness fills the evidence: this server's attempts, or one vantage point for each child. A child that knows nothing counts as it says.
func (s *Scheduler) witness(t *target, now time.Duration) {
	e := &s.evidence
	if t.check.config.Kind != config.CheckCalculated {
		e.Vantages = append(e.Vantages[:0], plugin.Vantage{})
		s.recent = t.attempts(now, s.recent[:0])
		e.Vantages[0].Attempts = s.recent
		return
	}
	e.Vantages = e.Vantages[:0]
	for _, child := range t.children {
		v := plugin.Vantage{Health: child.state()}
		if v.Health != policy.Unknown {
			v.Held = now - child.held
		} else if child.check.config.OnUnknown == config.UnknownDown {
			v.Health = policy.Down
		}
		e.Vantages = append(e.Vantages, v)
	}
}

// complain logs that a plugin does not judge, once until it does.
func (s *Scheduler) complain(c *check, problem string) {
	if problem != "" && c.complained == "" {
		s.options.Log.Warn("health plugin fails; its check is judged by fall and rise", "check", c.name, "plugin", judgeOf(&c.config), "reason", problem)
	}
	c.complained = problem
}

// native is the verdict without a plugin: what threshold and calculated say.
func (t *target) native() policy.Health {
	c := &t.check.config
	if c.Kind == config.CheckCalculated {
		up := 0
		for _, child := range t.children {
			if child.live() {
				up++
			}
		}
		if up >= c.Calculated.AtLeast {
			return policy.Up
		}
		return policy.Down
	}
	run, ok := t.run()
	state, enough := policy.Down, c.Fall
	if ok {
		state, enough = policy.Up, c.Rise
	}
	if run > 0 && (run >= enough || t.raw == policy.Unknown) {
		return state
	}
	return t.raw
}

// live tells whether a target counts as up.
func (t *target) live() bool {
	state := t.state()
	return state == policy.Up || state == policy.Unknown && t.check.config.OnUnknown != config.UnknownDown
}

// namesShown bounds the lists in a reason.
const namesShown = 3

// why says what was seen, in a few words.
func (t *target) why() string {
	c := &t.check.config
	text := t.last.Text
	run, ok := t.run()
	switch {
	case c.Disabled:
		return "disabled"
	case c.Kind == config.CheckCalculated:
		text = t.tally()
	case judgeOf(c) != config.DefaultJudge && t.reason != "":
		text = strings.TrimPrefix(text+"; "+t.reason, "; ")
	case run == 0 && c.Kind == config.CheckPush && text == "":
		text = "nothing was reported yet"
	case run == 0:
	case ok && t.raw == policy.Down:
		text += fmt.Sprintf(" (%d/%d)", min(run, c.Rise), c.Rise)
	case !ok && t.raw == policy.Down && t.prior == policy.Unknown && run < c.Fall:
		text += " (at the first probe)"
	case !ok:
		text += fmt.Sprintf(" (%d/%d)", min(run, c.Fall), c.Fall)
	}
	if c.Invert {
		text = strings.TrimPrefix(text+"; inverted", "; ")
	}
	return text
}

// tally is the reason of a calculated check.
func (t *target) tally() string {
	var down []string
	for _, child := range t.children {
		if !child.live() {
			down = append(down, child.key.check)
		}
	}
	count := len(t.children)
	text := fmt.Sprintf("%d of %d up, at least %d needed", count-len(down), count, t.check.config.Calculated.AtLeast)
	if more := len(down) - namesShown; more > 0 {
		return text + "; down: " + strings.Join(down[:namesShown], ", ") + fmt.Sprintf(" and %d more", more)
	} else if len(down) > 0 {
		return text + "; down: " + strings.Join(down, ", ")
	}
	return text
}

// why says what was seen of a candidate, of count endpoints.
func (u *user) why(count int) string {
	if len(u.targets) == 1 {
		return u.targets[0].why()
	}
	var bad []string
	first := ""
	for _, t := range u.targets {
		switch {
		case t.fresh:
		case t.state() == policy.Down || t.contrary():
			bad = append(bad, t.key.endpoint+": "+t.why())
		case first == "":
			first = t.why()
		}
	}
	switch {
	case len(bad) == 0:
		return first
	case len(bad) > namesShown:
		return fmt.Sprintf("%s and %d more of %d", strings.Join(bad[:namesShown], "; "), len(bad)-namesShown, count)
	}
	return strings.Join(bad, "; ")
}
