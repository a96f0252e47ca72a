package load

import (
	"fmt"
	"slices"
	"strings"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/zone"
)

// viewSpec is what signpost.yaml says of views, as a policy: a view is a candidate like any other. Its record type is 0.
func viewSpec(cfg *config.Config) *policy.Spec {
	spec := &policy.Spec{Owner: viewsOwner, Chain: cfg.ViewPolicy, ChainPos: cfg.ViewPolicyPos, FailClosed: true}
	for i := range cfg.Views {
		v := &cfg.Views[i]
		pos := v.Pos
		if pos == (diag.Pos{}) {
			pos.File = config.FileName
		}
		candidate := policy.Candidate{ID: v.Name, Check: v.Check, Pos: pos, ChainPos: pos}
		if len(v.Clients) > 0 {
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: "clients", Value: joinPrefixes(v), KeyPos: v.ClientsPos, ValuePos: v.ClientsPos})
		}
		for _, a := range v.Attributes {
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: a.Key, Value: a.Value, KeyPos: a.KeyPos, ValuePos: a.ValuePos})
		}
		spec.Candidates = append(spec.Candidates, candidate)
	}
	return spec
}

func joinPrefixes(v *config.View) string {
	texts := make([]string, len(v.Clients))
	for i, prefix := range v.Clients {
		texts[i] = prefix.String()
	}
	return strings.Join(texts, ",")
}

// choosing tells whether there is anything to choose: more than one view for everybody.
func choosing(cfg *config.Config) bool {
	first := &cfg.Views[0]
	return len(cfg.Views) > 1 || len(first.Clients)+len(first.Keys)+len(first.Listen)+len(first.Attributes) > 0 || !byClients(cfg)
}

// byClients tells whether the views are chosen by the plugin that does so by default.
func byClients(cfg *config.Config) bool {
	return slices.Equal(cfg.ViewPolicy, []string{config.DefaultViewPolicy})
}

// native tells whether that plugin is the built-in one, whose rule the views themselves know.
func (l *Loader) native(cfg *config.Config) bool {
	return byClients(cfg) && !l.ownPlugin(config.DefaultViewPolicy)
}

// choose makes the Choice among the views of cfg; nil where there is none to make. Without ready plugins it has no policy. Errors say that
// the plugins do not accept the views; those of change are asked where it is not nil.
func (l *Loader) choose(cfg *config.Config, change *plugin.Change) (*zone.Choice, diag.List) {
	if !choosing(cfg) {
		return nil, nil
	}
	choice := &zone.Choice{Native: l.native(cfg)}
	if l.options.Plugins == nil || l.modulesDue && change == nil || choice.Native && l.options.Plugins.Err() != nil {
		return choice, nil
	}
	var diags diag.List
	if change != nil {
		choice.Policy, diags = change.Route(viewSpec(cfg), Terms(cfg))
	} else {
		choice.Policy, diags = l.options.Plugins.Route(viewSpec(cfg), Terms(cfg))
	}
	return choice, diags
}

// viewsOwner stands for an owner name where views are candidates, as people name them: views/internal. Its view is "", which no zone has.
const viewsOwner = "views."

// chooseBy makes choice the one that views are chosen by, nil for none, and gives the views their places in the health table.
func (l *Loader) chooseBy(choice *zone.Choice) {
	policies := func(c *zone.Choice) []*policy.Policy {
		if c == nil {
			return nil
		}
		return []*policy.Policy{c.Policy}
	}
	for _, lost := range l.options.Health.Replace("", policies(l.choice), policies(choice)) {
		l.options.Log.Warn(fmt.Sprintf("view %s is gone, and an override held it %s", lost.ID, lost.Override.Force), "reason", lost.Override.Reason)
	}
	l.choice = choice
}

// modulesChanged has the views chosen by new plugins, and tells whether that is to be published. Views that they refuse are chosen as before.
func (l *Loader) modulesChanged(modules []*moduleJob) bool {
	modules = slices.DeleteFunc(slices.Clone(modules), func(m *moduleJob) bool { return !m.effective() })
	if len(modules) > 0 {
		l.askAgain()
	}
	concerned := l.choice != nil && l.choice.Policy == nil
	for _, m := range modules {
		concerned = concerned || slices.Contains(l.config.ViewPolicy, moduleName(m.path))
	}
	if !concerned || l.first {
		return false
	}
	choice, diags := l.choose(l.config, nil)
	l.logDiagnostics(news(l.found.views, diags))
	l.found.views, l.stale = diags, true
	if choice == nil || choice.Policy == nil && (l.choice.Policy != nil || choice.Native == l.choice.Native) {
		return false
	}
	l.chooseBy(choice)
	return true
}
