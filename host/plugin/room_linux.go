package plugin

import (
	"context"
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// room is where a guest's memory lies: pages of its own beyond Go's heap, so that what guests waste is no work for the collector, growing moves
// nothing, and closing an instance gives all back at once. See RATIONALE.md "Why is a guest's memory not on Go's heap?". The zero value lets the
// memory be on the heap.
type room struct {
	pages []byte // reserved; the guest's memory is the beginning
	open  int    // bytes of pages that may be used
}

// context has the memory of a module that is instantiated with it lie in r.
func (r *room) context(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(func(least, most uint64) experimental.LinearMemory {
		var err error
		r.pages, err = syscall.Mmap(-1, 0, int(max(most, pageLen)), syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err == nil && r.Reallocate(least) != nil {
			return r
		}
		r.Free() // the system has too little to give; the heap may have room
		return new(heapRoom)
	}))
}

// Reallocate makes the memory that long.
func (r *room) Reallocate(length uint64) []byte {
	if n := int(length); n > r.open {
		if n > len(r.pages) || syscall.Mprotect(r.pages[:n], syscall.PROT_READ|syscall.PROT_WRITE) != nil {
			return nil
		}
		r.open = n
	}
	return r.pages[:length:length]
}

// Free gives the memory back. It may be called again.
func (r *room) Free() {
	if r.pages != nil {
		_ = syscall.Munmap(r.pages) // an error would say that it is no mapping
	}
	*r = room{}
}

// heapRoom is a memory on the heap.
type heapRoom struct{ bytes []byte }

// Reallocate makes the memory that long.
func (r *heapRoom) Reallocate(length uint64) []byte {
	if n := int(length) - len(r.bytes); n > 0 {
		r.bytes = append(r.bytes, make([]byte, n)...)
	}
	return r.bytes[:length]
}

// Free lets the collector have it.
func (r *heapRoom) Free() { r.bytes = nil }
