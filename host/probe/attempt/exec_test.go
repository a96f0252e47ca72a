//go:build unix

package attempt

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
)

// programs is a directory of shell scripts.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Protects exec checks: what a program gets, what is made of its end, and that nothing of it stays.
func TestExec(t *testing.T) {
	leakless(t)
	outside := programs(t, map[string]string{"secret": "exit 0"})
	dir := programs(t, map[string]string{
		"good": "exit 0", "bad": "echo; echo 'disk full'; echo more; exit 3", "says": `echo "$SIGNPOST_CHECK $SIGNPOST_ENDPOINT $1 $2"`,
		"env": "env | grep -v -e ^PATH= -e ^SIGNPOST_ -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=; exit 0", "stdin": "cat; echo end", "error": "echo oops >&2; exit 1",
		"much": "head -c 300000 /dev/zero | tr '\\0' x", "hangs": "sleep 100", "group": "sleep 100 & echo $! > pid; sleep 100", "leaves": "sleep 100 & echo $! > left; exit 0",
		"prints": "while :; do echo x; done", "silent": "exec >&- 2>&-; sleep 100", "killed": "kill -9 $$", "bytes": "printf 'a\\377\\033[31mb'",
	})
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"escape": filepath.Join(outside, "secret"), "alias": "good", "dangling": "gone"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		command, dir string
		ok           bool
		text         string
	}{
		{"good", dir, true, "exit status 0"},
		{"alias", dir, true, "exit status 0"},
		{"bad", dir, false, "exit status 3: disk full"},
		{"says", dir, true, "web 192.0.2.1 --host 192.0.2.1:80"},
		{"env", dir, true, "exit status 0"},
		{"stdin", dir, true, "end"},
		{"error", dir, false, "exit status 1: oops"},
		{"much", dir, true, strings.Repeat("x", outputLen)},
		{"bytes", dir, true, `a\x1b[31mb`},
		{"hangs", dir, false, "timeout after 1s"},
		{"prints", dir, false, "timeout after 1s"},
		{"silent", dir, false, "timeout after 1s"},
		{"killed", dir, false, "signal: killed"},
		{"escape", dir, false, "exec: escape is a link out of the directory of --exec-dir"},
		{"dangling", dir, false, "exec: dangling: no such file or directory"},
		{"text", dir, false, "exec: text is not executable"},
		{"gone", dir, false, "exec: gone: no such file or directory"},
		{"../" + filepath.Base(outside) + "/secret", dir, false, `exec: "../` + filepath.Base(outside) + `/secret" is not the name of a program in the directory of --exec-dir`},
		{"good", "", false, "exec: programs run only with --exec-dir DIR"},
	}
	for _, c := range cases {
		t.Run(c.command, func(t *testing.T) {
			check := defaults(config.CheckExec)
			check.Respond = time.Second
			check.Exec = config.ExecCheck{Command: c.command, Arguments: []string{"--host", "%ENDPOINT%:80"}}
			p, err := New("web", check, Options{ExecDir: c.dir})
			if refused := strings.HasPrefix(c.text, "exec: "); (err != nil) != refused || err != nil && err.Error() != c.text {
				t.Errorf("New says %v", err)
			}
			if r := p.Attempt(t.Context(), "192.0.2.1"); r.OK != c.ok || r.Text != c.text || r.Took > 2*time.Second {
				t.Errorf("got %+v, want %v %q", r, c.ok, c.text)
			}
		})
	}
	if runtime.GOOS != "linux" {
		return
	}
	for command, file := range map[string]string{"group": "pid", "leaves": "left"} {
		check := defaults(config.CheckExec)
		check.Respond = time.Second
		check.Exec = config.ExecCheck{Command: command}
		attempt(t, check, Options{ExecDir: dir}, "192.0.2.1")
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(5 * time.Second); alive(strings.TrimSpace(string(text))); runtime.Gosched() {
			if time.Now().After(until) {
				t.Fatalf("%s: %s is still there", command, text)
			}
		}
	}
}

// alive reports whether a process runs. One that waits for somebody to ask for its end does not.
func alive(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// Protects the server's end: programs do not outlive it.
func TestExecStops(t *testing.T) {
	leakless(t)
	dir := programs(t, map[string]string{"hangs": "echo > begun; sleep 100"})
	check := defaults(config.CheckExec)
	check.Respond = time.Hour
	check.Exec.Command = "hangs"
	p, err := New("web", check, Options{ExecDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ; ctx.Err() == nil; runtime.Gosched() {
			if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
				cancel()
			}
		}
	}()
	defer cancel()
	if r := p.Attempt(ctx, "192.0.2.1"); r.OK || r.Text != stopped {
		t.Errorf("got %+v", r)
	}
	if r := p.Attempt(ctx, "192.0.2.1"); r.OK || r.Text != stopped {
		t.Errorf("afterwards: got %+v", r)
	}
}
