package plugin

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
)

// mappings counts the process's.
func mappings(t *testing.T) int {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(maps, []byte("\n"))
}

// A guest's memory is in its room, grows there without moving up to its limit, and is gone when the guest is closed.
func TestRoom(t *testing.T) {
	ctx := context.Background()
	engine := wazero.NewRuntime(ctx)
	defer engine.Close(ctx)
	wasm := []byte("\x00asm\x01\x00\x00\x00\x05\x04\x01\x01\x01\x04\x07\x05\x01\x01m\x02\x00") // a memory of 1 page, 4 at most
	compiled, err := engine.CompileModule(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	var r room
	guest, err := engine.InstantiateModule(r.context(ctx), compiled, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	memory := guest.Memory()
	view, _ := memory.Read(0, pageLen)
	view[7] = 42
	if len(r.pages) != 4*pageLen || r.pages[7] != 42 {
		t.Errorf("got a room of %d bytes, want one of %d with the guest's memory", len(r.pages), 4*pageLen)
	}
	if _, ok := memory.Grow(3); !ok {
		t.Error("it does not grow to its limit")
	}
	if _, ok := memory.Grow(1); ok {
		t.Error("it grows beyond its limit")
	}
	if view, ok := memory.Read(0, 4*pageLen); !ok || view[7] != 42 || &view[0] != &r.pages[0] || view[4*pageLen-1] != 0 {
		t.Error("it moved, or lost what was in it")
	}
	if err := guest.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if r.Free(); r.pages != nil {
		t.Error("the room is still there")
	}
}

// Instances that are closed leave no room behind.
func TestRoomsGoWithTheirInstances(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{decide: weigh(1)}.bytes())
	m := h.loaded["guest"].module
	start := func() {
		in, err := m.instantiate()
		if err != nil {
			t.Fatal(err)
		}
		in.close()
	}
	start()
	before := mappings(t)
	for range 100 {
		start()
	}
	if after := mappings(t); after > before+20 {
		t.Errorf("got %d mappings after 100 starts, want about the %d of before", after, before)
	}
}
