//go:build !linux

package attempt

import "context"

// Loop is for systems that have epoll; here it makes no attempts.
type Loop struct{}

// NewLoop returns a Loop that makes no attempts.
func NewLoop(context.Context) *Loop { return &Loop{} }

// Go returns false: every attempt needs a goroutine of its own.
func (*Loop) Go(Prober, string, func(Result)) bool { return false }

// Wait returns at once.
func (*Loop) Wait() {}
