package attempt

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// Protects verdicts from this machine's own limits: without a file left, an attempt learns nothing, and says so instead of blaming the endpoint.
func TestExhausted(t *testing.T) {
	c := defaults(config.CheckHTTP)
	c.HTTP.Port = serve(t, response(ok+"\r\n"))
	c.TLS.Port, c.TCP.Port = c.HTTP.Port, c.HTTP.Port
	c.DNS = config.DNSCheck{Port: c.HTTP.Port, Name: "www.example.com.", Type: dns.TypeA}
	c.Exec.Command = "good"
	dir := programs(t, map[string]string{"good": "exit 0"})
	probers := map[string]Prober{}
	for _, kind := range []string{config.CheckHTTP, config.CheckTLS, config.CheckTCP, config.CheckDNS, config.CheckICMP, config.CheckExec} {
		c := *c
		c.Kind = kind
		probers[kind], _ = New("web", &c, Options{Resolver: known, ExecDir: dir}) // ICMP may not be permitted
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	limited := before
	limited.Cur = uint64(openFiles()) + 20
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limited); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, file := range files {
			file.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
	}()
	for {
		file, err := os.Open("/dev/null")
		if err != nil {
			break
		}
		files = append(files, file)
	}
	for kind, p := range probers {
		if r := p.Attempt(t.Context(), "127.0.0.1"); r.OK || !r.NoData || r.Took > 5*time.Second {
			t.Errorf("%s: got %+v, want no data", kind, r)
		}
	}
}
