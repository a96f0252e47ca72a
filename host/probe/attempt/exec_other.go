//go:build !linux

package attempt

import (
	"os"
	"os/exec"
)

// apart does nothing here: the program alone is killed.
func apart(*exec.Cmd) {}

// killAll kills a program.
func killAll(command *exec.Cmd) { command.Process.Kill() } // an error: it has ended

// reap waits for a program's end.
func reap(command *exec.Cmd) error { return command.Wait() }

// environment is what a program gets of this process's environment: what no program finds its way without.
func environment() []string {
	kept := []string{"PATH=" + os.Getenv("PATH")}
	if root, ok := os.LookupEnv("SystemRoot"); ok { // of Windows
		kept = append(kept, "SystemRoot="+root)
	}
	return kept
}
