package main

import (
	"context"
	"net/netip"
	"path/filepath"
	"strconv"
)

// measureStarts starts Signpost with an empty cache of compiled plugins, then again with what the first start left,
// and waits for a static and for a routed answer. No other server compiles anything.
func (b *bench) measureStarts(ctx context.Context, round int) {
	for _, f := range b.peers {
		if f.name != signpostName {
			continue
		}
		cache := filepath.Join(b.dir, "cache"+strconv.Itoa(round))
		f.env = []string{"XDG_CACHE_HOME=" + cache} // os.UserCacheDir on Unix other than macOS
		for _, state := range []string{"empty", "warm"} {
			m, err := b.measureStartOn(ctx, f)
			if ctx.Err() != nil {
				return // cut short
			}
			if err != nil {
				b.note("%s: start with %s cache: no figures in round %d: %v", f.title, state, round, err)
				continue
			}
			m.Round, m.Cache = round, state
			b.results.Starts = append(b.results.Starts, m)
			b.say("round %d/%d start  %-10s %s cache: static %.0f ms, routed %.0f ms", round, b.o.rounds, f.title, state, m.StaticMillis, m.RoutedMillis)
		}
	}
}

func (b *bench) measureStartOn(ctx context.Context, f found) (startResult, error) {
	m := startResult{Peer: f.name}
	s, err := b.start(f, zoneText{hosts: b.o.names, serial: 1}, true)
	if err != nil {
		return m, err
	}
	defer s.stop()
	type outcome struct {
		millis float64
		err    error
	}
	routed := make(chan outcome, 1)
	go func() { // beside the other: a server that is busy with the one must not delay asking for the other
		took, err := b.waitRouted(ctx, s)
		routed <- outcome{millis(took), err}
	}()
	static, err := b.waitFirst(ctx, s, hostName(b.o.names-1), acceptAddress(hostAddr(b.o.names-1)))
	slower := <-routed
	if err == nil {
		err = slower.err
	}
	m.StaticMillis, m.RoutedMillis = millis(static), slower.millis
	return m, err
}

// routedAddrs are the two right answers for a routed name.
func routedAddrs() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr(heavyAddr), netip.MustParseAddr(lightAddr)}
}
