package host

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/testbed"
)

// How many attackers there are, and how many questions are asked meanwhile.
const (
	explainers     = 300
	pushers        = 32
	silent         = 200
	siegeQuestions = 50
)

// Protects answers, and the admin server's own last word, from everything that can be asked of it at once: hundreds of /explain, floods of /push, /metrics
// and /timeline, headers that never end, and connections that say nothing. No question is lost.
func TestSiege(t *testing.T) {
	port := freePort(t)
	h, _ := start(t, fmt.Sprintf("listen: 127.0.0.1:%d\nadmin: 127.0.0.1:%d\nchecks: { beat: { push: {} } }\n", port, freePort(t)))
	defer h.Close()
	url := strings.TrimSuffix(h.desk.places()[0], "/")
	questions, err := dns.Dial("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer questions.Close()

	ctx, lift := context.WithCancel(context.Background())
	var attackers sync.WaitGroup
	defer attackers.Wait()
	defer lift()
	ask := func(count int, method, path string) {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: count}}
		for range count {
			attackers.Go(func() {
				for ctx.Err() == nil {
					request, err := http.NewRequestWithContext(ctx, method, url+path, http.NoBody)
					if err != nil {
						t.Error(err)
						return
					}
					if response, err := client.Do(request); err == nil { // or it made room
						_, _ = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
					}
				}
				client.CloseIdleConnections()
			})
		}
	}
	ask(explainers, "GET", "/explain?name=www.example.com&client=192.0.2.1")
	ask(pushers, "POST", "/push/beat")
	ask(pushers, "GET", "/metrics")
	ask(pushers, "GET", "/timeline")
	for range silent {
		attackers.Go(func() { besiege(ctx, strings.TrimPrefix(url, "http://")) })
	}

	worst := time.Duration(0)
	client := dns.Client{Timeout: 10 * time.Second}
	for i := range siegeQuestions {
		r, took, err := client.ExchangeWithConn(new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA), questions)
		if err != nil || len(r.Answer) != 1 {
			t.Fatalf("question %d: got %v, %v", i, r, err)
		}
		worst = max(worst, took)
	}
	t.Logf("the longest of %d answers took %v", siegeQuestions, worst)
	lift()
	testbed.Await(t, "the admin server", func() bool {
		response, err := http.Get(url + "/explain?name=www.example.com&client=192.0.2.1")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// besiege opens connections on which no request ever ends, one after the other.
func besiege(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, "GET /health HTTP/1.1\r\nX: ") // the server may have closed it already
		_, _ = conn.Read(make([]byte, 1))                          // until it does
		stop()
		_ = conn.Close()
	}
}
