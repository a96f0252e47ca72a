package plugin

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"signpost/host/diag"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Judge is a health plugin that accepted a check. It is immutable and shared by all workers, and works as long as something refers to it.
type Judge struct{ program *program }

// Evidence is what is known of a check's target.
type Evidence struct {
	Before   policy.Health // the verdict so far
	Prior    policy.Health // the verdict before that one; Unknown: there was none. A target that comes up after it was down may start slowly
	Held     time.Duration // since when it stands
	Vantages []Vantage     // at most abi.VantageMax; more are left out
}

// Vantage is what one vantage point saw: attempts, or a verdict of its own, or both.
type Vantage struct {
	Health   policy.Health
	Held     time.Duration
	Attempts []Attempt // the latest first, at most abi.AttemptMax; more are left out
}

// Attempt is one probe.
type Attempt struct {
	Age, Took time.Duration
	Code      uint16 // status of HTTP; 0 where there is none
	OK        bool
}

// Verdict is what a health plugin said.
type Verdict struct {
	Health  policy.Health
	Share   uint8  // 0..100: percent of its weight that the target gets while it is up
	Reason  string // "": none was given
	Fuel    uint64
	Problem string // why the plugin could not say; then Health is as it was, and Share 100. "": it could
}

// shareAll is a share that leaves the target its weight.
const shareAll = 100

// Judge turns what signpost.yaml says of a check into a Judge, or says what is wrong with it. The Spec has a chain of one plugin and one
// candidate, the check. Both results are nil before Ready.
func (h *Host) Judge(spec *policy.Spec, terms Terms) (*Judge, diag.List) {
	return h.judge(nil, spec, terms)
}

// judge is Judge with the plugins of a Change, which may be nil.
func (h *Host) judge(c *Change, spec *policy.Spec, terms Terms) (*Judge, diag.List) {
	r := routing{host: h, change: c, kind: abi.KindHealth, spec: spec, terms: terms, policy: new(policy.Policy)}
	if len(spec.Chain) > 1 {
		r.diags.Errorf(spec.Candidates[0].ChainPos, "%s: a check is judged by one plugin", r.name())
		return nil, r.diags
	}
	if !r.run() {
		return nil, r.diags
	}
	return &Judge{r.program}, r.diags
}

// Plugin returns the name of the plugin.
func (j *Judge) Plugin() string { return j.program.spec.Chain[0] }

// Keys lists the attributes of the health plugin with that name, as signpost.yaml has them; nil if there is none, or before Ready. Who has settings
// of his own that plugins may have a key for, as fall and rise, looks here which to hand over.
func (h *Host) Keys(name string) []string { return h.keys(nil, name) }

// keys is Keys with the plugins of a Change, which may be nil.
func (h *Host) keys(c *Change, name string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.findLocked(c, name)
	if p == nil || p.about.Kind != abi.KindHealth {
		return nil
	}
	keys := make([]string, len(p.about.Attributes))
	for i := range keys {
		keys[i] = p.about.Attributes[i].Name
	}
	return keys
}

// Judge fills v. It never fails: if the plugin does, v is the verdict so far with a Problem.
func (w *Worker) Judge(j *Judge, e *Evidence, v *Verdict) {
	w.keepUp()
	s := &j.program.steps[0]
	*v = Verdict{Health: e.Before, Share: shareAll}
	if in, problem := w.ready(s, false); in == nil {
		v.Problem = problem
	} else if err := w.judge(in, s, e, v); err != nil {
		*v = Verdict{Health: e.Before, Share: shareAll, Problem: w.strike(s, fmt.Errorf("judge: %w", err), false)}
	} else {
		w.succeed(s, in)
	}
	if v.Problem != "" {
		s.plugin.counts[w.shard].fallbacks.Add(1)
	}
	runtime.KeepAlive(j)
}

// judge is one call of a guest.
func (w *Worker) judge(in *instance, s *step, e *Evidence, v *Verdict) error {
	frame, ok := in.frame(s.plugin.kind)
	if !ok {
		return errFrame
	}
	writeEvidence(frame, e)
	frame, spent, err := in.ask(s, s.fuel+fuelPerVantage*uint64(min(len(e.Vantages), abi.VantageMax)))
	if err != nil {
		return err
	}
	share := frame[abi.VerdictShareOff]
	if share == abi.ShareUnsaid {
		share = shareAll
	}
	health, reason := frame[abi.VerdictHealthOff], int(binary.LittleEndian.Uint16(frame[abi.VerdictReasonOff:]))
	reasons := s.plugin.about.Reasons
	if health > abi.HealthDown || reason > len(reasons) {
		return fmt.Errorf("a verdict of %d for reason %d of %d", health, reason, len(reasons))
	}
	if share > shareAll {
		return fmt.Errorf("a share of %d percent", share)
	}
	v.Health, v.Share, v.Fuel = policy.Health(health), share, spent
	if reason > 0 {
		value := strconv.FormatUint(uint64(get32(frame[abi.VerdictValueOff:])), 10)
		v.Reason = strings.Replace(reasons[reason-1], "#", value, 1)
	}
	w.count(s, spent)
	return nil
}

// writeEvidence fills the frame; what it does not fill is zero, so that no verdict depends on an earlier one.
func writeEvidence(frame []byte, e *Evidence) {
	vantages := e.Vantages[:min(len(e.Vantages), abi.VantageMax)]
	clear(frame[:abi.VantagesOff])
	put32(frame[abi.VantageCountOff:], uint32(len(vantages)))
	frame[abi.BeforeOff], frame[abi.PriorOff] = byte(e.Before), byte(e.Prior)
	put32(frame[abi.HeldOff:], millis(e.Held))
	clear(frame[abi.VerdictHealthOff:])
	frame[abi.VerdictHealthOff], frame[abi.VerdictShareOff] = byte(e.Before), abi.ShareUnsaid
	rest := frame[abi.VantagesOff:abi.VerdictHealthOff]
	for i := range vantages {
		v := &vantages[i]
		attempts := v.Attempts[:min(len(v.Attempts), abi.AttemptMax)]
		at := rest[i*abi.VantageLen:][:abi.VantageLen]
		clear(at)
		put32(at[abi.AttemptCountOff:], uint32(len(attempts)))
		at[abi.VantageHealthOff] = byte(v.Health)
		put32(at[abi.VantageHeldOff:], millis(v.Held))
		for j := range attempts {
			writeAttempt(at[abi.AttemptsOff+j*abi.AttemptLen:], &attempts[j])
		}
	}
	clear(rest[len(vantages)*abi.VantageLen:])
}

func writeAttempt(at []byte, a *Attempt) {
	put32(at[abi.AttemptAgeOff:], millis(a.Age))
	put32(at[abi.AttemptTookOff:], bounded32(a.Took.Microseconds()))
	binary.LittleEndian.PutUint16(at[abi.AttemptCodeOff:], a.Code)
	if a.OK {
		at[abi.AttemptOKOff] = 1
	}
}

func millis(d time.Duration) uint32 { return bounded32(d.Milliseconds()) }

func bounded32(value int64) uint32 { return uint32(min(max(value, 0), 1<<32-1)) }
