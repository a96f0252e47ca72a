package plugin

import (
	"context"
	"encoding/binary"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// Guests of languages with a runtime import WASI. This is as much of it as they need to start: a clock that only they advance, dice
// that always fall alike, no arguments, no files. What a guest writes to a terminal is kept as the reason of a trap.
//
// The environment is one constant: a Go guest does not collect garbage, because a collection costs up to 120 M of fuel and 12 ms in the
// middle of a decision (measured with 10,000 policies). The host replaces an instance whose memory fills up instead; see instance.full.
const (
	wasiEnvironment = "GOGC=off\x00"

	wasiOK       = 0
	wasiBadFile  = 8
	wasiInvalid  = 28
	wasiItemMax  = 64       // buffers of one fd_write, subscriptions of one poll: work in the host is not paid by fuel
	wasiDiceMax  = 1 << 12  // bytes of one random_get
	wasiEpoch    = 1e18     // 2001-09-09, in nanoseconds: a Go runtime refuses a clock that says zero
	wasiTick     = 1000     // nanoseconds between two readings
	wasiNoticeAt = 400      // bytes of a guest's last words that are kept
	wasiDiceSeed = 0x5eed_0 // any constant
)

type wasiFunction struct {
	params string // value types
	call   func(in *instance, memory api.Memory, stack []uint64) uint64
}

func badFile(*instance, api.Memory, []uint64) uint64 { return wasiBadFile }

func nothing(*instance, api.Memory, []uint64) uint64 { return wasiOK }

// wasiFunctions are the imports that are offered. All return an errno but proc_exit, which does not return.
var wasiFunctions = map[string]wasiFunction{
	"args_get":          {"\x7f\x7f", nothing},
	"args_sizes_get":    {"\x7f\x7f", wasiNoSizes},
	"environ_get":       {"\x7f\x7f", wasiEnviron},
	"environ_sizes_get": {"\x7f\x7f", wasiEnvironSizes},
	"clock_res_get":     {"\x7f\x7f", wasiResolution},
	"clock_time_get":    {"\x7f\x7e\x7f", wasiClock},
	"fd_write":          {"\x7f\x7f\x7f\x7f", wasiWrite},
	"poll_oneoff":       {"\x7f\x7f\x7f\x7f", wasiPoll},
	"proc_exit":         {"\x7f", wasiExit},
	"random_get":        {"\x7f\x7f", wasiRandom},
	"sched_yield":       {"", nothing},

	// Nothing is ever open.
	"fd_advise":               {"\x7f\x7e\x7e\x7f", badFile},
	"fd_allocate":             {"\x7f\x7e\x7e", badFile},
	"fd_close":                {"\x7f", badFile},
	"fd_datasync":             {"\x7f", badFile},
	"fd_fdstat_get":           {"\x7f\x7f", badFile},
	"fd_fdstat_set_flags":     {"\x7f\x7f", badFile},
	"fd_fdstat_set_rights":    {"\x7f\x7e\x7e", badFile},
	"fd_filestat_get":         {"\x7f\x7f", badFile},
	"fd_filestat_set_size":    {"\x7f\x7e", badFile},
	"fd_filestat_set_times":   {"\x7f\x7e\x7e\x7f", badFile},
	"fd_pread":                {"\x7f\x7f\x7f\x7e\x7f", badFile},
	"fd_prestat_dir_name":     {"\x7f\x7f\x7f", badFile},
	"fd_prestat_get":          {"\x7f\x7f", badFile},
	"fd_pwrite":               {"\x7f\x7f\x7f\x7e\x7f", badFile},
	"fd_read":                 {"\x7f\x7f\x7f\x7f", badFile},
	"fd_readdir":              {"\x7f\x7f\x7f\x7e\x7f", badFile},
	"fd_renumber":             {"\x7f\x7f", badFile},
	"fd_seek":                 {"\x7f\x7e\x7f\x7f", badFile},
	"fd_sync":                 {"\x7f", badFile},
	"fd_tell":                 {"\x7f\x7f", badFile},
	"path_create_directory":   {"\x7f\x7f\x7f", badFile},
	"path_filestat_get":       {"\x7f\x7f\x7f\x7f\x7f", badFile},
	"path_filestat_set_times": {"\x7f\x7f\x7f\x7f\x7e\x7e\x7f", badFile},
	"path_link":               {"\x7f\x7f\x7f\x7f\x7f\x7f\x7f", badFile},
	"path_open":               {"\x7f\x7f\x7f\x7f\x7f\x7e\x7e\x7f\x7f", badFile},
	"path_readlink":           {"\x7f\x7f\x7f\x7f\x7f\x7f", badFile},
	"path_remove_directory":   {"\x7f\x7f\x7f", badFile},
	"path_rename":             {"\x7f\x7f\x7f\x7f\x7f\x7f", badFile},
	"path_symlink":            {"\x7f\x7f\x7f\x7f\x7f", badFile},
	"path_unlink_file":        {"\x7f\x7f\x7f", badFile},
	"proc_raise":              {"\x7f", badFile},
	"sock_accept":             {"\x7f\x7f\x7f", badFile},
	"sock_recv":               {"\x7f\x7f\x7f\x7f\x7f\x7f", badFile},
	"sock_send":               {"\x7f\x7f\x7f\x7f\x7f", badFile},
	"sock_shutdown":           {"\x7f\x7f", badFile},
}

// instanceKey is the context key of the instance that a host function serves.
type instanceKey struct{}

// instantiateWASI adds the stub to a runtime.
func instantiateWASI(ctx context.Context, runtime wazero.Runtime) error {
	builder := runtime.NewHostModuleBuilder(wasiModule)
	for name, f := range wasiFunctions {
		results := []api.ValueType{api.ValueTypeI32}
		if name == "proc_exit" {
			results = nil
		}
		call := api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
			in, _ := ctx.Value(instanceKey{}).(*instance)
			errno := f.call(in, m.Memory(), stack)
			if len(results) > 0 {
				stack[0] = errno
			}
		})
		builder.NewFunctionBuilder().WithGoModuleFunction(call, []byte(f.params), results).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

func wasiNoSizes(_ *instance, memory api.Memory, stack []uint64) uint64 {
	if !memory.WriteUint32Le(uint32(stack[0]), 0) || !memory.WriteUint32Le(uint32(stack[1]), 0) {
		return wasiInvalid
	}
	return wasiOK
}

func wasiEnvironSizes(_ *instance, memory api.Memory, stack []uint64) uint64 {
	if !memory.WriteUint32Le(uint32(stack[0]), 1) || !memory.WriteUint32Le(uint32(stack[1]), uint32(len(wasiEnvironment))) {
		return wasiInvalid
	}
	return wasiOK
}

func wasiEnviron(_ *instance, memory api.Memory, stack []uint64) uint64 {
	if !memory.WriteUint32Le(uint32(stack[0]), uint32(stack[1])) || !memory.WriteString(uint32(stack[1]), wasiEnvironment) {
		return wasiInvalid
	}
	return wasiOK
}

func wasiResolution(_ *instance, memory api.Memory, stack []uint64) uint64 {
	if !memory.WriteUint64Le(uint32(stack[1]), wasiTick) {
		return wasiInvalid
	}
	return wasiOK
}

func wasiClock(in *instance, memory api.Memory, stack []uint64) uint64 {
	in.clock += wasiTick
	if !memory.WriteUint64Le(uint32(stack[2]), in.clock) {
		return wasiInvalid
	}
	return wasiOK
}

func wasiExit(_ *instance, _ api.Memory, stack []uint64) uint64 {
	panic(sys.NewExitError(uint32(stack[0])))
}

// wasiRandom writes xorshift64 numbers of a constant seed.
func wasiRandom(in *instance, memory api.Memory, stack []uint64) uint64 {
	bytes, ok := memory.Read(uint32(stack[0]), uint32(stack[1]))
	if !ok || len(bytes) > wasiDiceMax {
		return wasiInvalid
	}
	for i := range bytes {
		in.dice ^= in.dice << 13
		in.dice ^= in.dice >> 7
		in.dice ^= in.dice << 17
		bytes[i] = byte(in.dice)
	}
	return wasiOK
}

// wasiWrite keeps the first bytes of what a guest says.
func wasiWrite(in *instance, memory api.Memory, stack []uint64) uint64 {
	if fd := uint32(stack[0]); fd != 1 && fd != 2 { // the upper half of an i32 is whatever stood there
		return wasiBadFile
	}
	count := min(uint32(stack[2]), wasiItemMax)
	vectors, ok := memory.Read(uint32(stack[1]), count*8)
	if !ok {
		return wasiInvalid
	}
	written := uint32(0)
	for ; len(vectors) >= 8; vectors = vectors[8:] {
		bytes, ok := memory.Read(binary.LittleEndian.Uint32(vectors), binary.LittleEndian.Uint32(vectors[4:]))
		if !ok {
			return wasiInvalid
		}
		in.notice = append(in.notice, bytes[:min(len(bytes), wasiNoticeAt-len(in.notice))]...)
		written += uint32(len(bytes))
	}
	if !memory.WriteUint32Le(uint32(stack[3]), written) {
		return wasiInvalid
	}
	return wasiOK
}

// wasiPoll reports every subscription as due and moves the clock to where the longest sleep ends.
func wasiPoll(in *instance, memory api.Memory, stack []uint64) uint64 {
	const subscriptionLen, eventLen, tagOff, timeoutOff = 48, 32, 8, 24
	count := uint32(stack[2])
	if count == 0 || count > wasiItemMax {
		return wasiInvalid
	}
	subscriptions, ok := memory.Read(uint32(stack[0]), count*subscriptionLen)
	events, ok2 := memory.Read(uint32(stack[1]), count*eventLen)
	if !ok || !ok2 || !memory.WriteUint32Le(uint32(stack[3]), count) {
		return wasiInvalid
	}
	longest := uint64(0)
	for i := range int(count) {
		subscription, event := subscriptions[i*subscriptionLen:], events[i*eventLen:][:eventLen]
		user, tag := binary.LittleEndian.Uint64(subscription), subscription[tagOff]
		if tag == 0 {
			longest = max(longest, binary.LittleEndian.Uint64(subscription[timeoutOff:])%1e12)
		}
		clear(event)
		binary.LittleEndian.PutUint64(event, user)
		event[10] = tag
	}
	in.clock += longest
	return wasiOK
}
