package sdk

import "signpost/sdk/abi"

// guest is a program with its plugins as the host drives it: natively in tests, through guest_wasip1.go in the sandbox.
type guest struct {
	facts    Facts    // facts and decision are abi.Frame
	decision Decision //
	plugins  []*Plugin
	deciders []Decide // by the host's number of the policy
	message  []byte   // from alloc
	returned []byte   // keeps what configure and describe returned alive
}

// alloc returns a buffer for the next configure.
func (g *guest) alloc(length int) []byte {
	if cap(g.message) < length {
		g.message = make([]byte, length)
	}
	return g.message[:length]
}

// configure returns the problems of a policy, none if it is accepted.
func (g *guest) configure(plugin, policy int, message []byte) []byte {
	for len(g.deciders) <= policy {
		g.deciders = append(g.deciders, nil)
	}
	p := Policy{config: message}
	decide := g.plugins[plugin].configure(&p)
	if decide == nil && len(p.problems) == 0 {
		p.problems = abi.AppendProblem(nil, abi.Problem{Candidate: -1, Attribute: -1, Text: "accepted without a Decide"})
	}
	g.returned = p.problems
	if len(p.problems) == 0 {
		g.deciders[policy] = decide
	}
	return p.problems
}

func (g *guest) decide(policy int) {
	g.deciders[policy](&g.facts, &g.decision)
}
