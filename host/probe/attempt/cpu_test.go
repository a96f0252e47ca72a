//go:build unix

package attempt

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signpost/host/config"
)

// serveVariable makes this test's program the server of a benchmark, whose processor time must not be counted.
const serveVariable = "ATTEMPT_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		answerForever()
		return
	}
	os.Exit(m.Run())
}

// answerForever serves one page to everybody until its standard input ends.
func answerForever() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				panic(err)
			}
			go func() {
				defer c.Close()
				if n, _ := c.Read(make([]byte, 4096)); n > 0 {
					io.WriteString(c, ok+"Server: test\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"status\":\"healthy\"}")
				}
			}()
		}
	}()
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}

// process starts the server of a benchmark and returns its port.
func process(b *testing.B) int {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), serveVariable+"=1")
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); command.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		b.Fatal(err)
	}
	return port
}

// processorTime is what this process has used, the kernel's work for it included.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// benchmark makes 1,000 attempts a second, as 10,000 checks every 10 s do, begun 50 at a time.
func benchmark(b *testing.B, c *config.Check) {
	p, err := New("web", c, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	const batch = 50
	ticks := time.NewTicker(batch * time.Millisecond)
	defer ticks.Stop()
	ctx := b.Context()
	var attempts sync.WaitGroup
	before := processorTime(b)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= batch {
		for range min(batch, left) {
			attempts.Go(func() {
				if r := p.Attempt(ctx, "127.0.0.1"); !r.OK {
					b.Errorf("got %+v", r)
				}
			})
		}
		if left > batch {
			<-ticks.C
		}
	}
	attempts.Wait()
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N)/1000, "cpu-µs/op")
}

// The processor time of this process for one attempt, against a server in another one.
func BenchmarkHTTPAttempt(b *testing.B) {
	c := defaults(config.CheckHTTP)
	c.HTTP.Port, c.HTTP.Contains, c.Connect, c.Respond = process(b), "healthy", 4*time.Second, 2*time.Second
	benchmark(b, c)
}

func BenchmarkTCPAttempt(b *testing.B) {
	c := defaults(config.CheckTCP)
	c.TCP.Port, c.Connect, c.Respond = process(b), 4*time.Second, 2*time.Second
	benchmark(b, c)
}
