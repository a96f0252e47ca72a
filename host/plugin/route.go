package plugin

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/sdk/abi"
)

// chainMax is the most plugins in a chain.
const chainMax = 8

// program is a chain that accepted a policy. It keeps its modules from being retired as long as something refers to it.
type program struct {
	steps []step
	spec  *policy.Spec // and terms: what it was made of, for another version of its plugins
	terms Terms
}

// step is one plugin of a chain with what it was told about the policy.
type step struct {
	plugin         *plugin
	config         []byte // the message of configure
	handle         uint32 // of the policy; each instance has its own number for it
	serial         uint64 // tells this step from an earlier one of the same handle
	fuel           uint64 // of a decision
	candidateCount int
}

// configureFuel returns what configure of this step may spend.
func (s *step) configureFuel() uint64 {
	return configureFuel + configurePerCandFuel*uint64(s.candidateCount) + configurePerByteFuel*uint64(len(s.config))
}

// lease is what a program holds: handles of modules.
type lease struct {
	module *module
	handle uint32
}

// Route turns a Spec into a Policy, or says what is wrong with it, all at once. Warnings may come with a Policy. Both results are nil
// before Ready: ask again then.
//
// The Spec is kept with the Policy: nobody may change it afterwards.
func (h *Host) Route(spec *policy.Spec, terms Terms) (*policy.Policy, diag.List) {
	return h.route(nil, spec, terms)
}

// route is Route with the plugins of a Change, which may be nil.
func (h *Host) route(c *Change, spec *policy.Spec, terms Terms) (*policy.Policy, diag.List) {
	r := routing{host: h, change: c, kind: abi.KindRouting, spec: spec, terms: terms, policy: &policy.Policy{
		Owner: spec.Owner, Type: spec.Type, Chain: slices.Clone(spec.Chain), FailClosed: spec.FailClosed, MinTTL: defaultMinTTL(spec.TTL),
	}}
	if !r.run() {
		return nil, r.diags
	}
	r.policy.Program = r.program
	return r.policy, r.diags
}

// run makes the program, and tells whether there is one.
func (r *routing) run() bool {
	select {
	case <-r.host.ready:
	default:
		return false
	}
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.chain()
	if len(r.diags) == 0 {
		r.candidates()
		r.configure()
	}
	if r.diags.Errors() > 0 {
		return false
	}
	r.host.leaseLocked(r.program)
	return true
}

// leaseLocked gives each step its handle, and takes it back when nothing refers to the program any more.
func (h *Host) leaseLocked(p *program) {
	var leases []lease
	for i := range p.steps {
		s := &p.steps[i]
		m := s.plugin.module
		s.handle, s.serial = m.takeHandleLocked(), h.serial.Add(1)
		m.programs++
		if m.programs == 1 {
			h.needSpare()
		}
		leases = append(leases, lease{m, s.handle})
	}
	runtime.AddCleanup(p, h.release, leases)
}

// release ends the leases of a program that nothing refers to.
func (h *Host) release(leases []lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, l := range leases {
		l.module.handles = append(l.module.handles, l.handle)
		l.module.programs--
		l.module.retireLocked()
	}
}

// routing is one call of Route: a Spec on its way to a Policy, or to what the other kinds have instead.
type routing struct {
	host    *Host
	change  *Change // nil: none
	kind    string
	spec    *policy.Spec
	terms   Terms
	policy  *policy.Policy
	program *program
	plugins []*plugin
	values  []map[string]policy.Attr // by candidate, then key: what its annotations say
	common  map[string]policy.Attr   // by key: what one of the candidates said for all of them
	diags   diag.List

	mistaken []bool // by candidate: a key is wrong, so what is missing may be meant by it and is not reported as well
}

// name is what messages begin with.
func (r *routing) name() string { return strings.Join(r.spec.Chain, "+") }

// chain finds the plugins and checks that all candidates agree on them.
func (r *routing) chain() {
	if len(r.spec.Candidates) == 0 {
		r.diags.Errorf(diag.Pos{}, "%s: a policy without candidates", r.spec.Owner)
		return
	}
	first := &r.spec.Candidates[0]
	if len(r.spec.Candidates) > policy.CandidateMax {
		r.diags.Errorf(r.spec.Candidates[policy.CandidateMax].Pos, "%s: %d candidates are more than %d", r.name(), len(r.spec.Candidates), policy.CandidateMax)
	}
	if len(r.spec.Chain) > chainMax {
		r.diags.Errorf(r.chainPos(), "chain of %d plugins is longer than %d", len(r.spec.Chain), chainMax)
	}
	at := r.chainPos()
	for i, word := range r.spec.Chain {
		p := r.host.findLocked(r.change, word)
		switch {
		case p == nil && r.host.err != nil && !r.host.hasBuiltinsLocked():
			r.diags.Errorf(at, "plugin %q is not available: %v", word, r.host.err)
		case p == nil:
			r.diags.Errorf(at, "unknown plugin %q%s", word, cmp.Or(diag.DidYouMean(word, r.known()),
				fmt.Sprintf(": not built in, and plugins/%s.wasm is missing or does not load", word)))
		case p.about.Kind != r.kind:
			r.diags.Errorf(at, "%s is a %s plugin: it cannot %s", word, p.about.Kind, duties[r.kind])
		case slices.Contains(r.spec.Chain[:i], word):
			r.diags.Errorf(at, "plugin %q stands in the chain twice", word)
		default:
			r.plugins = append(r.plugins, p)
			r.policy.Wants |= p.wants
		}
		if at.Col > 0 {
			at.Col += len(word) + len("+")
		}
	}
	if len(r.spec.Chain) == 0 {
		r.diags.Errorf(at, "a policy without plugin")
	}
	for i := range r.spec.Candidates {
		c := &r.spec.Candidates[i]
		if c.Chain != nil && !slices.Equal(c.Chain, r.spec.Chain) {
			r.diags.Errorf(c.ChainPos, "%s beside %s on %s: all lines of one name and type have the same plugins",
				strings.Join(c.Chain, "+"), r.name(), line(first.ChainPos, c.ChainPos))
		}
	}
}

// chainPos is where the chain stands.
func (r *routing) chainPos() diag.Pos {
	if r.spec.ChainPos != (diag.Pos{}) {
		return r.spec.ChainPos
	}
	return r.spec.Candidates[0].ChainPos
}

// known lists the plugins that may stand here.
func (r *routing) known() []string {
	return slices.DeleteFunc(r.host.namesLocked(), func(name string) bool {
		p := r.host.findLocked(r.change, name)
		return p == nil || p.about.Kind != r.kind
	})
}

func (h *Host) hasBuiltinsLocked() bool { return len(h.builtins) > 0 }

// line names a place for a message at another place.
func line(there, here diag.Pos) string {
	if there.File == here.File {
		return fmt.Sprintf("line %d", there.Line)
	}
	return fmt.Sprintf("%s:%d", there.File, there.Line)
}

// candidates reads every key of every candidate.
func (r *routing) candidates() {
	var known []string
	for _, p := range r.plugins {
		for i := range p.about.Attributes {
			known = append(known, p.about.Attributes[i].Name)
		}
	}
	r.values, r.mistaken = make([]map[string]policy.Attr, len(r.spec.Candidates)), make([]bool, len(r.spec.Candidates))
	if r.spec.Type == wire.TypeALIAS || r.spec.Type == wire.TypeCNAME {
		r.policy.Targets = make([]policy.TargetHealth, len(r.spec.Candidates))
	}
	for i := range r.spec.Candidates {
		c := &r.spec.Candidates[i]
		r.values[i] = make(map[string]policy.Attr, len(c.Attrs))
		id, check, before := c.ID, c.Check, r.diags.Errors()
		for _, attr := range c.Attrs {
			if !r.distinct(r.values[i], attr) {
				continue
			}
			switch {
			case r.kind != abi.KindRouting && !slices.Contains(known, attr.Key):
				r.diags.Errorf(attr.KeyPos, "%s: unknown key %q%s", r.name(), attr.Key, diag.DidYouMean(attr.Key, known))
			case attr.Key == keyID:
				id = firstOf(id, attr.Value)
			case attr.Key == keyCheck:
				check = firstOf(check, attr.Value)
			case r.hostKey(i, attr):
			case !slices.Contains(known, attr.Key):
				r.diags.Errorf(attr.KeyPos, "%s: unknown key %q%s", r.name(), attr.Key, diag.DidYouMean(attr.Key, append(known, commonKeys...)))
			}
		}
		r.mistaken[i] = r.diags.Errors() > before
		r.policy.IDs = append(r.policy.IDs, id)
		r.policy.Notes = append(r.policy.Notes, noteOf(c))
		r.policy.Checks = append(r.policy.Checks, check)
		if len(c.Endpoints) > 0 && r.policy.Endpoints == nil {
			r.policy.Endpoints = make([][]string, len(r.spec.Candidates))
		}
		if r.policy.Endpoints != nil {
			r.policy.Endpoints[i] = c.Endpoints
		}
	}
}

// noteOf keeps what a candidate's lines say, each key once.
func noteOf(c *policy.Candidate) policy.Note {
	note := policy.Note{Pos: c.Pos}
	for _, attr := range c.Attrs {
		text := attr.Key + "=" + attr.Value
		if attr.Key != keyID && attr.Key != keyCheck && !slices.Contains(note.Attrs, text) {
			note.Attrs = append(note.Attrs, text)
		}
	}
	return note
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// distinct adds attr to values unless its key is there: on another line with the same value that is fine.
func (r *routing) distinct(values map[string]policy.Attr, attr policy.Attr) bool {
	earlier, ok := values[attr.Key]
	switch {
	case !ok:
		values[attr.Key] = attr
		return true
	case earlier.KeyPos.File == attr.KeyPos.File && earlier.KeyPos.Line == attr.KeyPos.Line:
		r.diags.Errorf(attr.KeyPos, "%s: key %q stands twice", r.name(), attr.Key)
	case earlier.Value != attr.Value:
		r.diags.Errorf(attr.ValuePos, "%s: %s %q differs from %q on %s, which is the same candidate",
			r.name(), attr.Key, attr.Value, earlier.Value, line(earlier.KeyPos, attr.KeyPos))
	}
	return false
}

// configure converts what each plugin's manifest declares and asks the plugins whether they accept it.
func (r *routing) configure() {
	r.program = &program{spec: r.spec, terms: r.terms}
	for _, p := range r.plugins {
		candidates := r.convert(p)
		count := len(candidates)
		r.program.steps = append(r.program.steps, step{
			plugin:         p,
			config:         abi.AppendConfig(nil, r.spec.Type, p.about.Attributes, candidates),
			fuel:           cmp.Or(r.terms.Fuel[p.about.Name], p.module.limits.Fuel) + fuelPerCandidate*uint64(count),
			candidateCount: count,
		})
	}
	if r.diags.Errors() > 0 {
		return
	}
	for i := range r.program.steps {
		r.try(&r.program.steps[i])
	}
}

// try asks one plugin about the policy, in the control plane's instance.
func (r *routing) try(s *step) {
	m := s.plugin.module
	first := r.chainPos()
	if m.control == nil {
		in, err := m.instantiate()
		if err != nil {
			r.diags.Errorf(first, "%s: the plugin does not start: %v", s.plugin.about.Name, err)
			return
		}
		m.control = in
	}
	problems, err := m.control.configureStep(s, 0)
	if err != nil {
		m.control.close()
		m.control = nil
		r.diags.Errorf(first, "%s: the plugin failed on this policy: %v", s.plugin.about.Name, err)
	}
	if m.control != nil && m.control.full() {
		m.control.close()
		m.control = nil
	}
	for _, problem := range problems {
		r.diags.Errorf(r.place(s, problem), "%s: %s", s.plugin.about.Name, problem.Text)
	}
}

// place finds where a plugin's problem stands in the user's text.
func (r *routing) place(s *step, problem abi.Problem) diag.Pos {
	c := &r.spec.Candidates[max(problem.Candidate, 0)]
	if problem.Attribute >= 0 {
		if attr, ok := r.values[problem.Candidate][s.plugin.about.Attributes[problem.Attribute].Name]; ok {
			return attr.ValuePos
		}
	}
	return c.ChainPos
}
