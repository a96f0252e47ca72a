package main

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var listenersLine = regexp.MustCompile(`(?m)^  listening +(.+) \(UDP and TCP\)`)

// dialerFrom sends packets from an address of this machine.
func dialerFrom(addr string, tcp bool) *net.Dialer {
	ip := net.ParseIP(addr)
	if tcp {
		return &net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: ip}}
	}
	return &net.Dialer{Timeout: patience, LocalAddr: &net.UDPAddr{IP: ip}}
}

// addrAt is the server's address of that number, from 1.
func addrAt(ts *testscript.TestScript, number string) string {
	n, err := strconv.Atoi(number)
	ts.Check(err)
	return strings.Split(listenersLine.FindStringSubmatch(running(ts).out.String())[1], ", ")[n-1]
}

// guestCommand builds a plugin from one file of Go, with the Go toolchain that runs the tests.
func guestCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: guest FILE SOURCE")
	}
	build := exec.Command("go", "build", "-buildmode=c-shared", "-o", ts.MkAbs(args[0]), ts.MkAbs(args[1]))
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		ts.Fatalf("go build %s: %v\n%s", args[1], err, out)
	}
}
