package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"
)

// The zone of the routes load: names with so many weighted candidates each.
const (
	manyNames      = 10_000
	manyCandidates = 8
)

// routesResult is one load and one reload of many routed names.
type routesResult struct {
	Peer         string  `json:"peer"`
	Round        int     `json:"round"`
	Names        int     `json:"names"`
	Candidates   int     `json:"candidates"`
	StartMillis  float64 `json:"startMillis"`
	MemoryBytes  int64   `json:"memoryBytes"`
	ReloadMillis float64 `json:"reloadMillis"`
}

// writeMany writes manyNames names m0, m1, … whose candidate k has the address 10.generation.0.k.
func writeMany(w io.Writer, generation int) error {
	b := bufio.NewWriterSize(w, 1<<16)
	writeHead(b, routedOrigin, uint32(generation))
	for i := range manyNames {
		for k := range manyCandidates {
			fmt.Fprintf(b, "m%d\t60 IN A\t10.%d.0.%d\t;@ weighted id=c%d weight=%d\n", i, generation, k, k, k+1)
		}
	}
	return b.Flush()
}

func manyAddrs(generation int) (addrs []netip.Addr) {
	for k := range manyCandidates {
		addrs = append(addrs, netip.AddrFrom4([4]byte{10, byte(generation), 0, byte(k)}))
	}
	return addrs
}

// measureRoutes loads and reloads many routed names. Only Signpost has them in zone files that it reloads.
func (b *bench) measureRoutes(ctx context.Context, round int) {
	for _, f := range b.peers {
		if f.name != signpostName || ctx.Err() != nil {
			continue
		}
		m, err := b.measureRoutesOn(ctx, f)
		if ctx.Err() != nil {
			return // cut short
		}
		if err != nil {
			b.note("%s: routes: no figures in round %d: %v", f.title, round, err)
			continue
		}
		m.Round = round
		b.results.Routes = append(b.results.Routes, m)
		b.say("round %d/%d routes %-10s first answer %.0f ms, %.1f MB; new answer %.0f ms", round, b.o.rounds, f.title, m.StartMillis, megabytes(m.MemoryBytes), m.ReloadMillis)
	}
}

func (b *bench) measureRoutesOn(ctx context.Context, f found) (routesResult, error) {
	m := routesResult{Peer: f.name, Names: manyNames, Candidates: manyCandidates}
	s, err := b.startWith(f, []zoneSource{{routedOrigin, func(w io.Writer) error { return writeMany(w, 1) }}})
	if err != nil {
		return m, err
	}
	defer s.stop()
	last := fmt.Sprintf("m%d.%s", manyNames-1, routedOrigin)
	first, err := b.waitFirst(ctx, s, last, acceptAddress(manyAddrs(1)...))
	if err != nil {
		return m, err
	}
	m.StartMillis = millis(first)
	sleepUntil(ctx, time.Now().Add(reloadAfter))
	memory, err := s.group().memory()
	if err != nil {
		return m, err
	}
	m.MemoryBytes = memory.pssBytes
	staged, err := stageZone(s.site.zones[0].path, func(w io.Writer) error { return writeMany(w, 2) })
	if err != nil {
		return m, err
	}
	saved := time.Now()
	if err := os.Rename(staged, s.site.zones[0].path); err != nil {
		return m, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	renewed, err := pollUntil(ctx, s.site.addr(), last, acceptAddress(manyAddrs(2)...), s.died)
	m.ReloadMillis = millis(renewed.Sub(saved))
	return m, err
}
