package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"

	"signpost/host/explain"
)

// agreeCommand is the script command "agree N NAME TYPE": of N answers of the server, each one's share is within four standard deviations of
// what explain says.
func agreeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: agree N NAME TYPE")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	if testing.Short() {
		count = min(count, 10_000)
	}
	s := running(ts)
	out, err := exec.Command("signpost", "explain", args[1], args[2], "--client", "127.0.0.1", "--admin", s.admin, "--json").Output()
	ts.Check(err)
	var report explain.Report
	ts.Check(json.Unmarshal(out, &report))
	typ := dns.StringToType[args[2]]
	m := new(dns.Msg).SetQuestion(dns.Fqdn(args[1]), typ)
	conn, err := dns.Dial("udp", s.addr)
	ts.Check(err)
	defer conn.Close()
	seen := map[string]int{}
	for i := range count {
		m.Id = uint16(i)
		ts.Check(conn.SetDeadline(time.Now().Add(patience)))
		ts.Check(conn.WriteMsg(m))
		r, err := conn.ReadMsg()
		ts.Check(err)
		if r.Id != m.Id {
			ts.Fatalf("query %d: got the answer to %d", i, r.Id)
		}
		var data []string
		for _, rr := range r.Answer {
			if rr.Header().Rrtype == typ {
				data = append(data, strings.TrimPrefix(rr.String(), rr.Header().String()))
			}
		}
		slices.Sort(data)
		seen[strings.Join(data, ", ")]++
	}
	for _, a := range report.Answers {
		key := strings.Join(a.Records, ", ")
		share := a.Percent / 100
		got := float64(seen[key]) / float64(count)
		sigma := math.Sqrt(share * (1 - share) / float64(count))
		ts.Logf("%s %s: %s: explained %.3f %%, measured %.3f %% of %d (%.1f standard deviations)", args[1], args[2], key, a.Percent, 100*got, count, math.Abs(got-share)/max(sigma, 1e-12))
		if math.Abs(got-share) > 4*sigma+1e-9 {
			ts.Fatalf("%s %s: %s is %.3f %% of %d answers, explained as %.3f %%", args[1], args[2], key, 100*got, count, a.Percent)
		}
		delete(seen, key)
	}
	if len(seen) > 0 {
		ts.Fatalf("%s %s: answers that explain does not know: %v", args[1], args[2], seen)
	}
}

// Protects scripts that read reports: the names in the JSON form stay, whatever the Go fields are called.
func TestReportNames(t *testing.T) {
	text, err := json.Marshal(explain.Report{
		View: &explain.View{}, Cut: true, Down: []string{"a"}, Answers: []explain.Answer{{Records: []string{"192.0.2.1"}}},
		Path: &explain.Hop{Policy: &explain.Policy{Chain: []explain.Plugin{{}}, Candidates: []explain.Candidate{{}}}, Zone: &explain.Zone{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); got != strings.TrimSpace(string(want)) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
