package sdk

import "signpost/sdk/abi"

// guest is a program with its plugins as the host drives it: natively in tests, through guest_wasip1.go in the sandbox.
type guest struct {
	facts    Facts    // facts and decision are abi.Frame
	decision Decision //
	history  History  // history and verdict are abi.JudgeFrame
	verdict  Verdict  //
	question Question // question and ruling are abi.FilterFrame
	ruling   Ruling   //
	plugins  []*Plugin
	accepted []accepted // by the host's number of the policy
	message  []byte     // from alloc
	returned []byte     // keeps what configure and describe returned alive
}

// accepted is how one policy is decided: by the one function that its plugin's kind has.
type accepted struct {
	decide Decide
	judge  Judge
	filter Filter
}

func (a accepted) empty() bool { return a.decide == nil && a.judge == nil && a.filter == nil }

// alloc returns a buffer for the next configure.
func (g *guest) alloc(length int) []byte {
	if cap(g.message) < length {
		g.message = make([]byte, length)
	}
	return g.message[:length]
}

// configure returns the problems of a policy, none if it is accepted.
func (g *guest) configure(plugin, policy int, message []byte) []byte {
	for len(g.accepted) <= policy {
		g.accepted = append(g.accepted, accepted{})
	}
	p := Policy{config: abi.Config(message)}
	answer := g.plugins[plugin].accept(&p)
	if answer.empty() && len(p.problems) == 0 {
		p.problems = abi.AppendProblem(nil, abi.Problem{Candidate: -1, Attribute: -1, Text: "accepted without a function that decides"})
	}
	g.returned = p.problems
	if len(p.problems) == 0 {
		g.accepted[policy] = answer
	}
	return p.problems
}

func (g *guest) decide(policy int) { g.accepted[policy].decide(&g.facts, &g.decision) }

func (g *guest) judge(policy int) { g.accepted[policy].judge(&g.history, &g.verdict) }

func (g *guest) filter(policy int) { g.accepted[policy].filter(&g.question, &g.ruling) }
