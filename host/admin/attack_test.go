package admin

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// attacks are requests as nobody honest sends them, and the status that the first answer must have.
var attacks = []struct {
	name, raw string
	code      int
}{
	{"a header of a megabyte", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", 431},
	{"100,000 headers", "GET /health HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X: y\r\n", 100_000) + "\r\n", 431},
	{"a path of a megabyte", "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431},
	{"a header without a name", "GET /health HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", 400},
	{"a zero byte in a header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n", 400},
	{"no request at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
	{"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
	{"an upgrade to HTTP/2", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n", 200},

	{"no host", "GET /health HTTP/1.1\r\n\r\n", 400},
	{"two hosts", "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400},
	{"a host with a space", "GET /health HTTP/1.1\r\nHost: localhost evil.example\r\n\r\n", 400},
	{"another host", "GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
	{"another host in the path", "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 403},
	{"an address that is none", "GET /health HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 403},
	{"a page of nowhere", "GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", 403},
	{"a page of another site changes", "POST /health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://127.0.0.2\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 403},
	{"a form", "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415},
	{"a proxy", "CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", 405},
	{"TRACE", "TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},

	{"a way up", "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 307},
	{"a way up in disguise", "GET /health/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
	{"a push to a way up", "POST /push/..%2f..%2foverrides HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404},
	{"a push to a long name", "POST /push/" + strings.Repeat("x", 8<<10) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404},

	{"a body of a gigabyte", "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n" + strings.Repeat(" ", 1<<20), 413},
	{"chunks without end", "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat(" ", 0x400)+"\r\n", 100), 413},
	{"a chunk that is none", "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
	{"a body where there is none", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 1<<20), 413},
	{"two lengths", "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 400},
	{"an encoding that is none", "POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},

	{"half an object", jsonBody(`{"name":`), 400},
	{"brackets, nested", jsonBody(strings.Repeat("[", 16_000)), 400},
	{"objects, nested", jsonBody(`{"name":` + strings.Repeat(`{"a":`, 3_000)), 400},
	{"null", jsonBody(`null`), 400},
	{"a list", jsonBody(`[]`), 400},
	{"two objects", jsonBody(`{"name":"a","id":"b","state":"down","reason":"x"}{}`), 400},
	{"a key that nobody has", jsonBody(`{"name":"a","id":"b","state":"down","reason":"x","sudo":true}`), 400},
	{"bytes that are no text", jsonBody("{\"name\":\"\xff\xfe\",\"id\":\"b\",\"state\":\"down\",\"reason\":\"x\"}"), 404},
	{"a line that is two", jsonBody(`{"name":"*","id":"*","state":"down","reason":"a\nb"}`), 400},
	{"a name of 15,000 bytes", jsonBody(`{"name":"` + strings.Repeat("x", 15_000) + `","id":"b","state":"down","reason":"x"}`), 400},
	{"a glob of 2,000 stars", "GET /health?name=" + strings.Repeat("*a", 1_000) + "b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
	{"a glob of 100 stars", "GET /health?name=" + strings.Repeat("*a", 100) + "b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
	{"a query that is none", "GET /health?name=%zz&id=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
}

func jsonBody(text string) string {
	return fmt.Sprintf("POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// Protects the server from requests that are made to hurt: each gets its answer, changes nothing, and the next client is served.
func TestAttacks(t *testing.T) {
	s := startAccess(t, "127.0.0.1:0", nil)
	for _, c := range attacks {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))     // fails only if closed
		go func() { _, _ = io.WriteString(conn, c.raw) }() // the server may have enough before the end
		code := 0
		if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			code = response.StatusCode
		}
		_ = conn.Close()
		if code != c.code {
			t.Errorf("%s: got %d, want %d", c.name, code, c.code)
		}
	}
	url := "http://" + s.Addr().String()
	if code, text, _ := send(t, http.DefaultClient, "GET", url+"/overrides", ""); code != 200 || !strings.Contains(text, `"overrides": []`) {
		t.Errorf("afterwards: got %d %s, want no override", code, text)
	}
}

// Protects pipelines: each of a hundred requests that come at once has its answer, in order.
func TestPipeline(t *testing.T) {
	s := startAccess(t, "127.0.0.1:0", nil)
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // fails only if closed
	const count = 100
	go func() {
		_, _ = io.WriteString(conn, strings.Repeat("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", count))
	}()
	answers := bufio.NewReader(conn)
	for i := range 2 * count {
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != []int{200, 404}[i%2] {
			t.Fatalf("answer %d: got %d, %v", i, response.StatusCode, err)
		}
	}
}

// sendsSlowly sends a request without its last byte, and returns when the server waits for that.
func sendsSlowly(t *testing.T, conn net.Conn, raw string) {
	t.Helper()
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	if _, err := io.WriteString(conn, head+"\r\nExpect: 100-continue\r\n\r\n"+body[:len(body)-1]); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 12)
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // fails only if closed
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 100" {
		t.Fatalf("got %q, %v, want that the server waits for the body", line, err)
	}
}

// Protects an endpoint's places from bodies that come slowly: they take none before they are whole.
func TestSlowBodies(t *testing.T) {
	s := startAccess(t, "127.0.0.1:0", nil)
	for range 2 * asksMax {
		conn := dialFrom(t, s, "")
		sendsSlowly(t, conn, jsonBody(change))
	}
	if code, text, _ := send(t, http.DefaultClient, "POST", "http://"+s.Addr().String()+"/health", change); code != 200 {
		t.Errorf("beside slow ones: got %d %s, want 200", code, text)
	}
}
