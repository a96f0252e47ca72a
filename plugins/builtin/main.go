// Command builtin is the guest that holds Signpost's own plugins, all in one module because a Go guest is mostly the Go runtime.
//
// Plane: both. Floor: 3. Journey of a query: step 4, inside the guest.
package main

import (
	"signpost/plugins/calculated"
	"signpost/plugins/degraded"
	"signpost/plugins/failover"
	"signpost/plugins/geolocation"
	"signpost/plugins/geoproximity"
	"signpost/plugins/ipbased"
	"signpost/plugins/latency"
	"signpost/plugins/multivalue"
	"signpost/plugins/quorum"
	"signpost/plugins/responsetime"
	"signpost/plugins/simple"
	"signpost/plugins/splithorizon"
	"signpost/plugins/sticky"
	"signpost/plugins/threshold"
	"signpost/plugins/weighted"
	"signpost/sdk"
)

// A guest's main does not run: the host calls what sdk exports.
func main() {}

var _ = sdk.Serve(
	simple.Plugin(),
	threshold.Plugin(),
	weighted.Plugin(),
	failover.Plugin(),
	latency.Plugin(),
	splithorizon.Plugin(),
	geolocation.Plugin(),
	geoproximity.Plugin(),
	multivalue.Plugin(),
	ipbased.Plugin(),
	sticky.Plugin(),
	quorum.Plugin(),
	calculated.Plugin(),
	responsetime.Plugin(),
	degraded.Plugin(),
)
