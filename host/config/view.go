package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/diag"
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
	p.config.Views = append(p.config.Views, View{Name: name, Pos: where.pos})
}

// view is the view of that name, which was opened.
func (p *parser) view(name string) *View {
	return &p.config.Views[slices.IndexFunc(p.config.Views, func(v View) bool { return v.Name == name })]
}

func setClients(p *parser, name string, v value) {
	view := p.view(name)
	view.Clients, view.ClientsPos = p.prefixes(v), v.pos
	if list, ok := v.node.(*ast.SequenceNode); ok && len(list.Values) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for everybody", v.key)
	}
}

// viewSocket is an address that a view names, as ParseListen returns it.
type viewSocket struct {
	key, addr string
	pos       diag.Pos
}

func setViewListen(p *parser, name string, v value) {
	items := p.items(v, "addresses")
	for _, item := range items {
		raw, ok := p.scalar(item, "an address")
		if !ok {
			continue
		}
		addr, err := ParseListen(raw)
		if err != nil {
			p.diags.Errorf(item.pos, "%s: %v", v.key, err)
			continue
		}
		if p.once(v.key+" address "+addr, item.pos, v.key+" "+addr) {
			p.sockets = append(p.sockets, viewSocket{v.key, addr, item.pos})
			view := p.view(name)
			view.Listen = append(view.Listen, Sockets(addr)...)
		}
	}
	if len(items) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for all addresses", v.key)
	}
}

// notAttributes are keys of annotations that mean nothing for views, and what to say of them.
var notAttributes = map[string]string{
	"clients":     "it stands beside attributes",
	"id":          "the view's name is its id",
	"check":       "it stands beside attributes",
	"on-all-down": "views that are all down are seen as if they were up",
}

func setAttributes(p *parser, name string, v value) {
	p.view(name).Attributes = p.attributes(v, notAttributes)
}

// notCheckAttributes are keys that mean nothing, or something else, for the judge of a check.
var notCheckAttributes = map[string]string{
	"fall": "it stands beside attributes", "rise": "it stands beside attributes", "at-least": "it stands with of, in calculated",
}

func setCheckAttributes(p *parser, name string, v value) {
	p.checks[name].Attributes = p.attributes(v, notCheckAttributes)
}

// attributes keeps keys and values as they are: the plugins know what they mean. The keys of not are something else, and why.
func (p *parser) attributes(v value, not map[string]string) (list []Attribute) {
	pairs, _ := p.pairs(v)
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		keyPos := p.yaml.At(pair.Key.GetToken())
		full := join(v.key, printable(key))
		if why, is := not[key]; is {
			p.diags.Errorf(keyPos, "%s is not an attribute: %s", full, why)
			continue
		}
		if !p.once(v.key+" attribute "+key, keyPos, full) {
			continue
		}
		child := p.resolve(value{node: pair.Value, key: full, pos: p.yaml.At(pair.Value.GetToken())})
		var texts []string
		for _, item := range p.items(child, "values") {
			if text, ok := p.scalar(item, "a value"); ok {
				texts = append(texts, text)
			}
		}
		list = append(list, Attribute{Key: key, Value: strings.Join(texts, ","), KeyPos: keyPos, ValuePos: child.pos})
	}
	return list
}

func setViewCheck(p *parser, name string, v value) {
	if raw, ok := p.scalar(v, "the name of a check"); ok {
		p.view(name).Check, p.view(name).CheckPos = raw, v.pos
	}
}

// finishViewChecks finds checks of views that are not there, or that need an endpoint.
func (p *parser) finishViewChecks() {
	ofEndpoint := p.config.EndpointChecks()
	for _, view := range p.config.Views {
		_, declared := p.checks[view.Check]
		switch {
		case view.CheckPos == (diag.Pos{}):
		case !declared:
			p.diags.Errorf(view.CheckPos, "views.%s.check: no check %q%s", view.Name, printable(view.Check), p.nearCheck(view.Check))
		case ofEndpoint[view.Check]:
			p.diags.Errorf(view.CheckPos, "views.%s.check: %s is of an endpoint, which a view does not have; give it a target", view.Name, view.Check)
		case len(p.config.Views) == 1:
			p.diags.Warnf(view.CheckPos, "views.%s.check means nothing while there is one view", view.Name)
		}
	}
}

func setViewPolicy(p *parser, _ string, v value) {
	raw, ok := p.scalar(v, "the name of a plugin")
	if !ok {
		return
	}
	chain := strings.Split(raw, "+")
	if slices.Contains(chain, "") {
		p.diags.Errorf(v.pos, "%s: %q is no name of a plugin, or several joined by +", v.key, raw)
		return
	}
	p.config.ViewPolicy, p.config.ViewPolicyPos = chain, v.pos
}

// finishViews puts public last unless it was listed, and finds what views say of other parts of the file.
func (p *parser) finishViews() {
	views := p.config.Views
	if public := p.view(PublicView); public.Pos == (diag.Pos{}) {
		views = slices.DeleteFunc(views, func(v View) bool { return v.Name == PublicView })
		views = append(views, View{Name: PublicView})
		p.config.Views = views
	}
	p.finishSockets()
	if p.diags.Errors() > 0 || !slices.Equal(p.config.ViewPolicy, []string{DefaultViewPolicy}) {
		return // the clients may be what is wrong, or somebody else chooses
	}
	for i, view := range views[:len(views)-1] {
		if len(view.Clients) > 0 || len(view.Listen) > 0 || len(view.Keys) > 0 {
			continue
		}
		p.diags.Warnf(view.Pos, "views.%s has no clients, so everybody sees its zones, and before those of views.%s", view.Name, views[i+1].Name)
		break
	}
}

// finishSockets checks that views listen where somebody listens.
func (p *parser) finishSockets() {
	var served []string
	for _, addr := range p.config.Listen {
		served = append(served, Sockets(addr)...)
	}
	for _, v := range p.sockets {
		if slices.ContainsFunc(Sockets(v.addr), func(socket string) bool { return !slices.Contains(served, socket) }) {
			p.diags.Errorf(v.pos, "%s: %s is not among the addresses of listen%s", v.key, v.addr, diag.DidYouMean(v.addr, p.config.Listen))
		}
	}
}
