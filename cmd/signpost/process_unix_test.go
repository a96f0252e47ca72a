//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Protects the process from what surrounds it: who reads its log, which signals it gets, what the system grants it.
func TestProcess(t *testing.T) {
	cache := compiledPlugins(t)
	for name, test := range map[string]func(t *testing.T, cache string){
		"reader of the log stands still": testLogReaderStands,
		"reader of the log goes":         testLogReaderGoes,
		"log on a full disk":             testLogDiskFull,
		"no output at all":               testOutputClosed,
		"hangups":                        testHangups,
		"few descriptors":                testFewDescriptors,
		"no IPv6":                        testNoIPv6,
		"no home":                        testNoHome,
		"full disks":                     testFullDisks,
		"silent crowd":                   testSilentCrowd,
		"many reloads":                   testManyReloads,
	} {
		t.Run(name, func(t *testing.T) { test(t, cache) })
	}
}

// zoneDir is a directory with example.com at version 1.
func zoneDir(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "example.com.zone")
	saveFile(t, numberedZone(1), file)
	return dir, file
}

// loud makes the log long: each name is a diagnostic.
func loud(version int) string {
	return numberedZone(version) + strings.Repeat("www IN A "+numbered(version)+"\n", 100)
}

// testLogReaderStands: signpost serve | less.
func testLogReaderStands(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	p := launch(t, cache, dir, func(p *program) { p.cmd.Stderr = writer })
	for version := 2; version < 60; version++ {
		saveFile(t, loud(version), file)
		p.awaitAddress("www.example.com.", numbered(version))
	}
	p.stop()
}

// testLogReaderGoes: signpost serve 2>&1 | head.
func testLogReaderGoes(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	p := launch(t, cache, dir, func(p *program) { p.cmd.Stderr = writer })
	_ = reader.Close()
	for version := 2; version < 5; version++ {
		saveFile(t, numberedZone(version), file)
		p.awaitAddress("www.example.com.", numbered(version))
	}
	p.stop()
}

func testLogDiskFull(t *testing.T, cache string) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("needs /dev/full: %v", err)
	}
	defer full.Close()
	dir, file := zoneDir(t)
	p := launch(t, cache, dir, func(p *program) { p.cmd.Stderr = full })
	saveFile(t, numberedZone(2), file)
	p.awaitAddress("www.example.com.", numbered(2))
	p.stop()
}

// testOutputClosed: the descriptors 1 and 2 are closed, so the first sockets and files get these numbers. Nothing may be written to them.
func testOutputClosed(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	addr := freePort(t)
	command := exec.Command("sh", "-c", `exec "$0" serve "$1" --listen "$2" --admin off >&- 2>&-`, mustLookPath(t, "signpost"), dir, addr)
	command.Env = append(os.Environ(), "CACHE_DIRECTORY="+cache, "STATE_DIRECTORY="+t.TempDir())
	p := &program{t: t, cmd: command, exited: make(chan struct{}), addr: addr}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = command.Wait() // stop reads the exit code
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended
		<-p.exited
	})
	p.awaitAddress("www.example.com.", numbered(1))
	saveFile(t, numberedZone(2), file)
	p.awaitAddress("www.example.com.", numbered(2))
	p.stop()
}

// testHangups: a script that sends SIGHUP too often, then the end in the middle of it.
func testHangups(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	for i := range 50 {
		saveFile(t, numberedZone(1), dir, fmt.Sprintf("z%d.example.zone", i))
	}
	p := launch(t, cache, dir)
	for i := range 300 {
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			p.expect("udp", "www.z7.example.", numbered(1))
		}
	}
	saveFile(t, numberedZone(2), file)
	p.awaitAddress("www.example.com.", numbered(2))
	for range 20 {
		_ = p.cmd.Process.Signal(syscall.SIGHUP)
	}
	p.stop()
}

// testFewDescriptors: connections use them up; UDP, new connections and edits go on.
func testFewDescriptors(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	p := launch(t, cache, dir, func(p *program) {
		args := append([]string{"-c", `ulimit -n 64; exec "$0" "$@"`, mustLookPath(t, "signpost")}, p.cmd.Args[1:]...)
		env := p.cmd.Env
		p.cmd = exec.Command("sh", args...)
		p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, &p.out, &p.log
	})
	connectSilently(t, p.addr, 200)
	for version := 2; version < 5; version++ {
		saveFile(t, numberedZone(version), file)
		p.awaitAddress("www.example.com.", numbered(version))
		p.expect("tcp", "www.example.com.", numbered(version))
	}
	p.stop()
}

// connectSilently opens connections from many addresses of this machine, which say nothing until the test ends.
func connectSilently(t *testing.T, addr string, count int) {
	t.Helper()
	to, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	const perAddress = 200
	for i := range count {
		var from *net.TCPAddr
		if runtime.GOOS == "linux" { // where all of 127.0.0.0/8 is this machine
			from = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/perAddress))}
		}
		conn, err := net.DialTCP("tcp", from, to)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}

// testSilentCrowd: 10,000 connections that say nothing.
func testSilentCrowd(t *testing.T, cache string) {
	count := 10_000
	if testing.Short() {
		count = 1000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if uint64(limit.Cur) < uint64(count+100) {
		t.Skipf("needs %d open files, %d are allowed", count+100, limit.Cur)
	}
	dir, file := zoneDir(t)
	p := launch(t, cache, dir)
	connectSilently(t, p.addr, count)
	for version := 2; version < 12; version++ {
		saveFile(t, numberedZone(version), file)
		p.awaitAddress("www.example.com.", numbered(version))
		began := time.Now()
		p.expect("tcp", "www.example.com.", numbered(version))
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("a new client over TCP waited %v", took)
		}
	}
	p.stop()
}

// testManyReloads: a zone of 10,000 records and 100 policies. Neither memory nor goroutines grow, and no policy falls back.
func testManyReloads(t *testing.T, cache string) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the metric of resident memory")
	}
	dir, file := zoneDir(t)
	var tail strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&tail, "h%d IN A 192.0.2.1\n", i)
	}
	for i := range 100 {
		fmt.Fprintf(&tail, "r%d 60 IN A 192.0.2.1 ;@ weighted weight=1\nr%d 60 IN A 192.0.2.2 ;@ weighted weight=0\n", i, i)
	}
	p := launch(t, cache, dir)
	version := 1
	reload := func(times int) {
		t.Helper()
		for range times {
			version++
			saveFile(t, numberedZone(version)+tail.String(), file)
			p.awaitAddress("www.example.com.", numbered(version))
			p.expect("udp", fmt.Sprintf("r%d.example.com.", version%100), "192.0.2.1")
		}
	}
	times := 100
	if testing.Short() {
		times = 20
	}
	saveFile(t, numberedZone(version)+tail.String(), file)
	p.awaitAddress("r0.example.com.", "192.0.2.1") // the plugins may still be compiling
	reload(20)
	before, goroutines := p.metric("process_resident_memory_bytes"), p.metric("go_goroutines")
	reload(times)
	const growth = 64 << 20
	if after := p.metric("process_resident_memory_bytes"); after > before+growth {
		t.Errorf("memory: got %.0f MB after %d reloads, want at most %d MB more than %.0f", after/1e6, times, growth/1_000_000, before/1e6)
	}
	p.wait("as many goroutines as before", func() bool { return p.metric("go_goroutines") <= goroutines+1 }) // one serves this very question
	if got := p.metric("signpost_decision_fallbacks_total"); got != 0 {
		t.Errorf("got %v decisions that fell back, want none", got)
	}
	p.stop()
}

// testNoIPv6: the usual addresses are served as far as there are any; an address that was asked for must be there.
func testNoIPv6(t *testing.T, cache string) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network without IPv6")
	}
	for _, tool := range []string{"unshare", "ip", "sysctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: %v", tool, err)
		}
	}
	dir, _ := zoneDir(t)
	run := func(flags string) string {
		script := `ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 || exit 77
			timeout -s TERM "$2" "$0" serve "$1" ` + flags + " 2>&1; exit 0"
		command := exec.Command("unshare", "-n", "sh", "-c", script, mustLookPath(t, "signpost"), dir, "2")
		command.Env = append(os.Environ(), "CACHE_DIRECTORY="+cache, "STATE_DIRECTORY="+t.TempDir())
		out, err := command.CombinedOutput()
		if err != nil {
			t.Skipf("no network of its own here: %v\n%s", err, out)
		}
		return string(out)
	}
	if out := run(""); !strings.Contains(out, "serving without it") || !strings.Contains(out, "listening  127.0.0.1:5300 (UDP and TCP)") {
		t.Errorf("the usual addresses: got\n%s\nwant a warning, and 127.0.0.1 served", out)
	}
	if out := run("--listen [::1]:5300"); strings.Count(out, "\n") != 1 || !strings.Contains(out, "address is not on this machine") {
		t.Errorf("--listen [::1]:5300: got\n%s\nwant one line that says why not", out)
	}
}

// testNoHome: neither a place for compiled code nor one for serials.
func testNoHome(t *testing.T, cache string) {
	dir, file := zoneDir(t)
	saveFile(t, "serial: auto\n", dir, "signpost.yaml")
	for name, env := range map[string][]string{
		"nothing is set":           {"PATH=" + os.Getenv("PATH")},
		"a home that is no place":  {"PATH=" + os.Getenv("PATH"), "HOME=" + file},
		"a cache that is no place": {"PATH=" + os.Getenv("PATH"), "CACHE_DIRECTORY=" + file, "STATE_DIRECTORY=" + file},
	} {
		saveFile(t, numberedZone(1), file)
		p := launch(t, cache, dir, func(p *program) { p.cmd.Env = env })
		saveFile(t, numberedZone(2), file)
		p.awaitAddress("www.example.com.", numbered(2))
		if warned := strings.Contains(p.log.String(), " warn "); warned != (len(env) > 1) {
			t.Errorf("%s: got the log\n%s", name, &p.log)
		}
		p.stop()
	}
}
