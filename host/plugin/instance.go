package plugin

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"signpost/sdk/abi"
)

// Reasons of a failed call.
var (
	errSpent = errors.New("fuel is spent")
	errFrame = errors.New("the frame is not inside the guest's memory")
)

// instance is one running copy of a module: its own memory, used by one goroutine at a time. After an error from any method it must
// be closed, because a guest that was stopped in the middle of a call is in no state to be called again.
type instance struct {
	ctx       context.Context // carries the instance to host functions
	module    *module
	guest     api.Module
	memory    api.Memory
	fullAt    uint32 // bytes of memory at which the instance is to be replaced
	fuel      api.MutableGlobal
	configure api.Function
	alloc     api.Function
	startFuel uint64 // that the start section and _initialize spent
	duties    [dutyCount]duty
	stack     [4]uint64
	known     []known // by handle
	numbers   uint32  // of policies, given to the guest so far
	clock     uint64
	dice      uint64
	notice    []byte // what the guest wrote to a terminal
}

// duty is what an instance does for one kind of plugin.
type duty struct {
	call    api.Function
	frameAt uint32
}

// known is what an instance knows of one handle. The guest gets numbers of its own, which are small when it knows few policies: it may keep a
// table by number, and handles of the host grow with every policy that no collection has freed yet.
type known struct {
	serial uint64 // of the step that it was configured for, 0 for none
	number uint32 // that the guest knows it by, 0 for none: that is what the control plane tries policies with
}

// instantiate starts a copy of the module.
func (m *module) instantiate() (*instance, error) {
	in := &instance{module: m, clock: wasiEpoch, dice: wasiDiceSeed}
	in.ctx = context.WithValue(context.Background(), instanceKey{}, in)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	guest, err := m.code.runtime.InstantiateModule(in.ctx, m.code.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("start: %w", firstLine(err))
	}
	m.host.instances.Add(1)
	in.guest, in.memory = guest, guest.Memory()
	in.fullAt = in.memory.Size() + (m.limits.Memory-in.memory.Size())/2
	if err := in.begin(); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// begin runs the guest's own initialisation and finds its frame.
func (in *instance) begin() error {
	var ok bool
	if in.fuel, ok = in.guest.ExportedGlobal(fuelExport).(api.MutableGlobal); !ok {
		return errors.New("start: no fuel")
	}
	in.configure = in.guest.ExportedFunction(abi.ExportConfigure)
	in.alloc = in.guest.ExportedFunction(abi.ExportAlloc)
	if initialize := in.guest.ExportedFunction(abi.ExportInitialize); initialize != nil {
		if _, err := in.call(initialize, in.left()); err != nil {
			return fmt.Errorf("%s: %w", abi.ExportInitialize, err)
		}
	}
	in.startFuel = startFuel - in.left()
	for _, p := range in.module.plugins {
		if err := in.takeUp(p.kind); err != nil {
			return err
		}
	}
	return nil
}

// takeUp finds what the guest exports for one kind. The control plane's first instance does so when it knows the manifest.
func (in *instance) takeUp(k *kind) error {
	d := &in.duties[k.duty]
	if d.call != nil {
		return nil
	}
	for _, name := range []string{k.call, k.frame} {
		if in.guest.ExportedFunction(name) == nil {
			return fmt.Errorf("it does not export a function %s", name)
		}
	}
	address, err := in.call(in.guest.ExportedFunction(k.frame), configureFuel)
	if err != nil {
		return fmt.Errorf("%s: %w", k.frame, err)
	}
	d.frameAt = uint32(address)
	if _, ok := in.memory.Read(d.frameAt, k.frameLen); !ok || d.frameAt%8 != 0 {
		return fmt.Errorf("%s: a frame at %#x is not inside the guest's memory, or not at a multiple of 8", k.frame, d.frameAt)
	}
	d.call = in.guest.ExportedFunction(k.call)
	return nil
}

// call runs one function with the operands in in.stack and returns its result.
func (in *instance) call(function api.Function, fuel uint64) (uint64, error) {
	in.fuel.Set(fuel)
	if err := function.CallWithStack(in.ctx, in.stack[:]); err != nil {
		return 0, in.reason(err)
	}
	return in.stack[0], nil
}

// left returns the fuel that the last call did not spend.
func (in *instance) left() uint64 { return uint64(max(int64(in.fuel.Get()), 0)) }

// reason says why a call failed, in one line.
func (in *instance) reason(err error) error {
	err = firstLine(err)
	if int64(in.fuel.Get()) < 0 {
		err = errSpent // a Go guest that panics may spend its last fuel on saying so
	}
	if notice, _, _ := bytes.Cut(bytes.TrimSpace(in.notice), []byte("\n")); len(notice) > 0 {
		return fmt.Errorf("%w: %s", err, abi.Printable(notice))
	}
	return err
}

// firstLine drops the stack trace that wazero adds.
func firstLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimPrefix(text, "wasm error: "))
}

// span reads what an i64 of address<<32 | length points to: a view that is valid until the next call.
func (in *instance) span(result uint64, most uint32) ([]byte, error) {
	address, length := uint32(result>>32), uint32(result)
	if length > most {
		return nil, fmt.Errorf("a result of %d bytes is longer than %d", length, most)
	}
	bytes, ok := in.memory.Read(address, length)
	if !ok {
		return nil, fmt.Errorf("a result at %#x of %d bytes is not inside the guest's memory", address, length)
	}
	return bytes, nil
}

// describe asks for the manifest.
func (in *instance) describe() ([]byte, error) {
	result, err := in.call(in.guest.ExportedFunction(abi.ExportDescribe), configureFuel)
	if err != nil {
		return nil, err
	}
	return in.span(result, abi.ManifestLenMax)
}

// configureStep gives the guest one policy under a number and returns its problems.
func (in *instance) configureStep(s *step, number uint32) ([]abi.Problem, error) {
	in.stack[0] = uint64(len(s.config))
	address, err := in.call(in.alloc, s.configureFuel())
	if err != nil {
		return nil, err
	}
	buffer, ok := in.memory.Read(uint32(address), uint32(len(s.config)))
	if !ok {
		return nil, fmt.Errorf("a buffer at %#x of %d bytes is not inside the guest's memory", uint32(address), len(s.config))
	}
	copy(buffer, s.config)
	in.stack = [4]uint64{uint64(s.plugin.index), uint64(number), uint64(uint32(address)), uint64(len(s.config))}
	result, err := in.call(in.configure, s.configureFuel())
	if err != nil || result == 0 {
		return nil, err
	}
	raw, err := in.span(result, abi.ProblemsLenMax)
	if err != nil {
		return nil, err
	}
	problems, ok := abi.ParseProblems(raw, s.candidateCount, len(s.plugin.about.Attributes))
	if !ok {
		return nil, errors.New("malformed problems")
	}
	return problems, nil
}

// prepare makes sure that the guest knows the policy of s. It is cheap when it does.
func (in *instance) prepare(s *step) error {
	if missing := int(s.handle) + 1 - len(in.known); missing > 0 {
		in.known = append(in.known, make([]known, missing)...)
	}
	k := &in.known[s.handle]
	if k.serial == s.serial {
		return nil
	}
	if k.number == 0 {
		in.numbers++
		k.number = in.numbers
	}
	k.serial = 0
	problems, err := in.configureStep(s, k.number)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return errors.New("refused a policy that it had accepted: " + problems[0].Text)
	}
	k.serial = s.serial
	return nil
}

// ask calls the guest about the policy of s, whose frame is filled, and returns the frame with the result and the fuel that it took of so much.
func (in *instance) ask(s *step, fuel uint64) (frame []byte, spent uint64, err error) {
	in.stack[0] = uint64(in.known[s.handle].number)
	status, err := in.call(in.duties[s.plugin.kind.duty].call, fuel)
	if err != nil {
		return nil, 0, err
	}
	if uint32(status) != 0 {
		return nil, 0, fmt.Errorf("the plugin said that it cannot (%d)", uint32(status))
	}
	frame, ok := in.frame(s.plugin.kind) // again: the guest may have grown its memory, which moves it
	if !ok {
		return nil, 0, errFrame
	}
	return frame, fuel - in.left(), nil
}

// frame returns a view of the frame of one kind. It is valid until the next call, which may move the memory.
func (in *instance) frame(k *kind) ([]byte, bool) {
	return in.memory.Read(in.duties[k.duty].frameAt, k.frameLen)
}

// full tells that the guest has used up half of the room that it had for garbage. Go guests do not collect theirs (see wasi.go), and a
// new instance costs less than a collection.
func (in *instance) full() bool { return in.memory.Size() > in.fullAt }

func (in *instance) close() {
	in.guest.Close(in.ctx)
	in.module.host.instances.Add(-1)
}

func get32(at []byte) uint32 { return binary.LittleEndian.Uint32(at) }

func put32(at []byte, value uint32) { binary.LittleEndian.PutUint32(at, value) }
