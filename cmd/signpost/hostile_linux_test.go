package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/plugins"
)

// hostileDeeds are what the guest in testdata/hostile does when it is asked, by the word in its annotation.
var hostileDeeds = []string{"loop", "tree", "deep", "grow", "fill", "trap", "cannot", "scope"}

// hostile is a directory with a plugin hostileN for each deed, and other names beside them.
type hostile struct {
	t       *testing.T
	dir     string
	version int
	wasm    string
	program *program
	lines   map[string]int // of the log that were waited for
}

// save writes new versions of the plugins, which takes them back into service.
func (h *hostile) save() {
	h.t.Helper()
	h.version++
	for i := range hostileDeeds {
		name := fmt.Sprintf("hostile%d", i)
		wasm := strings.Replace(strings.Replace(h.wasm, `"1000"`, fmt.Sprintf(`"%d"`, 1000+h.version), 1), "hostile0", name, 1)
		file := filepath.Join(h.dir, "plugins", name+".wasm")
		saveFile(h.t, wasm, file+".new")
		if err := os.Rename(file+".new", file); err != nil {
			h.t.Fatal(err)
		}
	}
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	wasm, err := os.ReadFile("testdata/hostile/hostile.wasm")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{t: t, dir: t.TempDir(), wasm: string(wasm)}
	if err := os.Mkdir(filepath.Join(h.dir, "plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	h.save()
	text := numberedZone(1) + "app 0 IN A 192.0.2.10 ;@ weighted id=a weight=1\napp 0 IN A 192.0.2.11 ;@ weighted id=b weight=0\n"
	for i, deed := range hostileDeeds {
		text += fmt.Sprintf("h%d 0 IN A 192.0.2.10 ;@ hostile%d id=a do=%s\nh%d 0 IN A 192.0.2.11 ;@ hostile%d id=b do=%s\n", i, i, deed, i, i, deed)
	}
	saveFile(t, text, h.dir, "example.com.zone")
	return h
}

// asker asks one name until it is stopped: again when the answer is there, or a while later.
type asker struct {
	name  string
	wants []string
	pause time.Duration
	count int
	wrong string
}

func (a *asker) run(p *program, stop chan struct{}) {
	conn, err := net.Dial("udp", p.addr)
	if err != nil {
		a.wrong = err.Error()
		return
	}
	defer conn.Close()
	packet, err := new(dns.Msg).SetQuestion(a.name, dns.TypeA).Pack()
	if err != nil {
		a.wrong = err.Error()
		return
	}
	reply := make([]byte, 512)
	for {
		select {
		case <-stop:
			return
		case <-time.After(a.pause):
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // the question fails otherwise
		_, err := conn.Write(packet)
		n := 0
		if err == nil {
			n, err = conn.Read(reply)
		}
		if err != nil {
			a.wrong = err.Error()
			return
		}
		if !slices.ContainsFunc(a.wants, func(want string) bool { return answers(reply[:n], want) }) {
			a.wrong = fmt.Sprintf("%x", reply[:n])
		}
		a.count++
	}
}

// askAll has all hostile names asked while something goes on.
func (h *hostile) askAll(pause time.Duration, meanwhile func()) {
	var askers []*asker
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range hostileDeeds {
		a := &asker{name: fmt.Sprintf("h%d.example.com.", i), wants: []string{"192.0.2.10", "192.0.2.11"}, pause: pause}
		askers = append(askers, a)
		wait.Go(func() { a.run(h.program, stop) })
	}
	meanwhile()
	close(stop)
	wait.Wait()
	for _, a := range askers {
		if a.wrong != "" || a.count == 0 {
			h.t.Errorf("%s: got %d answers and %s, want right ones", a.name, a.count, a.wrong)
		}
	}
}

// logged waits until the log has a line once more for each plugin: asking for metrics would cost the program something.
func (h *hostile) logged(line string) {
	h.t.Helper()
	if h.lines == nil {
		h.lines = make(map[string]int)
	}
	h.lines[line] += len(hostileDeeds)
	h.program.wait(line, func() bool { return strings.Count(h.program.log.String(), line) >= h.lines[line] })
}

func (h *hostile) loaded() { h.logged("plugin loaded file=plugins/hostile") }

func (h *hostile) tripped() { h.logged("plugin out of service") }

// decisions has new versions of the plugins asked until all are out of service, and returns when that went on.
func (h *hostile) decisions(rounds int, pause time.Duration) (spans []span) {
	for range rounds {
		h.save()
		h.loaded()
		h.askAll(pause, func() { spans = append(spans, spanOf(h.tripped)) })
	}
	return spans
}

// goesOn has new versions asked for so long, in the beginning of which they are taken out of service.
func (h *hostile) goesOn(lasts time.Duration) (spans []span) {
	h.save()
	h.loaded()
	h.askAll(10*time.Millisecond, func() { spans = append(spans, spanOf(func() { <-time.After(lasts) })) })
	return spans
}

// reloads has new versions loaded that nobody asks.
func (h *hostile) reloads(rounds int) []span {
	return []span{spanOf(func() {
		for range rounds {
			h.save()
			h.loaded()
		}
	})}
}

// both has new versions loaded while they are asked.
func (h *hostile) both(rounds int) (spans []span) {
	h.askAll(0, func() {
		spans = append(spans, spanOf(func() {
			for range rounds {
				h.save()
				h.loaded()
				h.tripped()
			}
		}))
	})
	return spans
}

// goPlugin has a plugin loaded that was compiled by Go, and takes it away.
func (h *hostile) goPlugin() []span {
	file := filepath.Join(h.dir, "plugins", "weighted.wasm")
	wasm := string(plugins.Builtin())
	fresh := strings.Replace(wasm, "synctest", fmt.Sprintf("%08d", time.Now().UnixNano()%1e8), 1) // no code of it is kept
	if fresh == wasm {
		h.t.Fatal("the built-in plugins have no string that could be changed")
	}
	saveFile(h.t, fresh, file+".new")
	loading := spanOf(func() {
		if err := os.Rename(file+".new", file); err != nil {
			h.t.Fatal(err)
		}
		h.program.wait("the Go plugin", func() bool {
			return strings.Contains(h.program.log.String(), "plugin loaded file=plugins/weighted.wasm")
		})
	})
	if err := os.Remove(file); err != nil {
		h.t.Fatal(err)
	}
	h.program.wait("its end", func() bool {
		return strings.Contains(h.program.log.String(), "plugin removed file=plugins/weighted.wasm")
	})
	return []span{loading}
}

// Protects everybody else from hostile plugins: static names and other policies are answered right while eight of them do their worst, their own
// names get one of the live addresses, and memory and goroutines return to what they were. It prints how long others wait.
func TestHostilePlugins(t *testing.T) {
	h := newHostile(t)
	p := launch(t, compiledPlugins(t), h.dir)
	h.program = p
	p.awaitAddress("app.example.com.", "192.0.2.10")
	h.loaded()
	h.askAll(0, h.tripped) // what is allocated once
	h.decisions(1, 0)
	before, goroutines := p.metric("process_resident_memory_bytes"), p.metric("go_goroutines")

	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	m := newMetronome(p, map[string]string{"www.example.com.": "192.0.2.2", "app.example.com.": "192.0.2.10"})
	m.phase("quiet", []span{spanOf(func() { <-time.After(time.Second) })})
	m.phase("asked at 100/s", h.decisions(rounds, 10*time.Millisecond))
	m.phase("asked flat out", h.decisions(rounds, 0))
	if !testing.Short() {
		m.phase("100/s for 10 s", h.goesOn(10*time.Second))
	}
	m.phase("loaded", h.reloads(rounds))
	m.phase("loaded and asked", h.both(rounds))
	const growth = 48 << 20 // when memory is given back differs that much; had the versions stayed, 336 in all, it would be more
	t.Logf("memory: %.1f MB before, %.1f MB after %d versions of each plugin", before/1e6, p.metric("process_resident_memory_bytes")/1e6, h.version)
	p.wait("the memory of before", func() bool { return p.metric("process_resident_memory_bytes") < before+growth })
	p.wait("as many goroutines as before", func() bool { return p.metric("go_goroutines") <= goroutines+1 })
	if !testing.Short() {
		m.phase("loaded, of Go", h.goPlugin())
	}
	m.stop()
	for i := range hostileDeeds {
		if !strings.Contains(p.log.String(), fmt.Sprintf("plugin out of service: its policies and checks do without it; it is tried once a minute plugin=hostile%d strikes=10", i)) {
			t.Errorf("hostile%d: got no line of the log, want that it is out of service", i)
		}
	}
	p.stop()
}
