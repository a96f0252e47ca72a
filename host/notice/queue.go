package notice

import (
	"sync"

	"signpost/host/event"
	"signpost/host/metrics"
)

// queue holds the notices that wait for one sink, the latest queueMax.
type queue struct {
	wake chan struct{} // holds a wish

	mu   sync.Mutex
	list []event.Event
	lost int // that made room since the latest take
}

// put adds notices. It never waits: the oldest make room, and are counted.
func (q *queue) put(list []event.Event, counts *metrics.Notices) {
	q.mu.Lock()
	q.list = append(q.list, list...)
	if over := len(q.list) - queueMax; over > 0 {
		q.list = append(q.list[:0], q.list[over:]...)
		q.lost += over
		counts.Dropped.Add(uint64(over))
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest notices, at most so many. lost is how many made room since the take before.
func (q *queue) take(most int) (taken []event.Event, lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	count := min(most, len(q.list))
	taken = append([]event.Event(nil), q.list[:count]...)
	q.list = append(q.list[:0], q.list[count:]...)
	if len(q.list) == 0 {
		q.list = nil
	}
	lost, q.lost = q.lost, 0
	return taken, lost
}

// len is how many wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}
