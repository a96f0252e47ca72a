package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// machineWatch notes when the machine stands still. It has one real-time thread on every processor, which sleeps and looks how late it woke:
// nothing but the kernel and the host of a virtual machine can delay it.
type machineWatch struct {
	ended  atomic.Bool
	wait   sync.WaitGroup
	mu     sync.Mutex
	stills []standstill
	blind  bool // real-time threads need root
}

func watchMachine() *machineWatch {
	w := &machineWatch{}
	for cpu := range runtime.NumCPU() {
		w.wait.Go(func() { w.watch(cpu) })
	}
	return w
}

func (w *machineWatch) watch(cpu int) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	var one unix.CPUSet
	one.Set(cpu)
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
	if unix.SchedSetaffinity(0, &one) != nil || unix.SchedSetAttr(0, attr, 0) != nil {
		w.mu.Lock()
		w.blind = true
		w.mu.Unlock()
		return
	}
	gap := unix.NsecToTimespec(int64(standstillWatch))
	for !w.ended.Load() {
		due := time.Now().Add(standstillWatch)
		_ = unix.Nanosleep(&gap, nil)
		if now := time.Now(); now.Sub(due) > standstillFrom {
			w.mu.Lock()
			w.stills = append(w.stills, standstill{due, now})
			w.mu.Unlock()
		}
	}
}

// stop ends the watch. It was blind if it could not tell.
func (w *machineWatch) stop() (stills []standstill, blind bool) {
	w.ended.Store(true)
	w.wait.Wait()
	return w.stills, w.blind
}
