package plugin

import "signpost/sdk/abi"

// kind is what the host has to know of one kind of plugin.
type kind struct {
	duty     int    // index in instance.duties
	frame    string // the export that returns the address of its frame
	frameLen uint32
	call     string // the export that does it
}

const (
	dutyRouting = iota
	dutyHealth
	dutyFilter
	dutyCount
)

// duties are what plugins of each kind do, for messages.
var duties = map[string]string{
	abi.KindRouting: "choose among candidates", abi.KindHealth: "judge a check", abi.KindFilter: "filter questions",
}

// kinds are the kinds that a manifest may name.
var kinds = map[string]*kind{
	abi.KindRouting: {dutyRouting, abi.ExportMarker, abi.FrameLen, abi.ExportDecide},
	abi.KindHealth:  {dutyHealth, abi.ExportJudgeFrame, abi.JudgeFrameLen, abi.ExportJudge},
	abi.KindFilter:  {dutyFilter, abi.ExportFilterFrame, abi.FilterFrameLen, abi.ExportFilter},
}
