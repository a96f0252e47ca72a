package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// stormRecords is how many records of one name carry the version of their file.
const stormRecords = 30

// stormZone is one version of the zone: every record of the name "set" says which one.
func stormZone(version int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$TTL 60\n@ IN SOA ns1 hostmaster %d 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n", version)
	for i := range stormRecords {
		fmt.Fprintf(&b, "set IN TXT \"version %d\" \"%d\"\n", version, i)
	}
	return b.String()
}

// Protects the promise of reloading: in a storm of saves, some broken, some half-written for a while, every question gets an answer, each
// answer is of one version, versions never go back, and the last one is served in the end.
func TestEditStorm(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "example.com.zone")
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save(stormZone(1))
	addr, log := startStorm(t, dir)

	var answered, lastVersion atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- watchVersions(addr, stop, &answered, &lastVersion) }()
	clock := func(answers int64) { // waits while so many questions are answered
		t.Helper()
		deadline := time.After(patience)
		for until := answered.Load() + answers; answered.Load() < until; {
			select {
			case err := <-done:
				t.Fatalf("%v; log:\n%s", err, log)
			case <-deadline:
				t.Fatalf("no %d answers in %v; log:\n%s", answers, patience, log)
			case <-time.After(time.Millisecond):
			}
		}
	}
	slow := 2
	if runtime.GOOS != "linux" {
		slow = -1 // only Linux tells whether a file is open for writing
	}
	saves := 1000
	if testing.Short() {
		saves = 150
	}
	for version := 2; version <= saves; version++ {
		text := stormZone(version)
		switch version % 5 {
		case 0:
			save(text[:len(text)-20] + "\"not closed\n")
		case 1:
			if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(file+".new", file); err != nil {
				t.Fatal(err)
			}
		case slow:
			saveSlowly(t, file, text, func() { clock(100) })
		default:
			save(text)
		}
		clock(20)
	}
	save(stormZone(saves + 1))
	deadline := time.After(patience)
	for lastVersion.Load() != int64(saves+1) {
		select {
		case err := <-done:
			t.Fatalf("%v; log:\n%s", err, log)
		case <-deadline:
			t.Fatalf("the last version is %d, want %d; log:\n%s", lastVersion.Load(), saves+1, log)
		case <-time.After(time.Millisecond):
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
	t.Logf("%d saves, %d answers", saves, answered.Load())
}

// saveSlowly writes half of the text, which would load, waits, and writes the rest.
func saveSlowly(t *testing.T, file, text string, wait func()) {
	t.Helper()
	half := strings.LastIndexByte(text[:len(text)/2], '\n') + 1
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err = f.WriteString(text[:half]); err != nil {
		t.Fatal(err)
	}
	wait()
	if _, err = f.WriteString(text[half:]); err != nil {
		t.Fatal(err)
	}
}

// startStorm starts the real program and returns its address and its log.
func startStorm(t *testing.T, dir string) (addr string, log *transcript) {
	t.Helper()
	var out transcript
	log = new(transcript)
	command := exec.Command("signpost", "serve", dir, "--listen", "127.0.0.1:0", "--admin", "off")
	command.Env = append(os.Environ(), "CACHE_DIRECTORY="+t.TempDir(), "STATE_DIRECTORY="+t.TempDir())
	command.Stdout, command.Stderr = &out, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // killed: that is its error
	})
	deadline := time.After(patience)
	for !tryLine.MatchString(out.String()) {
		select {
		case <-deadline:
			t.Fatalf("the server did not start:\n%s%s", &out, log)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return listeningLine.FindStringSubmatch(out.String())[1], log
}

var versionText = regexp.MustCompile(`"version ([0-9]+)"`)

// watchVersions asks without a break and checks each answer.
func watchVersions(addr string, stop <-chan struct{}, answered, lastVersion *atomic.Int64) error {
	conn, err := dns.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.UDPSize = 4096
	question := new(dns.Msg).SetQuestion("set.example.com.", dns.TypeTXT)
	question.SetEdns0(4096, false)
	for last := 1; ; {
		select {
		case <-stop:
			return nil
		default:
		}
		question.Id++
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		if err := conn.WriteMsg(question); err != nil {
			return err
		}
		answer, err := conn.ReadMsg()
		if err != nil {
			return fmt.Errorf("a question was lost after version %d: %w", last, err)
		}
		if answer.Rcode != dns.RcodeSuccess || len(answer.Answer) != stormRecords {
			return fmt.Errorf("after version %d: got %s with %d records, want NOERROR with %d:\n%v",
				last, dns.RcodeToString[answer.Rcode], len(answer.Answer), stormRecords, answer)
		}
		first := 0
		for i, rr := range answer.Answer {
			version, err := strconv.Atoi(versionText.FindStringSubmatch(rr.String())[1])
			if err != nil {
				return err
			}
			if i == 0 {
				first = version
			}
			if version != first || version < last {
				return fmt.Errorf("an answer with versions %d and %d after version %d:\n%v", first, version, last, answer)
			}
		}
		last = first
		lastVersion.Store(int64(last))
		answered.Add(1)
	}
}
