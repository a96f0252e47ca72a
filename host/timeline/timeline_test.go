package timeline

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signpost/host/event"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// of makes the event number n, a minute after the one before it.
func of(n int) event.Event {
	return event.Event{At: noon.Add(time.Duration(n) * time.Minute), Kind: event.Candidate, View: "public", Name: fmt.Sprintf("n%d.example.com.", n),
		Type: "A", ID: "eu", Check: "web", From: "up", To: "down", Text: fmt.Sprintf("n%d.example.com A eu down", n)}
}

// open returns a timeline whose file is in dir, and what it logs.
func open(dir string) (*Timeline, *bytes.Buffer) {
	log := new(bytes.Buffer)
	t := New(Options{Dir: "zones", StateDir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
	return t, log
}

func fill(t *Timeline, from, to int) {
	for n := from; n < to; n++ {
		t.Append([]event.Event{of(n)})
	}
}

func names(events []event.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, strings.TrimSuffix(e.Name, ".example.com."))
	}
	return strings.Join(list, " ")
}

// Protects queries: patterns, times, the latest so many in their order, and what came after a number.
func TestFind(t *testing.T) {
	line, _ := open("")
	fill(line, 0, 20)
	inside := of(20)
	inside.View, inside.Check, inside.Name = "internal", "tcp", "."
	line.Append([]event.Event{inside})
	for _, c := range []struct {
		query, want string
		more        bool
	}{
		{"name=n1*.example.com&limit=3", "n17 n18 n19", true},
		{"name=N1?.Example.com.&limit=100", "n10 n11 n12 n13 n14 n15 n16 n17 n18 n19", false},
		{"name=n3.example.com", "n3", false},
		{"name=.", ".", false},
		{"view=int*", ".", false},
		{"check=we?&limit=1", "n19", true},
		{"since=2026-11-23T12:18:00Z", "n18 n19 .", false},
		{"since=13m&until=11m", "n17 n18", false},
		{"after=20", ".", false},
		{"after=21", "", false},
		{"name=*.example.org", "", false},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		q, err := ParseQuery(values, noon.Add(30*time.Minute))
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		page := line.Find(q)
		if got := names(page.Events); got != c.want || page.More != c.more || page.Last != 21 {
			t.Errorf("%s: got %q, more %v, last %d; want %q, %v, 21", c.query, got, page.More, page.Last, c.want, c.more)
		}
	}
	for _, query := range []string{"since=yesterday", "until=-2h", "since=3dd", "since=99999d", "limit=0", "limit=x", "after=-1"} {
		values, _ := url.ParseQuery(query)
		if q, err := ParseQuery(values, noon); err == nil || !strings.Contains(err.Error(), query[:5]) {
			t.Errorf("%s: got %+v, %v; want an error that names the parameter", query, q, err)
		}
	}
	if d, err := ParseAgo("3d12h"); err != nil || d != 84*time.Hour {
		t.Errorf("3d12h: got %v, %v", d, err)
	}
}

// Protects patterns against what else they could mean.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"", "", true}, {"?", "", false}, {"a*b*c", "a--b--bc", true}, {"a*b*c", "a--b--b", false}, {"*a", "aaa", true},
		{"*.example.com", "example.com", false}, {"**", "x", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"abc", "abcd", false},
		{strings.Repeat("*a", 40) + "b", strings.Repeat("a", 10_000), false},
	} {
		if got := match(c.pattern, c.text); got != c.want {
			t.Errorf("%.20q on %.20q: got %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

// Protects the bound of memory: the oldest events make room.
func TestRing(t *testing.T) {
	line, _ := open("")
	fill(line, 0, eventsMax+10)
	page := line.Find(Query{})
	if first, last := page.Events[0].Seq, page.Events[len(page.Events)-1].Seq; len(page.Events) != eventsMax || first != 11 || last != eventsMax+10 {
		t.Errorf("got %d events, %d to %d; want %d, 11 to %d", len(page.Events), first, last, eventsMax, eventsMax+10)
	}
}

// Protects what a restart finds: all events with their numbers, also when the process was killed in the middle of a line, or a line is damaged.
func TestRestart(t *testing.T) {
	for name, damage := range map[string]func(text []byte) []byte{
		"in order": func(text []byte) []byte { return text },
		"torn":     func(text []byte) []byte { return append(text, `{"seq":4,"at":"2026-11`...) },
		"torn, complete": func(text []byte) []byte {
			return append(text, bytes.TrimSuffix(text[:bytes.IndexByte(text, '\n')], nil)...)
		},
		"garbage": func(text []byte) []byte {
			return append([]byte("garbage\n{}\n"), text...)
		},
		"a number that has no next": func(text []byte) []byte {
			return append(text, strings.Replace(string(text[:bytes.IndexByte(text, '\n')+1]), `"seq":1,`, `"seq":18446744073709551615,`, 1)...)
		},
	} {
		dir := t.TempDir()
		line, _ := open(dir)
		fill(line, 0, 3)
		line.Close()
		path := line.file.path
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(text), 0o600); err != nil {
			t.Fatal(err)
		}
		line, log := open(dir)
		fill(line, 3, 4)
		line.Close()
		if said := strings.Contains(log.String(), "damaged"); said != (name != "in order") {
			t.Errorf("%s: logged %q", name, log)
		}
		line, _ = open(dir)
		page := line.Find(Query{})
		line.Close()
		if got := names(page.Events); got != "n0 n1 n2 n3" || page.Last != 4 {
			t.Errorf("%s: got %q, last %d; want n0 n1 n2 n3, 4", name, got, page.Last)
		}
	}
}

// Protects people from hearing again, after a restart, what stands: and what became otherwise in the meantime is a change from what it was.
func TestNews(t *testing.T) {
	dir := t.TempDir()
	line, _ := open(dir)
	word := func(n int, from, to string) event.Event {
		e := of(n)
		e.From, e.To, e.Resolved = from, to, to == "up"
		return e
	}
	line.Append([]event.Event{word(1, "up", "down"), word(2, "up", "down"), word(3, "up", "down"), word(3, "down", "up"), word(4, "up", "down")})
	line.Close()
	line, _ = open(dir)
	defer line.Close()
	held := word(4, "unknown", "down")
	held.Override = "down"
	news, repeated := line.News([]event.Event{
		word(1, "unknown", "down"), word(2, "unknown", "up"), word(3, "unknown", "up"), held, word(5, "unknown", "up"), word(1, "down", "up"), word(1, "up", "down"),
	})
	var got []string
	for _, e := range news {
		got = append(got, e.Name[:2]+" "+e.From+" "+e.To)
	}
	if want := "n2 down up, n4 down down, n5 unknown up, n1 down up, n1 up down"; strings.Join(got, ", ") != want || repeated != 1 {
		t.Errorf("got %q, %d repeated; want %q, 1", got, repeated, want)
	}
}

// Protects the bound of the disk: there are two files of at most 1 MiB, and a restart reads both.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	line, log := open(dir)
	const count = 12_000
	fill(line, 0, count)
	line.Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %v, %v; want two files", entries, err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Size() > fileLenMax || info.Size() == 0 {
			t.Errorf("%s: got %d bytes, %v; want at most %d", entry.Name(), info.Size(), err, fileLenMax)
		}
	}
	line, _ = open(dir)
	defer line.Close()
	page := line.Find(Query{})
	if len(page.Events) != eventsMax || page.Last != count || page.Events[0].Seq != count-eventsMax+1 {
		t.Errorf("got %d events from %d to %d, want %d to %d; log %s", len(page.Events), page.Events[0].Seq, page.Last, eventsMax, count, log)
	}
}

// Protects what happens while the file cannot be written: it costs one line of the log, and the file goes on when it can.
func TestUnwritable(t *testing.T) {
	place := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(place, nil, 0o600); err != nil { // where the directory should be
		t.Fatal(err)
	}
	line, log := open(place)
	fill(line, 0, 3)
	if got := names(line.Find(Query{}).Events); got != "n0 n1 n2" || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("got %q, logged %q; want all in memory and one line", got, log)
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	fill(line, 3, 4)
	line.Close()
	if !strings.Contains(log.String(), "written to its file again") {
		t.Errorf("got log %q, want that it is written again", log)
	}
	line, _ = open(place)
	defer line.Close()
	if got := names(line.Find(Query{}).Events); got != "n3" {
		t.Errorf("got %q of the file, want n3", got)
	}
}

// Protects readers beside the writer.
func TestConcurrent(t *testing.T) {
	line := New(Options{Log: slog.New(slog.DiscardHandler)})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for last := uint64(0); last < 1000; {
				page := line.Find(Query{After: last})
				for _, e := range page.Events {
					if e.Seq != last+1 {
						t.Errorf("got event %d after %d", e.Seq, last)
						return
					}
					last = e.Seq
				}
			}
		})
	}
	fill(line, 0, 1000)
	readers.Wait()
}

// BenchmarkLoad is what two full files cost at the start.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	line, _ := open(dir)
	fill(line, 0, 12_000)
	line.Close()
	b.ReportAllocs()
	for b.Loop() {
		line, _ := open(dir)
		if got := len(line.Find(Query{}).Events); got != eventsMax {
			b.Fatalf("got %d events, want %d", got, eventsMax)
		}
		line.Close()
	}
}

// FuzzQuery protects GET /timeline from whatever stands in its parameters: an error, or a query that finds something or nothing in time.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"name=*.example.com&since=2h", "since=3d12h&until=2026-11-23T12:00:00Z", "limit=5&after=7", "view=?&check=*a*b", "since=9999999999h", "name=%ff&since=1d-1h"} {
		f.Add(seed)
	}
	line, _ := open("")
	fill(line, 0, 50)
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := ParseQuery(values, noon)
		if err != nil {
			return
		}
		if q.Limit < 1 || !q.Since.IsZero() && strings.HasSuffix(values.Get("since"), "h") && q.Since.After(noon) {
			t.Errorf("%q: got %+v", raw, q)
		}
		if page := line.Find(q); len(page.Events) > q.Limit || page.Last != 50 {
			t.Errorf("%q: got %d events of at most %d", raw, len(page.Events), q.Limit)
		}
	})
}
