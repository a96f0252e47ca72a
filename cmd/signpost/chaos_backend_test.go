package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// mood is what an endpoint does to whoever connects, and whether a check that wants "healthy" within its timeouts is to call it up.
type mood struct {
	name    string
	up      bool
	behave  func(net.Conn)
	refuses bool           // nobody listens
	shown   string         // of a server with TLS: its certificate
	resolve func(*dns.Msg) // of a host name: changes the answer
}

const chaosHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

// chaosMoods are those of HTTP.
var chaosMoods = []mood{
	{name: "well", up: true, behave: chaosSay(chaosHead + "Content-Length: 7\r\n\r\nhealthy")},
	{name: "well in chunks", up: true, behave: chaosSay(chaosHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nhea\r\n4\r\nlthy\r\n0\r\n\r\n")},
	{name: "well byte by byte", up: true, behave: func(c net.Conn) { chaosTrickle(c, chaosHead+"\r\nhealthy", 0) }},
	{name: "well after an interim response", up: true, behave: chaosSay("HTTP/1.1 103 Early Hints\r\n\r\n" + chaosHead + "\r\nhealthy")},
	{name: "a redirect that is well", up: true, behave: chaosSay("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\nhealthy")},
	{name: "well, and endless", up: true, behave: func(c net.Conn) { chaosSay(chaosHead + "\r\nhealthy")(c); chaosFlood(c, "and more ") }},
	{name: "refuses", refuses: true},
	{name: "hangs", behave: chaosHold},
	{name: "closes", behave: func(net.Conn) {}},
	{name: "resets", behave: func(c net.Conn) {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // it is closed either way
		}
	}},
	{name: "503", behave: chaosSay("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\n\r\nhealthy")},
	{name: "a redirect", behave: chaosSay("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")},
	{name: "sick with 200", behave: chaosSay(chaosHead + "Content-Length: 4\r\n\r\nsick")},
	{name: "a body that is missing", behave: chaosSay(chaosHead + "Content-Length: 7\r\n\r\n")},
	{name: "a body of one byte", behave: func(c net.Conn) { chaosSay(chaosHead + "Content-Length: 7\r\n\r\nh")(c); chaosHold(c) }},
	{name: "a slow head", behave: func(c net.Conn) { chaosTrickle(c, chaosHead+strings.Repeat("X: y\r\n", 100), 20*time.Millisecond) }},
	{name: "a slow body", behave: func(c net.Conn) {
		chaosSay(chaosHead + "\r\n")(c)
		chaosTrickle(c, strings.Repeat(".", 1000), 20*time.Millisecond)
	}},
	{name: "an endless body", behave: func(c net.Conn) { chaosSay(chaosHead + "\r\n")(c); chaosFlood(c, "unhealth.") }},
	{name: "endless fields", behave: func(c net.Conn) { chaosSay(chaosHead)(c); chaosFlood(c, "X: healthy\r\n") }},
	{name: "garbage", behave: chaosSay("\x16\x03\x03\x00\x02healthy\r\n\r\n")},
}

// chaosSay sends a text.
func chaosSay(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) } // an error means that the client went away, here and below
}

// chaosHold waits until the client goes.
func chaosHold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// chaosTrickle sends a text byte by byte.
func chaosTrickle(c net.Conn, text string, pause time.Duration) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		<-time.After(pause)
	}
}

// chaosFlood sends a text until the client goes.
func chaosFlood(c net.Conn, text string) {
	text = strings.Repeat(text, 500)
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

// chaosBackend is an endpoint with moods. Its truth changes only by turn.
type chaosBackend struct {
	name    string
	moods   []mood
	mood    mood
	changed time.Time // when up became what it is
	worst   time.Duration

	certificates map[string]*tls.Certificate // nil: without TLS
	addr         string
	listener     net.Listener

	mu   sync.Mutex // guards what follows
	live mood       // of connections to come
}

// turn gives a backend another mood.
func (b *chaosBackend) turn(t *testing.T, m mood) {
	t.Helper()
	b.mu.Lock()
	b.live = m
	b.mu.Unlock()
	switch {
	case m.refuses && b.listener != nil:
		_ = b.listener.Close()
		b.listener = nil
	case !m.refuses && b.listener == nil:
		b.listen(t)
	}
	if b.changed.IsZero() || b.mood.up != m.up {
		b.changed = time.Now()
	}
	b.mood = m
}

// listen has the backend take connections.
func (b *chaosBackend) listen(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	b.listener, b.addr = listener, listener.Addr().String()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // it refuses from now on
			}
			go b.serve(c)
		}
	}()
}

// serve does to one connection what the mood says.
func (b *chaosBackend) serve(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	m := b.live
	b.mu.Unlock()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second)) // whatever the client does
	if certificate := b.certificates[m.shown]; certificate != nil {
		secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		if secured.Handshake() != nil {
			return
		}
		defer secured.Close()
		c = secured
	}
	if m.behave != nil {
		_, _ = c.Read(make([]byte, 4096)) // the request
		m.behave(c)
	}
}

// chaosValid is how long certificates are valid before and after now, however the server's clock is set.
const chaosValid = 4 * chaosAheadMax

// chaosCertificates makes certificates by an authority, whose own is returned in PEM.
func chaosCertificates(t *testing.T) (map[string]*tls.Certificate, string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			parent, by = template, key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		return certificate, key
	}
	now := time.Now()
	root, rootKey := sign(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Chaos"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-chaosValid), NotAfter: now.Add(chaosValid), KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	made := map[string]*tls.Certificate{}
	for name, template := range map[string]*x509.Certificate{
		"good":    {NotAfter: now.Add(chaosValid), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}},
		"expired": {NotAfter: now.Add(-2 * chaosAheadMax), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}},
		"other":   {NotAfter: now.Add(chaosValid), DNSNames: []string{"other.example.com"}},
	} {
		template.SerialNumber, template.NotBefore = big.NewInt(2), now.Add(-chaosValid)
		leaf, key := sign(template, root, rootKey)
		made[name] = &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
	}
	return made, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}))
}

// chaosTLSMoods are those of HTTPS.
func chaosTLSMoods() []mood {
	well := chaosSay(chaosHead + "\r\nhealthy")
	return []mood{
		{name: "well", up: true, behave: well, shown: "good"},
		{name: "an expired certificate", behave: well, shown: "expired"},
		{name: "a certificate for somebody else", behave: well, shown: "other"},
		{name: "no TLS", behave: well},
		{name: "sick", behave: chaosSay(chaosHead + "\r\nsick"), shown: "good"},
		{name: "a handshake that hangs", behave: chaosHold},
	}
}

// chaosNameMoods are those of a host name: the endpoint behind it is always well.
func chaosNameMoods() []mood {
	well := chaosSay(chaosHead + "\r\nhealthy")
	failing := func(rcode int) func(*dns.Msg) {
		return func(m *dns.Msg) { m.Rcode, m.Answer = rcode, nil }
	}
	return []mood{
		{name: "well", up: true, behave: well},
		{name: "no such name", behave: well, resolve: failing(dns.RcodeNameError)},
		{name: "a name server that fails", behave: well, resolve: failing(dns.RcodeServerFailure)},
		{name: "a name without addresses", behave: well, resolve: failing(dns.RcodeSuccess)},
		{name: "a name server that says nothing", behave: well, resolve: func(m *dns.Msg) { m.Response = false }},
	}
}
