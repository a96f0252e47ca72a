package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"signpost/host/diag"
)

const (
	reloadRate      = 1_000 // queries per second while reloading
	reloadNameCount = 2_000
	reloadBefore    = 2 * time.Second // how long the load is watched before the reload
	reloadAfter     = time.Second     // the least that counts as "while reloading"
	peakInterval    = 100 * time.Millisecond
)

// measureReloads loads and reloads a zone of each size on each server in turn.
func (b *bench) measureReloads(ctx context.Context, round int) {
	for _, size := range b.o.sizes {
		for _, f := range b.peers {
			if f.echo {
				continue
			}
			if ctx.Err() != nil {
				return
			}
			m, err := b.measureReloadOn(ctx, f, size)
			if ctx.Err() != nil {
				return // cut short
			}
			if err != nil {
				b.note("%s: load and reload of %s records: no figures in round %d: %v", f.title, diag.Thousands(size), round, err)
				continue
			}
			m.Round = round
			b.results.Reloads = append(b.results.Reloads, m)
			b.say("round %d/%d reload %-10s %9s records: first answer %.0f ms, %.1f MB; new answer %.0f ms, %d lost",
				round, b.o.rounds, f.title, diag.Thousands(size), m.StartMillis, megabytes(m.MemoryBytes), m.ReloadMillis, m.Lost)
		}
	}
}

func (b *bench) measureReloadOn(ctx context.Context, f found, size int) (reloadResult, error) {
	m := reloadResult{Peer: f.name, Records: size}
	zone := zoneText{hosts: size, serial: 1}
	s, err := b.start(f, zone, false)
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(s.site.dir) // 70 MB each
	defer s.stop()
	peak := watchPeak(s.group())
	defer peak.stop()
	first, err := b.waitFirst(ctx, s, hostName(size-1), acceptAddress(hostAddr(size-1)))
	if err != nil {
		return m, err
	}
	m.StartMillis = millis(first)
	sleepUntil(ctx, time.Now().Add(reloadAfter)) // memory that is only needed to load is given back by then, or never
	memory, err := s.group().memory()
	if err != nil {
		return m, err
	}
	m.MemoryBytes, m.PeakBytes = memory.pssBytes, peak.until(memory)

	zone.changed, zone.edit, zone.serial = size/2, 1, 2
	staged, err := stageZone(s.site.zones[0].path, zone.write)
	if err != nil {
		return m, err
	}
	if err := writeBack(staged, s.site.zones[0].path); err != nil {
		return m, err
	}
	load, err := startProber(ctx, s.site.addr(), sampleNames(size, zone.changed), reloadRate)
	if err != nil {
		return m, err
	}
	machine := watchMachine()
	from := time.Now()
	sleepUntil(ctx, from.Add(b.reloadBefore()))
	saved, renewed, err := b.reloadOnce(ctx, s, staged, hostName(zone.changed), editedAddr(zone.edit))
	until := renewed
	if least := saved.Add(reloadAfter); until.Before(least) {
		until = least
	}
	sleepUntil(ctx, until)
	samples := load.stop()
	stills, blind := machine.stop()
	if err != nil {
		return m, err
	}
	m.ReloadMillis = millis(renewed.Sub(saved))
	if memory, err = s.group().memory(); err != nil {
		return m, err
	}
	m.ReloadPeakBytes = peak.until(memory)
	m.compare(samples, stills, from, saved, until)
	if blind {
		b.note("Times in which the machine itself stood still are not left out: only root may watch for them, on Linux.")
	}
	return m, s.died()
}

// compare fills in what the load felt before the reload and during it, first with and then without the queries that were under way while
// the machine itself stood still.
func (m *reloadResult) compare(samples []sample, stills []standstill, from, saved, until time.Time) {
	before, lostBefore := between(samples, from, saved)
	during, lost := between(samples, saved, until)
	m.Asked, m.Lost, m.LostBefore = len(during), lost, lostBefore
	m.RawP99BeforeMicros, m.RawP99DuringMicros = micros(percentile(before, 0.99)), micros(percentile(during, 0.99))
	moving := outside(samples, stills)
	before, _ = between(moving, from, saved)
	during, _ = between(moving, saved, until)
	m.LeftOut = len(samples) - len(moving)
	m.P99BeforeMicros, m.P99DuringMicros = micros(percentile(before, 0.99)), micros(percentile(during, 0.99))
	m.MaxDuringMicros = micros(percentile(during, 1))
}

// writeBack waits until files are on the disk: otherwise the kernel writes 140 MB at the time that is to be measured.
func writeBack(paths ...string) error {
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// reloadOnce puts the staged zone in place, tells the server, and waits for the new answer. saved is when the new
// file was in place.
func (b *bench) reloadOnce(ctx context.Context, s *server, staged, name string, want netip.Addr) (saved, renewed time.Time, err error) {
	saved = time.Now()
	if err := os.Rename(staged, s.site.zones[0].path); err != nil {
		return saved, saved, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- s.reload(ctx, s.site.zones[0].origin) }() // pdns_control returns when the zone is loaded
	renewed, err = pollUntil(ctx, s.site.addr(), name, acceptAddress(want), s.died)
	if complaint := <-told; complaint != nil && err == nil {
		err = complaint
	}
	if err != nil {
		return saved, saved, fmt.Errorf("no new answer: %w", err)
	}
	return saved, renewed, nil
}

func (b *bench) reloadBefore() time.Duration {
	if b.o.quick {
		return reloadBefore / 4
	}
	return reloadBefore
}

// sampleNames draws host names, without the one that is about to change.
func sampleNames(hosts, without int) []string {
	random := rand.New(rand.NewPCG(1996, uint64(hosts)))
	var names []string
	for range reloadNameCount {
		if i := random.IntN(hosts); i != without || hosts == 1 {
			names = append(names, hostName(i))
		}
	}
	return names
}

// peakWatch samples the memory of a group of several processes, where the kernel's own peaks (VmHWM) would count
// shared pages more than once. A single process is left alone: reading its page tables costs it time.
type peakWatch struct {
	group procGroup
	quit  chan struct{}
	done  chan struct{}
	reads chan chan int64
}

func watchPeak(group procGroup) *peakWatch {
	w := &peakWatch{group: group, quit: make(chan struct{}), done: make(chan struct{}), reads: make(chan chan int64)}
	go w.run()
	return w
}

func (w *peakWatch) run() {
	defer close(w.done)
	tick := time.NewTicker(peakInterval)
	defer tick.Stop()
	var peak int64
	for {
		select {
		case <-w.quit:
			return
		case reply := <-w.reads:
			reply <- peak
		case <-tick.C:
			if members, err := w.group.pids(); err != nil || len(members) < 2 {
				continue
			}
			if now, err := w.group.memory(); err == nil {
				peak = max(peak, now.pssBytes)
			}
		}
	}
}

// until returns the peak so far: of one process what the kernel says, of several what was sampled.
func (w *peakWatch) until(now usage) int64 {
	if now.processes == 1 {
		return now.hwmBytes
	}
	reply := make(chan int64)
	w.reads <- reply
	return max(<-reply, now.pssBytes)
}

func (w *peakWatch) stop() {
	close(w.quit)
	<-w.done
}
