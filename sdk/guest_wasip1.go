package sdk

import (
	"unsafe"

	"signpost/sdk/abi"
)

// The exports of abi.go, which is where they are explained.

//go:wasmexport signpost_abi_v1
func exportMarker() int32 { return int32(uintptr(unsafe.Pointer(&running))) }

//go:wasmexport signpost_describe
func exportDescribe() int64 {
	running.returned = running.describe()
	return span(running.returned)
}

//go:wasmexport signpost_alloc
func exportAlloc(length int32) int32 {
	return int32(uintptr(unsafe.Pointer(unsafe.SliceData(running.alloc(int(length))))))
}

//go:wasmexport signpost_configure
func exportConfigure(plugin, policy, _, length int32) (result int64) {
	defer func() {
		if cause := recover(); cause != nil { // the runtime's own words about it would not leave the sandbox
			problem := abi.Problem{Candidate: -1, Attribute: -1, Text: "the plugin panicked: " + textOf(cause)}
			running.returned = abi.AppendProblem(nil, problem)
			result = span(running.returned)
		}
	}()
	return span(running.configure(int(plugin), int(policy), running.message[:length]))
}

// textOf is what a panic says, without fmt.
func textOf(cause any) string {
	switch c := cause.(type) {
	case string:
		return c
	case error:
		return c.Error()
	}
	return "with a value that is neither text nor an error"
}

//go:wasmexport signpost_decide
func exportDecide(policy int32) int32 {
	running.decide(int(policy))
	return 0
}

//go:wasmexport signpost_judge_frame
func exportJudgeFrame() int32 { return int32(uintptr(unsafe.Pointer(&running.history))) }

//go:wasmexport signpost_judge
func exportJudge(policy int32) int32 {
	running.judge(int(policy))
	return 0
}

//go:wasmexport signpost_filter_frame
func exportFilterFrame() int32 { return int32(uintptr(unsafe.Pointer(&running.question))) }

//go:wasmexport signpost_filter
func exportFilter(policy int32) int32 {
	running.filter(int(policy))
	return 0
}

// span returns address<<32 | length; 0 for no bytes.
func span(bytes []byte) int64 {
	if len(bytes) == 0 {
		return 0
	}
	return int64(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))<<32 | int64(len(bytes))
}
