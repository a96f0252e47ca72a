package plugin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"slices"

	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Worker decides for one goroutine at a time. It owns one instance of each module that its policies use.
type Worker struct {
	host  *Host
	shard uint64   // of plugin.counts
	swept uint64   // Host.retirements when retired instances were closed last
	seats []seat   // by module.seat
	given []uint32 // weights of one step

	retrying bool // the call is the one that an open breaker lets through
	reopened bool // the decision was begun anew
}

// seat is a module's place in a worker.
type seat struct {
	module *module
	in     *instance // nil: none yet, or discarded
	struck bool      // an instance was discarded: from now on only spares are taken, because starting one here takes milliseconds
}

// NewWorker returns a worker. It may be made before Ready.
func (h *Host) NewWorker() *Worker {
	return &Worker{host: h, shard: h.workers.Add(1) % countShards}
}

// Decide fills d for the policy p, which Route made. It never fails: a plugin that does changes nothing, which leaves the live candidates equal
// weights if it is the only one. It does not allocate, except when it starts an instance, tells it a policy for the first time, or a plugin fails
// (TestDecideAllocs).
func (w *Worker) Decide(p *policy.Policy, f *policy.Facts, d *policy.Decision) {
	w.keepUp()
	if !d.Start(p, f.Health, f.Shares) {
		d.Settle(p, f)
		return
	}
	steps := p.Program.(*program).steps
	w.reopened = false
	for i := 0; i < len(steps); i++ {
		if problem := w.step(&steps[i], f, d); problem != "" {
			w.fallBack(&steps[i], f, d, problem)
		}
		if w.reopened {
			w.reopened, i = false, -1 // the plugins before it did not judge the candidates that it wants: they were down
			d.Steps = d.Steps[:0]
		}
	}
	d.Settle(p, f)
	d.Finish()
	runtime.KeepAlive(p) // its modules stay until here
}

// fallBack goes on without the plugin of s, which failed. It does so perhaps for these facts only.
func (w *Worker) fallBack(s *step, f *policy.Facts, d *policy.Decision, problem string) {
	d.FallBack()
	seen := seenBits(s.plugin.wants, f)
	d.Narrow(0, min(seen, 32), seen, policy.NoTTLCap)
	if d.Explain {
		d.Steps = append(d.Steps, policy.Step{Weights: slices.Clone(d.Weights), Scope4: min(seen, 32), Scope6: seen, TTLCap: policy.NoTTLCap, Problem: problem})
	}
	s.plugin.counts[w.shard].fallbacks.Add(1)
}

// step lets one plugin of the chain decide. It returns why it cannot, or "".
func (w *Worker) step(s *step, f *policy.Facts, d *policy.Decision) (problem string) {
	in, problem := w.ready(s, d.Explain)
	if in == nil {
		return problem
	}
	if err := w.decide(in, s, f, d); err != nil {
		if errors.Is(err, errSpent) {
			err = fmt.Errorf("%w (limit %d)", err, s.fuel)
		}
		return w.strike(s, fmt.Errorf("decide: %w", err), d.Explain)
	}
	w.succeed(s, in)
	return ""
}

// ready returns an instance that knows the policy of s, or why there is none. Only a client's question finds out whether a plugin that is out of
// service works again.
func (w *Worker) ready(s *step, explained bool) (in *instance, problem string) {
	if w.retrying = false; s.plugin.breaker.open.Load() {
		if w.retrying = !explained && s.plugin.breaker.retry(w.host.now()); !w.retrying {
			return nil, "out of service after too many failures"
		}
	}
	in, err := w.instance(s.plugin.module)
	if err != nil {
		return nil, w.strike(s, err, explained)
	}
	if in == nil {
		if w.retrying {
			s.plugin.breaker.forgo(w.host.now())
		}
		return nil, "starting again after a failure"
	}
	if int(s.handle) >= len(in.known) || in.known[s.handle].serial != s.serial {
		if err := in.prepare(s); err != nil {
			return nil, w.strike(s, fmt.Errorf("configure: %w", err), explained)
		}
	}
	return in, ""
}

// succeed ends a call that went well.
func (w *Worker) succeed(s *step, in *instance) {
	if w.retrying {
		s.plugin.breaker.close()
		w.host.needSpare() // it tells, too
	}
	if in.full() {
		w.replace(&w.seats[s.plugin.module.seat])
	}
}

// decide is one call of a guest: facts in, weights out.
func (w *Worker) decide(in *instance, s *step, f *policy.Facts, d *policy.Decision) error {
	frame, ok := in.frame(s.plugin.kind)
	if !ok {
		return errFrame
	}
	writeFacts(frame, s, f, d)
	frame, spent, err := in.ask(s, s.fuel)
	if err != nil {
		return err
	}
	if err := w.readResult(frame, s, f, d); err != nil {
		return err
	}
	d.Fuel += spent
	if d.Explain {
		d.Steps[len(d.Steps)-1].Fuel = spent
	}
	w.count(s, spent)
	return nil
}

// count notes a call that went well.
func (w *Worker) count(s *step, spent uint64) {
	counts := &s.plugin.counts[w.shard]
	counts.decisions.Add(1)
	counts.fuel.Add(spent)
}

// writeFacts fills the frame with what the plugin wants to know, and zeroes what it does not and what it is to fill.
func writeFacts(frame []byte, s *step, f *policy.Facts, d *policy.Decision) {
	head := frame[:abi.CandidatesOff]
	clear(head)
	put32(head[abi.CandidateCountOff:], uint32(s.candidateCount))
	if f.Client.IsValid() && s.plugin.wants&policy.WantsClient != 0 {
		writeClient(head, f.Client)
	}
	if s.plugin.wants&policy.WantsGeo != 0 {
		writePlace(head, &f.Place)
	}
	clear(frame[abi.PickOff : abi.WeightsOff+4*s.candidateCount])
	put32(frame[abi.TTLCapOff:], abi.TTLCapNone)
	frame[abi.Scope4Off], frame[abi.Scope6Off] = abi.ScopeUnsaid, abi.ScopeUnsaid
	latency := f.Latency
	if s.plugin.wants&policy.WantsLatency == 0 {
		latency = nil
	}
	candidates := frame[abi.CandidatesOff:abi.PickOff]
	for i, weight := range d.Weights {
		health := d.TakenAs(i, f)
		var far geo.Latency
		if i < len(latency) {
			far = latency[i]
		}
		at := candidates[i*abi.CandidateLen:][:abi.CandidateLen]
		binary.LittleEndian.PutUint64(at, uint64(weight)<<(8*abi.WeightOff)|uint64(health)<<(8*abi.HealthOff)|uint64(far.Source)<<(8*abi.LatencySourceOff))
		binary.LittleEndian.PutUint64(at[abi.LatencyMicrosOff:], uint64(far.Micros))
	}
}

func writePlace(head []byte, p *geo.Place) {
	copy(head[abi.ContinentOff:], p.Continent[:])
	copy(head[abi.CountryOff:], p.Country[:])
	copy(head[abi.SubdivisionOff:], p.Subdivision[:])
	put32(head[abi.ASNOff:], p.ASN)
	if p.Located {
		head[abi.LocatedOff] = 1
		binary.LittleEndian.PutUint64(head[abi.LatitudeOff:], math.Float64bits(p.Latitude))
		binary.LittleEndian.PutUint64(head[abi.LongitudeOff:], math.Float64bits(p.Longitude))
	}
}

func writeClient(head []byte, client netip.Prefix) {
	network := client.Masked()
	head[abi.PrefixLenOff] = byte(network.Bits())
	if address := network.Addr(); address.Is4() {
		head[abi.FamilyOff] = 4
		bytes := address.As4()
		copy(head[abi.AddressOff:], bytes[:])
	} else {
		head[abi.FamilyOff] = 6
		bytes := address.As16()
		copy(head[abi.AddressOff:], bytes[:])
	}
}

// readResult takes over what the guest said, trusting nothing.
func (w *Worker) readResult(frame []byte, s *step, f *policy.Facts, d *policy.Decision) error {
	result := frame[abi.PickOff:abi.FrameLen]
	pick := min(get32(result), policy.CandidateMax)
	ttlCap := get32(result[abi.TTLCapOff-abi.PickOff:])
	scope4, ok4 := s.scope(result[abi.Scope4Off-abi.PickOff], 32, f)
	scope6, ok6 := s.scope(result[abi.Scope6Off-abi.PickOff], 128, f)
	if !ok4 || !ok6 {
		return fmt.Errorf("a scope of %d or %d bits is longer than an address", result[abi.Scope4Off-abi.PickOff], result[abi.Scope6Off-abi.PickOff])
	}
	count := len(d.Weights)
	if cap(w.given) < count {
		w.given = make([]uint32, count, policy.CandidateMax)
	}
	given := w.given[:count]
	weights := result[abi.WeightsOff-abi.PickOff:][:count*4]
	for i := range given {
		given[i] = get32(weights[i*4:])
	}
	d.Narrow(int(pick), scope4, scope6, ttlCap)
	if d.Multiply(given) && result[abi.OpenOff-abi.PickOff] == 1 {
		d.Reopen(given, f)
		w.reopened = true
	}
	if d.Explain {
		d.Steps = append(d.Steps, policy.Step{Given: slices.Clone(given), Weights: slices.Clone(d.Weights), Pick: int(pick),
			Scope4: scope4, Scope6: scope6, TTLCap: ttlCap})
	}
	return nil
}

// scope is the prefix length, of at most limit bits, for which a result holds when the guest said so many bits. Without the client's network
// among its facts it cannot depend on more of it than the facts do.
func (s *step) scope(said uint8, limit int, f *policy.Facts) (bits uint8, ok bool) {
	if int(said) > limit && said != abi.ScopeUnsaid {
		return 0, false
	}
	if s.plugin.wants&policy.WantsClient != 0 && said != abi.ScopeUnsaid {
		return said, true
	}
	return min(said, seenBits(s.plugin.wants, f), uint8(limit)), true
}

// seenBits is the length of the prefix around the client in which the facts that are wanted are the same.
func seenBits(wants policy.Wants, f *policy.Facts) (seen uint8) {
	if wants&policy.WantsGeo != 0 {
		seen = f.PlaceBits
	}
	if wants&policy.WantsLatency != 0 {
		seen = max(seen, f.LatencyBits)
	}
	if wants&policy.WantsClient != 0 {
		seen = max(seen, uint8(max(f.Client.Bits(), 0)))
	}
	return seen
}

// instance returns the worker's instance of m, which may have to be started. Neither instance nor error: a spare is on its way.
func (w *Worker) instance(m *module) (*instance, error) {
	for m.seat >= len(w.seats) {
		w.seats = append(w.seats, seat{})
	}
	s := &w.seats[m.seat]
	if s.module == m && s.in != nil {
		return s.in, nil
	}
	if s.module != m {
		w.clear(s)
		s.module = m
	}
	var err error
	select {
	case s.in = <-m.spare:
		w.host.needSpare()
	default:
		if s.struck {
			w.host.needSpare()
			return nil, nil
		}
		s.in, err = m.instantiate()
	}
	return s.in, err
}

// replace changes a full instance for a spare, if there is one by now; later decisions tell it their policies.
func (w *Worker) replace(s *seat) {
	select {
	case fresh := <-s.module.spare:
		s.in.close()
		s.in = fresh
	default:
	}
	w.host.needSpare()
}

// strike discards the instance of a failed call, counts it, and returns the reason. What is only explained does not count: no client was
// harmed, and asking why a plugin fails must not put it out of service.
func (w *Worker) strike(s *step, reason error, explained bool) string {
	text := reason.Error()
	if !explained {
		s.plugin.breaker.strike(w.host.now(), text)
		w.host.strikes.Add(1)
	}
	place := &w.seats[s.plugin.module.seat]
	w.clear(place)
	place.module, place.struck = s.plugin.module, true
	w.host.needSpare()
	return text
}

// keepUp closes what is no longer used.
func (w *Worker) keepUp() {
	if w.swept != w.host.retirements.Load() {
		w.sweep()
	}
}

// sweep closes the instances of modules that nobody can reach any more.
func (w *Worker) sweep() {
	w.swept = w.host.retirements.Load()
	for i := range w.seats {
		if s := &w.seats[i]; s.module != nil && s.module.retired.Load() {
			w.clear(s)
		}
	}
}

func (w *Worker) clear(s *seat) {
	if s.in != nil {
		s.in.close()
	}
	*s = seat{}
}

// Close closes the worker's instances. The worker may not be used after it.
func (w *Worker) Close() {
	for i := range w.seats {
		w.clear(&w.seats[i])
	}
}
