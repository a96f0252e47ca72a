//go:build !linux

package plugin

import "context"

// room does nothing here: a guest's memory is on Go's heap.
type room struct{}

func (*room) context(ctx context.Context) context.Context { return ctx }

// Free does nothing.
func (*room) Free() {}
