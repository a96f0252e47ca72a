package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tickLen is the unit of times in /proc/PID/stat: USER_HZ is 100 on every Linux architecture Go knows.
const tickLen = 10 * time.Millisecond

// procGroup reads what the kernel knows of a process group. A group, not a tree: NSD's new children outlive
// the parent that forked them at a reload, and are then nobody's descendants.
type procGroup struct {
	root string // "/proc"
	pgid int
}

// usage is the memory of all processes of a group.
type usage struct {
	processes int
	pssBytes  int64 // proportional set size: pages that forks share count once
	hwmBytes  int64 // sum of the peaks of resident size; counts shared pages once per process
}

// pids returns the living members.
func (g procGroup) pids() ([]int, error) {
	paths, err := filepath.Glob(filepath.Join(g.root, "[0-9]*", "stat"))
	if err != nil {
		return nil, err
	}
	var members []int
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // ended since the listing
		}
		stat, err := parseStat(text)
		if err == nil && stat.pgrp == g.pgid && stat.state != 'Z' {
			members = append(members, stat.pid)
		}
	}
	return members, nil
}

// cpu returns the CPU time used so far by all living members: from schedstat in nanoseconds, else from stat in ticks.
func (g procGroup) cpu() (time.Duration, error) {
	members, err := g.pids()
	if err != nil {
		return 0, err
	}
	if len(members) == 0 {
		return 0, fmt.Errorf("no process in group %d", g.pgid)
	}
	var sum time.Duration
	for _, pid := range members {
		used, err := g.cpuOf(pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

func (g procGroup) cpuOf(pid int) (time.Duration, error) {
	dir := filepath.Join(g.root, strconv.Itoa(pid))
	threads, err := filepath.Glob(filepath.Join(dir, "task", "[0-9]*", "schedstat"))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		used, err := parseSchedstat(text)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		sum += used
	}
	if sum > 0 {
		return sum, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if gone(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	stat, err := parseStat(text)
	return stat.cpu, err
}

// memory returns the memory in use now.
func (g procGroup) memory() (usage, error) {
	members, err := g.pids()
	if err != nil {
		return usage{}, err
	}
	u := usage{processes: len(members)}
	for _, pid := range members {
		dir := filepath.Join(g.root, strconv.Itoa(pid))
		rollup, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
		if gone(err) {
			continue
		}
		if err != nil {
			return u, err
		}
		pss, err := parseKilobytes(rollup, "Pss")
		if err != nil {
			return u, fmt.Errorf("%s/smaps_rollup: %w", dir, err)
		}
		status, err := os.ReadFile(filepath.Join(dir, "status"))
		if gone(err) {
			continue
		}
		if err != nil {
			return u, err
		}
		peak, err := parseKilobytes(status, "VmHWM")
		if err != nil {
			return u, fmt.Errorf("%s/status: %w", dir, err)
		}
		u.pssBytes += pss
		u.hwmBytes += peak
	}
	return u, nil
}

// gone tells whether a file of /proc could not be read because its process has ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// procStat is the part of /proc/PID/stat used here.
type procStat struct {
	pid, ppid, pgrp int
	state           byte
	cpu             time.Duration // user and system, of all threads, ended ones included
}

// parseStat reads one /proc/PID/stat. The command in parentheses may itself hold spaces and parentheses.
func parseStat(text []byte) (procStat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return procStat{}, fmt.Errorf("stat %q has no command in parentheses", text)
	}
	fields := strings.Fields(string(text[end+1:]))
	const stateAt, ppidAt, pgrpAt, utimeAt, stimeAt = 0, 1, 2, 11, 12 // field 3 of proc_pid_stat(5) is at 0
	if len(fields) <= stimeAt {
		return procStat{}, fmt.Errorf("stat %q has %d fields after the command, want more than %d", text, len(fields), stimeAt)
	}
	numbers := make([]int, 0, 5)
	for _, field := range []string{strings.TrimSpace(string(text[:open])), fields[ppidAt], fields[pgrpAt], fields[utimeAt], fields[stimeAt]} {
		n, err := strconv.Atoi(field)
		if err != nil {
			return procStat{}, fmt.Errorf("stat %q: %w", text, err)
		}
		numbers = append(numbers, n)
	}
	return procStat{
		pid: numbers[0], ppid: numbers[1], pgrp: numbers[2], state: fields[stateAt][0],
		cpu: time.Duration(numbers[3]+numbers[4]) * tickLen,
	}, nil
}

// parseSchedstat returns the first of its three numbers: nanoseconds spent on a CPU.
func parseSchedstat(text []byte) (time.Duration, error) {
	fields := strings.Fields(string(text))
	if len(fields) != 3 {
		return 0, fmt.Errorf("schedstat %q has %d fields, want 3", text, len(fields))
	}
	ns, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat %q: %w", text, err)
	}
	return time.Duration(ns), nil
}

// parseKilobytes returns the value of a "Key:   123 kB" line in bytes.
func parseKilobytes(text []byte, key string) (int64, error) {
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, key+":")
		if !found {
			continue
		}
		number, found := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		if !found {
			return 0, fmt.Errorf("%s %q is not in kB", key, strings.TrimSpace(rest))
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		return kilobytes << 10, err
	}
	return 0, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
}
