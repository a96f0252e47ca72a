package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// perfSettings is how dnsperf is run. Enough clients that SO_REUSEPORT spreads them evenly over the server's sockets.
type perfSettings struct {
	program     string
	clients     int
	threads     int
	outstanding int
}

func (p perfSettings) String() string {
	return fmt.Sprintf("-c %d -T %d -q %d -t 2", p.clients, p.threads, p.outstanding)
}

// perfResult is what one run of dnsperf said.
type perfResult struct {
	completed, lost int
	seconds         float64
	rcodes          map[string]int
	latencies       []time.Duration // of each answer, in order of arrival; only with each
}

func (r perfResult) qps() float64 {
	if r.seconds == 0 {
		return 0
	}
	return float64(r.completed) / r.seconds
}

// run asks addr the queries of file for so long. rate 0 means as fast as answers come. With each, the latency of
// every answer is kept, which costs dnsperf (not the server) time: for modest rates only.
func (p perfSettings) run(ctx context.Context, port int, file string, length time.Duration, rate int, each bool) (perfResult, error) {
	ctx, cancel := context.WithTimeout(ctx, length+15*time.Second)
	defer cancel()
	args := []string{
		"-s", "127.0.0.1", "-p", strconv.Itoa(port), "-d", file, "-l", strconv.FormatFloat(length.Seconds(), 'f', -1, 64),
		"-c", strconv.Itoa(p.clients), "-T", strconv.Itoa(p.threads), "-q", strconv.Itoa(p.outstanding), "-t", "2",
	}
	if rate > 0 {
		args = append(args, "-Q", strconv.Itoa(rate))
	}
	if each {
		args = append(args, "-v")
	}
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, p.program, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return perfResult{}, fmt.Errorf("dnsperf %s: %w: %s", strings.Join(args, " "), err, firstLine(complaints.String()))
	}
	result, err := parsePerf(&out)
	if err != nil {
		return result, fmt.Errorf("dnsperf %s: %w", strings.Join(args, " "), err)
	}
	return result, nil
}

// parsePerf reads dnsperf's summary, and the lines that -v adds: "> NOERROR name type 0.000123", or T for the
// rcode when the query timed out.
func parsePerf(out io.Reader) (perfResult, error) {
	result := perfResult{completed: -1, lost: -1, rcodes: map[string]int{}}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if rest, found := strings.CutPrefix(line, "> "); found {
			if err := result.addLatency(rest); err != nil {
				return result, err
			}
			continue
		}
		key, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found {
			continue
		}
		if err := result.set(key, strings.TrimSpace(value)); err != nil {
			return result, fmt.Errorf("line %q: %w", line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return result, err
	}
	if result.completed < 0 || result.lost < 0 || result.seconds <= 0 {
		return result, fmt.Errorf("output without statistics")
	}
	return result, nil
}

func (r *perfResult) addLatency(rest string) error {
	fields := strings.Fields(rest)
	if len(fields) < 2 || fields[0] == "T" || fields[0] == "I" {
		return nil // counted in the summary
	}
	seconds, err := strconv.ParseFloat(fields[len(fields)-1], 64)
	if err != nil {
		return fmt.Errorf("latency in %q: %w", rest, err)
	}
	r.latencies = append(r.latencies, time.Duration(seconds*1e6+0.5)*time.Microsecond)
	return nil
}

func (r *perfResult) set(key, value string) error {
	var err error
	number, _, _ := strings.Cut(value, " ")
	switch key {
	case "Queries completed":
		r.completed, err = strconv.Atoi(number)
	case "Queries lost":
		r.lost, err = strconv.Atoi(number)
	case "Run time (s)":
		r.seconds, err = strconv.ParseFloat(number, 64)
	case "Response codes":
		for _, part := range strings.Split(value, ", ") {
			fields := strings.Fields(part)
			if len(fields) < 2 {
				continue
			}
			if r.rcodes[fields[0]], err = strconv.Atoi(fields[1]); err != nil {
				return err
			}
		}
	}
	return err
}

// checkRcodes compares what came with what the load's shares say, within 2 % of all answers.
func (r perfResult) checkRcodes(l load) error {
	missing := float64(r.rcodes["NXDOMAIN"])
	good := float64(r.rcodes["NOERROR"]) + missing
	total := float64(r.completed)
	if good < total {
		return fmt.Errorf("%.0f of %.0f answers were neither NOERROR nor NXDOMAIN: %v", total-good, total, r.rcodes)
	}
	const tolerance = 2
	if want, got := float64(l.percent[kindMissing]), 100*missing/max(total, 1); got < want-tolerance || got > want+tolerance {
		return fmt.Errorf("%.1f %% of the answers were NXDOMAIN, want %.0f %%", got, want)
	}
	return nil
}

// firstLine returns the first line of text that says something.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
