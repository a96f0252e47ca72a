package main

import (
	"signpost/plugins/failover"
	"signpost/plugins/geolocation"
	"signpost/plugins/geoproximity"
	"signpost/plugins/ipbased"
	"signpost/plugins/latency"
	"signpost/plugins/multivalue"
	"signpost/plugins/simple"
	"signpost/plugins/splithorizon"
	"signpost/plugins/sticky"
	"signpost/plugins/weighted"
	"signpost/sdk"
)

// builtins are the built-in plugins by their folder.
func builtins() map[string]*sdk.Plugin {
	return map[string]*sdk.Plugin{
		"failover":     failover.Plugin(),
		"geolocation":  geolocation.Plugin(),
		"geoproximity": geoproximity.Plugin(),
		"ipbased":      ipbased.Plugin(),
		"latency":      latency.Plugin(),
		"multivalue":   multivalue.Plugin(),
		"simple":       simple.Plugin(),
		"splithorizon": splithorizon.Plugin(),
		"sticky":       sticky.Plugin(),
		"weighted":     weighted.Plugin(),
	}
}
