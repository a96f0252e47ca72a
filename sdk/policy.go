package sdk

import "signpost/sdk/abi"

// Policy is one policy that uses the plugin: its candidates and their attributes, which Int.Of and the like read. It is valid until
// Configure returns.
type Policy struct {
	config       abi.Config
	problems     []byte
	problemCount int
}

// Len returns how many candidates there are, at least one. Their indexes are those of Facts and Decision.
func (p *Policy) Len() int { return p.config.Candidates() }

// ID returns what the zone file calls the candidate.
func (p *Policy) ID(candidate int) string { return p.config.ID(candidate) }

// RecordType returns the type of the candidates' records, 1 for A; 0 for views, which have none.
func (p *Policy) RecordType() uint16 { return p.config.RecordType() }

// Views tells whether the candidates are the views of signpost.yaml. Then a client is asked about several times: the view that was drawn is ruled
// out, and what is drawn next is the view that the client is sent to for what the ones before do not hold.
func (p *Policy) Views() bool { return p.RecordType() == 0 }

// Refuse reports that something about the candidate is wrong which is not one attribute's value.
func (p *Policy) Refuse(candidate int, text string) {
	p.problem(candidate, -1, text)
}

// problemLenMax is the most bytes of a problem's text, so that as many as the host reads fit into what it reads.
const problemLenMax = 900

// problem keeps what is refused, as far as the host reads it.
func (p *Policy) problem(candidate, attribute int, text string) {
	if p.problemCount < abi.ProblemMax {
		p.problemCount++
		p.problems = abi.AppendProblem(p.problems, abi.Problem{Candidate: candidate, Attribute: attribute, Text: text[:min(len(text), problemLenMax)]})
	}
}
