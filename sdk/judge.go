package sdk

import "signpost/sdk/abi"

// Judge says whether the target of one check is up, from what its probes saw. It runs after each probe: it must not allocate or keep
// anything, and must give the same verdict for the same history.
type Judge func(h *History, v *Verdict)

// Health begins a plugin that judges checks. name is what stands in signpost.yaml, doc is one line.
func Health(name, version, doc string) *Plugin {
	return &Plugin{about: abi.Plugin{Name: name, Version: version, Kind: abi.KindHealth, Doc: doc}}
}

// ConfigureJudge sets the function that turns one check into its Judge. The Policy has one candidate, 0, which is the check: its ID is the
// check's name, and its attributes are the plugin's keys in signpost.yaml.
func (p *Plugin) ConfigureJudge(configure func(*Policy) Judge) { p.examine = configure }

// Reason is why a verdict was given, as a person reads it.
type Reason struct{ number uint16 }

// Reason adds a text that says why; the value of Verdict.Set stands in it for its first #.
func (p *Plugin) Reason(text string) Reason {
	p.about.Reasons = append(p.about.Reasons, text)
	return Reason{uint16(len(p.about.Reasons))}
}

// State is what is known of a target.
type State uint8

// Unknown, before the first verdict, is treated as up.
const (
	Unknown State = abi.HealthUnknown
	Up      State = abi.HealthUp
	Down    State = abi.HealthDown
)

// History is what a verdict may depend on.
type History struct{ raw abi.History }

// Before returns the verdict so far.
func (h *History) Before() State { return State(h.raw.Before) }

// Prior returns the verdict before that one: Unknown if there was none, or nobody knows. A target that is up and was down before has come back;
// one that is up and was unknown before has not been away.
func (h *History) Prior() State { return State(h.raw.Prior) }

// HeldMillis returns how long that verdict has stood, 0 while it is unknown.
func (h *History) HeldMillis() uint32 { return h.raw.HeldMillis }

// Len returns how many vantage points there are: places that the target is seen from, or checks that this one is made of.
func (h *History) Len() int { return int(h.raw.VantageCount) }

// Attempts returns the probes from one vantage point, the latest first. They are valid until the Judge returns.
func (h *History) Attempts(vantage int) []Attempt {
	v := &h.raw.Vantages[vantage]
	return v.Attempts[:v.AttemptCount]
}

// State returns a vantage point's own verdict where it has one, and how long that has stood.
func (h *History) State(vantage int) (state State, heldMillis uint32) {
	v := &h.raw.Vantages[vantage]
	return State(v.Health), v.HeldMillis
}

// Attempt is one probe: OK is 1 if it succeeded.
type Attempt = abi.Attempt

// Verdict is what a Judge fills. It begins as the verdict so far.
type Verdict struct{ raw abi.Verdict }

// Set gives the verdict and why.
func (v *Verdict) Set(state State, reason Reason, value uint32) {
	v.raw.Health, v.raw.Reason, v.raw.Value = uint8(state), reason.number, value
}

// SetShare has the target get so many percent of its weight while it is up, 0 to 100. Without it that is 100; 0 is nothing: it counts as down.
// Less and more are taken as the nearest of these.
func (v *Verdict) SetShare(percent int) { v.raw.Share = uint8(max(0, min(percent, 100))) }

// State returns the verdict as it has been given up to here: at first the one so far.
func (v *Verdict) State() State { return State(v.raw.Health) }
