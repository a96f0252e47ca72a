package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// hostileDeeds are what the guest in testdata/hostile does when it is asked, by the word in its annotation.
var hostileDeeds = []string{"loop", "tree", "deep", "grow", "fill", "trap", "cannot", "scope"}

// hostile is a directory with a plugin hostileN for each deed, and other names beside them.
type hostile struct {
	t       *testing.T
	dir     string
	version int
	wasm    string
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

// asker asks one name until it is stopped, and remembers how long each answer took.
type asker struct {
	name  string
	want  []string
	took  []time.Duration
	wrong string
}

func (a *asker) run(p *program, stop chan struct{}) {
	client := dns.Client{Timeout: 5 * time.Second}
	conn, err := client.Dial(p.addr)
	if err != nil {
		a.wrong = err.Error()
		return
	}
	defer conn.Close()
	question := new(dns.Msg).SetQuestion(a.name, dns.TypeA)
	for {
		select {
		case <-stop:
			return
		default:
		}
		question.Id = dns.Id()
		r, took, err := client.ExchangeWithConn(question, conn)
		switch {
		case err != nil:
			a.wrong = err.Error()
			return
		case len(r.Answer) != 1 || !slices.Contains(a.want, r.Answer[0].(*dns.A).A.String()):
			a.wrong = r.String()
		}
		a.took = append(a.took, took)
	}
}

// quantiles returns the count, p50, p99 and the worst.
func (a *asker) quantiles() string {
	slices.Sort(a.took)
	if len(a.took) == 0 {
		return "no answers"
	}
	at := func(share float64) time.Duration {
		return a.took[int(share*float64(len(a.took)-1))].Round(time.Microsecond)
	}
	return fmt.Sprintf("%s %d answers, p50 %v, p99 %v, worst %v", a.name, len(a.took), at(0.5), at(0.99), at(1))
}

// Protects everybody else from hostile plugins: static names and other policies are answered right while eight of them do their worst, their own
// names get one of the live addresses, and memory and goroutines return to what they were.
func TestHostilePlugins(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the metric of resident memory")
	}
	h := newHostile(t)
	p := launch(t, compiledPlugins(t), h.dir)
	p.awaitAddress("app.example.com.", "192.0.2.10")
	p.wait("the hostile plugins", func() bool {
		return strings.Count(p.metrics(), `signpost_plugin_info{plugin="hostile`) == len(hostileDeeds)
	})
	ask := func(harm bool, meanwhile func()) (static, routed *asker) {
		static = &asker{name: "www.example.com.", want: []string{"192.0.2.2"}}
		routed = &asker{name: "app.example.com.", want: []string{"192.0.2.10"}}
		askers := []*asker{static, routed}
		for i := range hostileDeeds { // as many askers either way
			other := &asker{name: "app.example.com.", want: routed.want}
			if harm {
				other = &asker{name: fmt.Sprintf("h%d.example.com.", i), want: []string{"192.0.2.10", "192.0.2.11"}}
			}
			askers = append(askers, other)
		}
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for _, a := range askers {
			wait.Go(func() { a.run(p, stop) })
		}
		meanwhile()
		close(stop)
		wait.Wait()
		for _, a := range askers {
			if a.wrong != "" || len(a.took) == 0 {
				t.Errorf("%s: got %d answers and %s, want right ones", a.name, len(a.took), a.wrong)
			}
		}
		return static, routed
	}
	tripped := func() bool {
		return strings.Count(p.metrics(), `state="tripped"} 1`) == len(hostileDeeds)
	}
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	until := func(rounds int) func() {
		return func() {
			for range rounds {
				p.wait("all plugins out of service", tripped)
				h.save()
				p.wait("the new versions", func() bool {
					return strings.Count(p.metrics(), fmt.Sprintf(`version="%d"`, 1000+h.version)) == len(hostileDeeds)
				})
			}
			p.wait("all plugins out of service", tripped)
		}
	}
	calm := func() {
		const cached = `signpost_decisions_total{source="cached"}`
		began := p.metric(cached)
		p.wait("questions", func() bool { return p.metric(cached) > began+20_000 })
	}
	ask(true, until(2)) // what is allocated once
	before, goroutines := p.metric("process_resident_memory_bytes"), p.metric("go_goroutines")
	quietStatic, quietRouted := ask(false, calm)
	static, routed := ask(true, until(rounds))
	t.Logf("alone:         %s; %s", quietStatic.quantiles(), quietRouted.quantiles())
	t.Logf("beside harm:   %s; %s", static.quantiles(), routed.quantiles())
	const growth = 8 << 20
	t.Logf("memory: %.1f MB before, %.1f MB after %d versions of each plugin", before/1e6, p.metric("process_resident_memory_bytes")/1e6, rounds)
	p.wait("the memory of before", func() bool { return p.metric("process_resident_memory_bytes") < before+growth })
	p.wait("as many goroutines as before", func() bool { return p.metric("go_goroutines") <= goroutines+1 })
	for i := range hostileDeeds {
		if !strings.Contains(p.log.String(), fmt.Sprintf("plugin out of service: its policies and checks do without it; it is tried once a minute plugin=hostile%d strikes=10", i)) {
			t.Errorf("hostile%d: got no line of the log, want that it is out of service", i)
		}
	}
	p.stop()
}
