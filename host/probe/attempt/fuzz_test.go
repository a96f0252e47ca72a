package attempt

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzResponse protects the reader of responses: it never panics, says the same however the bytes arrive, stays within its limits, and agrees
// with net/http wherever that accepts a response.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		ok + "Content-Length: 5\r\n\r\nhello", ok + "\r\nhello", "HTTP/1.0 200\n\nhello", ok + "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", ok + "A: b\r\n c\r\n\r\n", "HTTP/1.1 204 No\r\n\r\nx",
		ok + "Transfer-Encoding: chunked\r\n\r\nF\r\n", "HTTP/2 200\r\n\r\n", ok + "Content-Length: 99999999999999999999\r\n\r\n", ok + "A : b\r\n\r\n", ok + ": b\r\n\r\n",
		ok + "X: " + strings.Repeat("y", 5000) + "\r\n\r\nhello",
	} {
		f.Add([]byte(seed), "GET")
	}
	f.Add([]byte(ok+"Content-Length: 5\r\n\r\n"), "HEAD")
	f.Fuzz(func(t *testing.T, raw []byte, method string) {
		if method != "HEAD" {
			method = "GET"
		}
		h, content, err := readAll(bytes.NewReader(raw), method)
		slow, slowContent, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(raw)), method)
		if h != slow || !bytes.Equal(content, slowContent) || (err == nil) != (slowErr == nil) {
			t.Fatalf("got %+v %q %v, byte by byte %+v %q %v", h, content, err, slow, slowContent, slowErr)
		}
		if len(content) > len(raw) {
			t.Fatalf("%d bytes of body in %d", len(content), len(raw))
		}
		want, wanted, ok := reference(raw, method)
		if !ok {
			return
		}
		if errors.Is(err, errNotHTTP) || errors.Is(err, errMalformed) {
			if stricter(raw) {
				return
			}
			t.Fatalf("got %v, net/http reads status %d of %q", err, want, raw)
		}
		if err == nil && (h.status != want || !bytes.Equal(content, wanted)) {
			t.Fatalf("got %d %q, net/http %d %q of %q", h.status, content, want, wanted, raw)
		}
	})
}

// readAll reads a response as an attempt does, all of it.
func readAll(from io.Reader, method string) (head, []byte, error) {
	r := bufio.NewReaderSize(from, windowLen)
	h, err := readHead(r)
	if err != nil {
		return head{}, nil, err
	}
	content, err := io.ReadAll(newBody(r, h, method))
	return h, content, err
}

// reference reads a response with net/http, past interim ones.
func reference(raw []byte, method string) (status int, content []byte, ok bool) {
	r := bufio.NewReader(bytes.NewReader(raw))
	for range interimMax + 1 {
		response, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return 0, nil, false
		}
		if response.StatusCode < 200 && response.StatusCode != 101 {
			continue
		}
		content, err := io.ReadAll(response.Body)
		return response.StatusCode, content, err == nil
	}
	return 0, nil, false
}

// stricter reports whether a head has what net/http lets pass and RFC 9112 does not: a status that is not between spaces, a field's name that is
// not a token.
func stricter(raw []byte) bool {
	statusLine := true
	for text := range bytes.Lines(raw) {
		text = bytes.TrimRight(text, "\r\n")
		name, _, _ := bytes.Cut(text, []byte(":"))
		switch {
		case statusLine && status(text) == 0:
			return true
		case !statusLine && len(text) > 0 && !token(bytes.TrimRight(name, " \t")):
			return true
		}
		statusLine = len(text) == 0 // after an interim response
	}
	return false
}
