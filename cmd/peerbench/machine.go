package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machineLine names the machine the figures are of.
func machineLine() string {
	line := fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU())
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		return line + ", Linux " + strings.TrimSpace(string(release))
	}
	return line + ", " + runtime.GOOS
}

// cpuModel is the kernel's name for the processor, or the architecture.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	return parseCPUModel(string(text))
}

func parseCPUModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// versionOf asks a program for its version and returns the first line that has a digit.
func versionOf(ctx context.Context, path string, args []string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, path, args...).CombinedOutput() // gdnsd says it beside a usage error
	return parseVersion(string(out))
}

// parseVersion returns the first word of the text that starts with a digit, or a v and a digit, and holds a dot.
func parseVersion(text string) string {
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, "(),;")
		number := strings.TrimPrefix(strings.TrimPrefix(word, "CoreDNS-"), "v")
		if strings.Contains(number, ".") && number != "" && number[0] >= '0' && number[0] <= '9' {
			return number
		}
	}
	return "version unknown"
}
