package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

// saveHosts is the size of the zone that is edited over and over.
const saveHosts = 100

// A saveWay is how an editor writes a file back.
type saveWay struct {
	title string
	write func(path string, text func(io.Writer) error) error
}

func saveWays() []saveWay {
	return []saveWay{
		{"rename over", saveZone},
		{"write in place", overwriteZone},
	}
}

// overwriteZone truncates the file and writes it again, so that for a moment it is half written.
func overwriteZone(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// measureSaves edits a small zone of Signpost again and again, and waits for each new answer.
func (b *bench) measureSaves(ctx context.Context) {
	for _, f := range b.peers {
		if f.name != signpostName || ctx.Err() != nil {
			continue
		}
		for _, way := range saveWays() {
			m, err := b.measureSavesOn(ctx, f, way)
			if ctx.Err() != nil {
				return // cut short
			}
			if err != nil {
				b.note("%s: save (%s): no figures: %v", f.title, way.title, err)
				continue
			}
			b.results.Saves = append(b.results.Saves, m)
			b.say("save (%s) ×%d: new answer after %.1f ms (median), %.1f ms (max)", way.title, m.Edits, m.MedianMillis, m.MaxMillis)
		}
	}
}

func (b *bench) measureSavesOn(ctx context.Context, f found, way saveWay) (saveResult, error) {
	m := saveResult{Peer: f.name, Way: way.title, Records: saveHosts}
	zone := zoneText{hosts: saveHosts, serial: 1}
	s, err := b.start(f, zone, false)
	if err != nil {
		return m, err
	}
	defer s.stop()
	if _, err := b.waitFirst(ctx, s, hostName(0), acceptAddress(hostAddr(0))); err != nil {
		return m, err
	}
	var all []float64
	for edit := 1; edit <= b.o.edits; edit++ {
		zone.edit, zone.changed, zone.serial = edit, edit%saveHosts, uint32(edit+1)
		sleepUntil(ctx, time.Now().Add(rand.N(20*time.Millisecond))) // not in step with the server's timers
		if err := way.write(s.site.zones[0].path, zone.write); err != nil {
			return m, err
		}
		saved := time.Now()
		renewed, err := b.waitNew(ctx, s, zone)
		if err != nil {
			return m, fmt.Errorf("edit %d: %w", edit, err)
		}
		all = append(all, millis(renewed.Sub(saved)))
	}
	m.Edits, m.MedianMillis = len(all), median(all)
	for _, took := range all {
		m.MaxMillis = max(m.MaxMillis, took)
	}
	return m, nil
}

// waitNew waits until the server gives the edited address.
func (b *bench) waitNew(ctx context.Context, s *server, zone zoneText) (time.Time, error) {
	const saveWait = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, saveWait)
	defer cancel()
	return pollUntil(ctx, s.site.addr(), hostName(zone.changed), acceptAddress(editedAddr(zone.edit)), s.died)
}
