package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"

	"signpost/host/explain"
	"signpost/host/reply"
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
	several := report.Path.Policy != nil && report.Path.Policy.Pick > 1 // then each record has its own chance to be in an answer
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
		if several {
			for _, record := range data {
				seen[record]++
			}
			continue
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

// crashWasm is a plugin "crash" without attributes whose every decision traps.
const crashWasm = "AGFzbQEAAAABIQZgAABgAAF/YAABfmABfwF/YAR/f39/AX5gBH9/f38BfwMGBQECAwQDBQMBAAQHaAYPc2lnbnBvc3RfYWJpX3YxAAARc2lnbnBvc3RfZGVzY3JpYmUAAQ5zaWducG9zdF9hbGxvYwACEnNpZ25wb3N0X2NvbmZpZ3VyZQADD3NpZ25wb3N0X2RlY2lkZQAEBm1lbW9yeQIACiIFBQBBgAgLCgBC44CAgICAKAsGAEGAgAQLBABCAAsDAAALC2sBAEGAwAILY3sicGx1Z2lucyI6W3sibmFtZSI6ImNyYXNoIiwidmVyc2lvbiI6IjEiLCJraW5kIjoicm91dGluZyIsImRvYyI6IiIsIndhbnRzIjpbXSwiYXR0cmlidXRlcyI6bnVsbH1dfQ=="

// crashCommand is the script command "crash FILE".
func crashCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: crash FILE")
	}
	wasm, err := base64.StdEncoding.DecodeString(crashWasm)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), wasm, 0o644))
}

// Protects scripts that read reports: the names in the JSON form stay, whatever the Go fields are called.
func TestReportNames(t *testing.T) {
	var report explain.Report
	fillFields(reflect.ValueOf(&report).Elem(), 0)
	var got bytes.Buffer
	if err := reply.WriteJSON(&got, report); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.json"
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
}

// fillFields sets every field that v has, so that none is left out; what holds itself is filled once.
func fillFields(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillFields(v.Index(0), depth)
	case reflect.Pointer:
		if _, same := v.Interface().(*explain.Hop); same && depth > 0 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fillFields(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			fillFields(v.Field(i), depth)
		}
	}
}
