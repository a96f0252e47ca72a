package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// tiltFile is the guest that host/plugin keeps, from the working directory that tests start in.
var tiltFile, _ = filepath.Abs("../../host/plugin/testdata/v1/v1.wasm")

// tiltCommand writes the witness of ABI v1. A new text is filled up with spaces to the length of the old one.
func tiltCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 1 {
		ts.Fatalf("usage: tilt FILE [OLD NEW]...")
	}
	wasm, err := os.ReadFile(tiltFile)
	ts.Check(err)
	text := string(wasm)
	for i := 1; i < len(args); i += 2 {
		if len(args[i+1]) > len(args[i]) || strings.Count(text, args[i]) != 1 {
			ts.Fatalf("%q is not in the guest once, or shorter than %q", args[i], args[i+1])
		}
		text = strings.Replace(text, args[i], args[i+1]+strings.Repeat(" ", len(args[i])-len(args[i+1])), 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
	ts.Setenv("SUM", fmt.Sprintf("%x", sha256.Sum256([]byte(text))))
}
