package answer

import "signpost/host/policy"

// locate adds to the facts about a client where it is, and how far from the candidates' regions, as far as p wants to know. The latencies are
// the worker's until the next call.
func (w *Worker) locate(p *policy.Policy) {
	f := &w.facts
	var bits int
	if p.Wants&policy.WantsGeo != 0 {
		f.Place, bits = w.finder.Place(w.snap.Geo, f.Client)
		f.PlaceBits = uint8(bits)
	}
	if p.Wants&policy.WantsLatency != 0 {
		w.latencies, bits = w.finder.Latencies(w.snap.Geo, f.Client, p.Regions, w.latencies)
		p.Probed(w.latencies)
		f.Latency, f.LatencyBits = w.latencies, uint8(bits)
	}
}
