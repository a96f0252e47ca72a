package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/event"
	"signpost/host/testbed"
	"signpost/host/timeline"
)

// Protects timeline --follow: it prints each event once, under a line for each day, goes on when the server was away, and begins anew with one
// that forgot what was.
func TestTimelineFollow(t *testing.T) {
	fresh := func(texts ...string) *timeline.Timeline {
		line := timeline.New(timeline.Options{Log: slog.New(slog.DiscardHandler)})
		at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
		for i, text := range texts {
			line.Append([]event.Event{{At: at.AddDate(0, 0, i), Name: "app.example.com.", Text: text}})
		}
		return line
	}
	var served atomic.Pointer[timeline.Timeline] // nil: away
	served.Store(fresh("one", "two"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := served.Load()
		if line == nil {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		line.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	flags := timelineFlags{}
	flags.admin.addr = strings.TrimPrefix(server.URL, "http://")
	var out testbed.Log
	ended := make(chan error, 1)
	go func() { ended <- flags.tail(ctx, url.Values{"limit": {"10"}}, &timelineText{out: &out}) }()
	await := func(text string) {
		t.Helper()
		deadline := time.After(patience)
		for !strings.HasSuffix(out.String(), text+"\n") {
			select {
			case <-deadline:
				t.Fatalf("waited for %q, got %q", text, out.String())
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	await("12:00:00 two")
	line := served.Swap(nil)
	line.Append([]event.Event{{At: time.Date(2026, 11, 24, 13, 0, 0, 0, time.Local), Name: "app.example.com.", Text: "three"}})
	served.Store(line)
	await("13:00:00 three")
	served.Store(fresh("anew"))
	await("12:00:00 anew")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v after the end, want nothing", err)
	}
	want := "Monday, 2026-11-23\n12:00:00 one\n\nTuesday, 2026-11-24\n12:00:00 two\n13:00:00 three\n\nMonday, 2026-11-23\n12:00:00 anew\n"
	if out.String() != want {
		t.Errorf("got %q\nwant %q", out.String(), want)
	}
	served.Store(nil)
	if err := flags.tail(context.Background(), url.Values{}, &timelineText{out: &out}); err == nil || !strings.Contains(fmt.Sprint(err), "502") {
		t.Errorf("got %v of a server that is away from the start, want its answer", err)
	}
}
