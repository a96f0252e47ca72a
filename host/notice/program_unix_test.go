//go:build unix

package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/event"
	"signpost/host/testbed"
)

// script puts a shell script into dir.
func script(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// Protects programs that are told: one run for each notice, in order, with the notice as JSON on standard input, and none of the server's secrets.
func TestProgram(t *testing.T) {
	t.Setenv("SIGNPOST_TEST_SECRET", "x")
	dir := t.TempDir()
	script(t, dir, "page", `cat >>"$1"; env >>env`)
	teller, counts, log := tell(t, Options{ExecDir: dir})
	if diags := teller.Configure(config.Notices{Exec: []config.ExecCheck{{Command: "page", Arguments: []string{"told"}}}}); diags != nil {
		t.Fatal(diags)
	}
	teller.Tell([]event.Event{down(1), down(2)})
	testbed.Await(t, "both", func() bool { return counts.Sinks()["exec"].Sent == 2 })
	teller.Tell([]event.Event{down(3)})
	teller.Close()
	text, err := os.ReadFile(filepath.Join(dir, "told"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for n, line := range lines {
		var e event.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.ID != fmt.Sprint("eu-", n+1) {
			t.Errorf("run %d: got %s, %v", n, line, err)
		}
	}
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil || len(lines) != 3 || strings.Contains(string(env), "SECRET") || !strings.Contains(string(env), "PATH=") {
		t.Errorf("got %d runs, environment %q, %v, log %s", len(lines), env, err, log)
	}
}

// Protects the server from its programs: only those in the directory itself run, one that hangs ends with all that it started, and what a
// program says of its failure is in the log.
func TestProgramFails(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "angry", "echo no pager; echo more; exit 3")
	script(t, dir, "slow", `sleep 1000 & echo $! >child; wait`)
	script(t, filepath.Dir(dir), "outside", "exit 0")
	script(t, dir, "loud", `head -c 10000000 /dev/zero; exit 1`)
	run := func(command string) error {
		p := program{config: config.ExecCheck{Command: command}, dir: dir, wait: programWait}
		if command == "slow" {
			p.wait = 200 * time.Millisecond
		}
		e := down(1)
		return p.run(context.Background(), &e)
	}
	for command, want := range map[string]string{
		"angry": "exit status 3: no pager", "slow": "it took longer than 200ms", "../outside": "is not the name of a program in", ".": "is not the name of",
		"/bin/true": "is not the name of", "missing": "no such file", "": "is not the name of", "loud": "exit status 1",
	} {
		if err := run(command); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", command, err, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "child"))
	var pid int
	if _, scanErr := fmt.Sscan(string(text), &pid); err != nil || scanErr != nil {
		t.Fatal(err, scanErr)
	}
	testbed.Await(t, "what the slow program started to end", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return syscall.Kill(pid, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ")
	})
}
