package probe

import (
	"fmt"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// asked is who may be asked to judge: a plugin.Host, or one with a plugin.Change.
type asked interface {
	Judge(*policy.Spec, plugin.Terms) (*plugin.Judge, diag.List)
	Keys(plugin string) []string
}

// Appoint asks the health plugins whether they will judge the checks of a configuration that is to be put in force, and returns what they say
// against it. Those of change are asked where it is not nil. Nothing is put in force, and nothing is said before the plugins are ready.
func (s *Scheduler) Appoint(cfg *config.Config, change *plugin.Change) (diags diag.List) {
	select {
	case <-s.options.Plugins.Ready():
	default:
		return nil
	}
	seats, terms := s.seats(), s.terms(cfg)
	appointed := make(map[string]*check, len(cfg.Checks))
	var who asked = s.options.Plugins
	if change != nil {
		who = change
	}
	for _, name := range cfg.CheckNames() {
		c := &check{name: name, config: cfg.Checks[name]}
		c.sum, c.probes = sumOf(&c.config)
		seated := seats.of(&c.config, terms)
		if change == nil && s.sits(c, seated) {
			continue
		}
		c.ask(who, terms, seated)
		diags = append(diags, c.refusal...)
		appointed[name] = c
	}
	if change == nil {
		if diags.Errors() > 0 { // it may never be put in force, and would hold modules that nobody else does
			appointed = nil
		}
		s.mu.Lock()
		s.appointed = appointed
		s.mu.Unlock()
	}
	return diags
}

// sits tells whether a check in force is the same, and its judge has nothing to say against it.
func (s *Scheduler) sits(c *check, seated string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.checks[c.name]
	return old != nil && old.sum == c.sum && old.seated == seated && len(old.refusal) == 0
}

// ask gives a check the judge that it names, or what that says against it.
func (c *check) ask(who asked, terms plugin.Terms, seated string) {
	word := judgeOf(&c.config)
	c.chair = chair{seated: seated}
	c.judge, c.refusal = who.Judge(summons(c, word, who.Keys(word)), terms)
}

// terms are what attributes may name.
func (s *Scheduler) terms(cfg *config.Config) (terms plugin.Terms) {
	if s.options.Terms != nil {
		terms = s.options.Terms(cfg)
	}
	return terms
}

// seats are the plugins that there are, with the sums of their modules, by name.
type seats map[string]string

func (s *Scheduler) seats() seats {
	versions := seats{}
	for _, p := range s.options.Plugins.Plugins() {
		versions[p.Name] = p.Name + " " + p.SHA256
	}
	return versions
}

// of is what a check's judge depends on beside the check itself: another one is to be asked anew.
func (v seats) of(c *config.Check, terms plugin.Terms) string {
	word := judgeOf(c)
	return fmt.Sprint(v[word], " ", v[config.DefaultJudge], " ", c.JudgePos, terms.Fuel[word])
}
