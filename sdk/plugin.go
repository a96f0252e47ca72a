// Package sdk is what the author of a plugin imports: a policy in plain Go, run in Signpost's sandbox and natively in its own test.
//
// Plane: both. Floor: 1. Journey of a query: step 4, inside the guest.
// A policy has no clock, dice, network or files. It tells how the answers are to be shared, and the host draws.
// Nothing here uses fmt, encoding/json or reflect, which would double the size of a plugin.
package sdk

import "signpost/sdk/abi"

// Plugin is one plugin while its author describes it: what it is called, what its annotations may say, and how it decides.
type Plugin struct {
	about     abi.Plugin
	configure func(*Policy) Decide
	examine   func(*Policy) Judge
	screen    func(*Policy) Filter
}

// Decide shares the answers of one policy between its candidates. It runs for every query that is not answered from a kept
// decision: it must not allocate or keep anything, and must give the same result for the same facts.
type Decide func(f *Facts, d *Decision)

// Routing begins a plugin that chooses among the candidates of a name. name is what stands in zone files: lower-case letters,
// digits and hyphens. doc is one line. configure is called for each policy that uses the plugin; it refuses what is wrong
// in it or returns how to decide. A refused policy may return nil.
func Routing(name, version, doc string) *Plugin {
	return &Plugin{about: abi.Plugin{Name: name, Version: version, Kind: abi.KindRouting, Doc: doc}}
}

// Name returns what stands in zone files.
func (p *Plugin) Name() string { return p.about.Name }

// WantClient asks for the client's network: Facts.Client is zero otherwise.
func (p *Plugin) WantClient() { p.about.Wants = append(p.about.Wants, abi.WantClient) }

// WantGeo asks where the client's network is: Facts.Place is zero otherwise.
func (p *Plugin) WantGeo() { p.about.Wants = append(p.about.Wants, abi.WantGeo) }

// WantLatency asks how far the client's network is from each candidate's place, the value of the plugin's first Place attribute:
// Facts.Latency is unknown otherwise.
func (p *Plugin) WantLatency() { p.about.Wants = append(p.about.Wants, abi.WantLatency) }

// Configure sets the function that turns one policy into its Decide. It runs once a policy, and may allocate.
func (p *Plugin) Configure(configure func(*Policy) Decide) { p.configure = configure }

// accept runs the author's function for the plugin's kind.
func (p *Plugin) accept(policy *Policy) (a accepted) {
	switch {
	case p.configure != nil:
		a.decide = p.configure(policy)
	case p.examine != nil:
		a.judge = p.examine(policy)
	case p.screen != nil:
		a.filter = p.screen(policy)
	}
	return a
}

// Served is the set of plugins that a guest's main package serves.
type Served struct{}

// Serve makes this program's plugins known to the host. Call it once, before main: var _ = sdk.Serve(mine.Plugin()).
func Serve(plugins ...*Plugin) Served {
	running.plugins = append(running.plugins, plugins...)
	growStack()
	return Served{}
}

// running is this program as the host sees it. Its address is the guest's side of the border, so it cannot be a local variable.
var running guest
