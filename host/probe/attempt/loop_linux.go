package attempt

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Loop makes attempts in one goroutine: while some wait for the network, another goes on. However many begin together, they take one processor at
// a time; host/RATIONALE.md, "Why do probes share a goroutine?", has the figures. All methods may be called by many at a time.
type Loop struct {
	ctx   context.Context
	ended chan struct{} // closed when the goroutine has; nil: it never began

	mu     sync.Mutex // guards what follows
	begun  []job
	asleep bool

	// What follows is the goroutine's own.
	file    *os.File // the epoll, which is itself in the runtime's poller
	raw     syscall.RawConn
	epoll   int
	room    [64]syscall.EpollEvent
	found   []syscall.EpollEvent
	waiting map[int32]*task // by socket
	alarm   time.Time       // when to expire those whose time is over; zero: none waits
	idle    []*task
}

// job is an attempt to be made.
type job struct {
	prober   Prober
	endpoint string
	done     func(Result)
}

// beginMost is how many attempts begin before those go on that the network has something for.
const beginMost = 4

// backlogMost is how many attempts wait to begin before others get goroutines, and with them more of a busy machine's processors: with one
// thread's share alone, probes of 10,000 checks were late beside eight programs that computed.
const backlogMost = 128

// expireWithin is how long after its deadline a task may be told: those of one burst are told together, in one walk over all that wait.
const expireWithin = 5 * time.Millisecond

// idleMost is how many tasks are kept for further attempts. What thousands that hung together have grown is given back.
const idleMost = 128

// NewLoop returns a Loop whose attempts end when ctx is done. It has no goroutine before there is an attempt.
func NewLoop(ctx context.Context) *Loop { return &Loop{ctx: ctx, waiting: map[int32]*task{}} }

// Go has p attempt an endpoint, and calls done with the result, in the loop's goroutine. It returns false, and does nothing, if the attempt needs
// a goroutine of its own: it may wait for more than its connection or compute for long, or the loop is behind.
func (l *Loop) Go(p Prober, endpoint string, done func(Result)) bool {
	if light, ok := p.(interface{ light(endpoint string) bool }); !ok || !light.light(endpoint) {
		return false
	}
	l.mu.Lock()
	if l.ctx.Err() != nil || len(l.begun) >= backlogMost || l.ended == nil && !l.open() {
		l.mu.Unlock()
		return false
	}
	l.begun = append(l.begun, job{p, endpoint, done})
	asleep := l.asleep
	l.asleep = false
	l.mu.Unlock()
	if asleep {
		l.poke()
	}
	return true
}

// Wait returns when the loop's context is done and all attempts have ended.
func (l *Loop) Wait() {
	<-l.ctx.Done()
	l.mu.Lock()
	ended := l.ended
	l.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// open starts the loop's goroutine, if the system has what it needs.
func (l *Loop) open() bool {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // os.NewFile asks for that
		syscall.Close(fd)
		return false
	}
	l.file, l.epoll = os.NewFile(uintptr(fd), "probes"), fd
	if l.raw, err = l.file.SyscallConn(); err != nil || l.file.SetReadDeadline(time.Time{}) != nil { // it is not in the runtime's poller
		l.file.Close()
		return false
	}
	l.ended = make(chan struct{})
	go l.run()
	return true
}

// poke wakes the loop. It can be lost if the loop is not asleep.
func (l *Loop) poke() { l.file.SetReadDeadline(time.Unix(1, 0)) }

// run makes attempts until the context is done and all have ended.
func (l *Loop) run() {
	defer close(l.ended)
	defer l.file.Close()
	defer context.AfterFunc(l.ctx, l.poke)()
	for {
		if l.ctx.Err() != nil {
			l.expire(time.Now())
		}
		begun, over := l.next()
		if over {
			for _, t := range l.idle {
				t.stop()
			}
			return
		}
		if len(begun) == 0 {
			// An error is a deadline that has come, or a poke.
			_ = l.raw.Read(func(uintptr) bool { return l.look() || l.ctx.Err() != nil })
			l.serve()
		}
		for some := range slices.Chunk(begun, beginMost) {
			for _, j := range some {
				l.begin(j)
			}
			l.look()
			l.serve()
		}
	}
}

// next takes the attempts that are to begin. If there are none, the loop is to sleep, or it is over.
func (l *Loop) next() (begun []job, over bool) {
	l.file.SetReadDeadline(l.alarm) // before asleep, so that no poke is lost
	l.mu.Lock()
	defer l.mu.Unlock()
	begun, l.begun = l.begun, nil
	l.asleep = len(begun) == 0
	return begun, l.asleep && len(l.waiting) == 0 && l.ctx.Err() != nil // Go takes nothing any more
}

// look finds the tasks that the network has something for, and tells whether there are any.
func (l *Loop) look() bool {
	n, _ := syscall.EpollWait(l.epoll, l.room[:], 0) // an error: a signal came
	l.found = l.room[:max(n, 0)]
	return n > 0
}

// serve has tasks go on that were found, or whose time is over. However late it is itself, first those go on that have something by now: what
// held it (a result that waits for a lock, a busy machine) is not the endpoints' fault. Epoll tells in turn, so all are among so many.
func (l *Loop) serve() {
	l.advance()
	now := time.Now()
	if l.alarm.IsZero() || now.Before(l.alarm) {
		return
	}
	for range len(l.waiting)/len(l.room) + 1 {
		if !l.look() {
			break
		}
		l.advance()
	}
	l.expire(now)
}

// advance has tasks go on that were found.
func (l *Loop) advance() {
	for _, e := range l.found {
		if t := l.waiting[e.Fd]; t != nil {
			t.resume()
		}
	}
	l.found = nil
}

// expire has tasks go on whose deadline is not after now, and all when the context is done.
func (l *Loop) expire(now time.Time) {
	over := l.ctx.Err()
	l.alarm = time.Time{}
	for _, t := range l.waiting {
		switch {
		case over != nil:
			t.cut = over
			t.resume()
		case !t.deadline.After(now):
			t.cut = os.ErrDeadlineExceeded
			t.resume()
		default:
			l.remind(t.deadline)
		}
	}
}

// remind has tasks expired soon after a deadline.
func (l *Loop) remind(deadline time.Time) {
	if at := deadline.Add(expireWithin); l.alarm.IsZero() || at.Before(l.alarm) {
		l.alarm = at
	}
}

// begin has a task make an attempt up to where it waits. Tasks are used again: a new one grows its stack first.
func (l *Loop) begin(j job) {
	if len(l.idle) == 0 {
		l.idle = append(l.idle, l.hire())
	}
	last := len(l.idle) - 1
	t := l.idle[last]
	l.idle = l.idle[:last]
	t.job = j
	t.resume()
}

// hire makes a task.
func (l *Loop) hire() *task {
	t := &task{loop: l}
	ctx := context.WithValue(l.ctx, taskKey{}, t)
	t.resume, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if p := recover(); p != nil { // package iter would tell only where resume was called
				panic(fmt.Sprintf("%v\n\n%s", p, debug.Stack()))
			}
		}()
		t.yield = yield
		for more := true; more; more = yield(struct{}{}) {
			t.job.done(t.job.prober.Attempt(ctx, t.job.endpoint))
			t.job = job{}
			if len(l.idle) >= idleMost {
				return
			}
			l.idle = append(l.idle, t)
		}
	})
	return t
}
