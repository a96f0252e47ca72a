package attempt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// authority signs certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-1000 * day), NotAfter: time.Now().Add(1000 * day), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key}
}

// sign makes a certificate for a name, and for 127.0.0.1 where that is asked for.
func (a *authority) sign(t *testing.T, name string, address bool, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if address {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// pool is a pool of the authority alone.
func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// write writes a file of a test, of PEM blocks.
func write(t *testing.T, dir, name string, blocks ...*pem.Block) {
	t.Helper()
	var text []byte
	for _, block := range blocks {
		text = append(text, pem.EncodeToMemory(block)...)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writePair writes a certificate and its key.
func writePair(t *testing.T, dir string, pair tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "client.pem", &pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	write(t, dir, "client.key", &pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// secured is a server that speaks TLS.
func secured(settings *tls.Config, behave func(net.Conn)) func(net.Conn) {
	return func(raw net.Conn) {
		c := tls.Server(raw, settings)
		if c.Handshake() == nil {
			behave(c)
		}
		c.Close()
	}
}

// Protects TLS and HTTPS checks: which certificates are good, for whom and for how long.
func TestTLS(t *testing.T) {
	leakless(t)
	now := time.Now()
	ours, theirs := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	write(t, dir, "ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: ours.certificate.Raw})
	good := ours.sign(t, "db.example.com", true, now.Add(-day), now.Add(12*day+time.Hour))
	expired := ours.sign(t, "db.example.com", true, now.Add(-9*day), now.Add(-2*day))
	future := ours.sign(t, "db.example.com", true, now.Add(2*day), now.Add(9*day))
	named := ours.sign(t, "db.example.com", false, now.Add(-day), now.Add(30*day))
	stranger := theirs.sign(t, "db.example.com", true, now.Add(-day), now.Add(30*day))
	cases := []struct {
		name     string
		shown    tls.Certificate
		endpoint string
		change   func(*config.TLSCheck)
		ok       bool
		text     string
	}{
		{"good for the address", good, "127.0.0.1", nil, true, "certificate is good for 12 days"},
		{"good for the name", named, "db.example.com.", nil, true, "certificate is good for 29 days"},
		{"enough days", good, "127.0.0.1", func(c *config.TLSCheck) { c.DaysLeft = 12 }, true, "certificate is good for 12 days"},
		{"too few days", good, "127.0.0.1", func(c *config.TLSCheck) { c.DaysLeft = 14 }, false, "certificate expires in 12 days (wanted 14)"},
		{"expired", expired, "127.0.0.1", nil, false, "certificate expired " + date(now.Add(-2*day))},
		{"expired, not verified", expired, "127.0.0.1", func(c *config.TLSCheck) { c.Verify = false }, false, "certificate expired " + date(now.Add(-2*day))},
		{"not yet", future, "127.0.0.1", nil, false, "certificate is not valid before " + date(now.Add(2*day))},
		{"not for the address", named, "127.0.0.1", nil, false, "certificate is not for 127.0.0.1"},
		{"another name", good, "127.0.0.1", func(c *config.TLSCheck) { c.ServerName = "www.example.com" }, false, "certificate is not for www.example.com"},
		{"name that is said", named, "127.0.0.1", func(c *config.TLSCheck) { c.ServerName = "db.example.com" }, true, "certificate is good for 29 days"},
		{"unknown authority", stranger, "127.0.0.1", nil, false, "certificate is of an unknown authority"},
		{"unknown authority, not verified", stranger, "127.0.0.1", func(c *config.TLSCheck) { c.Verify = false }, true, "certificate is good for 29 days"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			settings := &tls.Config{Certificates: []tls.Certificate{c.shown}}
			check := defaults(config.CheckTLS)
			check.TLS.CA = config.File{Path: "ca.pem"}
			check.TLS.Port = serve(t, secured(settings, hold))
			check.Connect = 5 * time.Second
			if c.change != nil {
				c.change(&check.TLS)
			}
			if r := attempt(t, check, Options{Dir: dir}, c.endpoint); r.OK != c.ok || r.Text != c.text {
				t.Errorf("tls: got %+v, want %v %q", r, c.ok, c.text)
			}
			check.Kind, check.HTTP.Contains = config.CheckHTTPS, "well"
			check.HTTP.Port = serve(t, secured(settings, response(ok+"\r\nall is well")))
			text := c.text
			if expiryUnseen := !check.TLS.Verify; c.ok || expiryUnseen { // as Route 53, which looks at no certificate
				text = "200 OK"
			}
			if r := attempt(t, check, Options{Dir: dir}, c.endpoint); r.OK != (text == "200 OK") || r.Text != text {
				t.Errorf("https: got %+v, want %q", r, text)
			}
		})
	}
}

// Protects client certificates, and that a file that changes is read again.
func TestTLSClient(t *testing.T) {
	leakless(t)
	now := time.Now()
	a, b := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	shown := a.sign(t, "db.example.com", true, now.Add(-day), now.Add(30*day))
	settings := &tls.Config{Certificates: []tls.Certificate{shown}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool()}
	check := defaults(config.CheckTLS)
	check.Connect, check.TLS.Verify = 5*time.Second, false
	check.TLS.Port = serve(t, secured(settings, hold))
	check.HTTP.Port = serve(t, secured(settings, response(ok+"\r\n")))
	try := func(name, tlsText, httpsText string) {
		t.Helper()
		for kind, want := range map[string]string{config.CheckTLS: tlsText, config.CheckHTTPS: httpsText} {
			check.Kind = kind
			r := attempt(t, check, Options{Dir: dir}, "127.0.0.1")
			if !strings.Contains(r.Text, want) || r.OK != !strings.Contains(want, "refuses") {
				t.Errorf("%s: %s: got %+v, want %q", name, kind, r, want)
			}
		}
	}
	try("none", "server refuses: certificate required", "server refuses: certificate required")

	check.TLS.Certificate, check.TLS.Key = config.File{Path: "client.pem", Pos: diag.Pos{File: "signpost.yaml", Line: 7, Col: 9}}, config.File{Path: "client.key"}
	check.Kind = config.CheckHTTPS
	p, err := New("web", check, Options{Dir: dir})
	var obstacle *Obstacle
	if !errors.As(err, &obstacle) || obstacle.Pos.Line != 7 || obstacle.Text != "client.pem: no such file or directory" {
		t.Fatalf("no file: got error %#v", err)
	}
	if r := p.Attempt(t.Context(), "127.0.0.1"); r.OK || r.Text != obstacle.Text {
		t.Errorf("no file: got %+v", r)
	}
	writePair(t, dir, b.sign(t, "probe", false, now.Add(-day), now.Add(day)))
	if r := p.Attempt(t.Context(), "127.0.0.1"); r.OK || !strings.Contains(r.Text, "server refuses") {
		t.Errorf("wrong certificate: got %+v", r)
	}
	writePair(t, dir, a.sign(t, "probe", false, now.Add(-day), now.Add(day)))
	if err := os.Chtimes(filepath.Join(dir, "client.pem"), now, now.Add(time.Minute)); err != nil { // as later
		t.Fatal(err)
	}
	if r := p.Attempt(t.Context(), "127.0.0.1"); !r.OK {
		t.Errorf("right certificate: got %+v", r)
	}
	p.Close()
	try("right", "certificate is good for 29 days", "200 OK")

	write(t, dir, "client.pem", &pem.Block{Type: "NOTHING"})
	if _, err := New("web", check, Options{Dir: dir}); err == nil || !strings.HasPrefix(err.Error(), "client.pem: ") {
		t.Errorf("no certificate in it: got %v", err)
	}
}

// Protects attempts from endpoints that speak no TLS, or too slowly, or too much of it.
func TestTLSHostile(t *testing.T) {
	leakless(t)
	cases := []struct {
		name   string
		behave func(net.Conn)
		text   string
	}{
		{"hangs", hold, "TLS handshake timeout after 300ms"},
		{"closes", func(c net.Conn) { c.Read(make([]byte, 4096)) }, "TLS handshake: connection closed"},
		{"resets", func(c net.Conn) { c.Read(make([]byte, 4096)); c.(*net.TCPConn).SetLinger(0) }, "TLS handshake: connection reset"},
		{"plain HTTP", func(c net.Conn) { c.Read(make([]byte, 4096)); io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "TLS handshake: first record does not look like a TLS handshake"},
		{"a record byte by byte", func(c net.Conn) { slowly(c, "\x16\x03\x03\x40\x00"+strings.Repeat("x", 100), 20*time.Millisecond) }, "TLS handshake timeout after 300ms"},
		{"records for ever", func(c net.Conn) {
			forever(c, "\x16\x03\x03\x00\x04\x0b\x03\xff\xff"+strings.Repeat("\x16\x03\x03\x40\x00"+strings.Repeat("x", 0x4000), 9))
		}, "TLS handshake: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := defaults(config.CheckTLS)
			check.TLS.Port = serve(t, c.behave)
			if r := attempt(t, check, Options{}, "127.0.0.1"); r.OK || !strings.HasPrefix(r.Text, c.text) || strings.Contains(r.Text, "\n") {
				t.Errorf("got %+v, want %q", r, c.text)
			}
		})
	}
	plain := defaults(config.CheckHTTP)
	plain.HTTP.Port = serve(t, secured(&tls.Config{Certificates: []tls.Certificate{newAuthority(t).sign(t, "x", true, time.Now(), time.Now().Add(day))}}, func(c net.Conn) { io.WriteString(c, ok) }))
	if r := attempt(t, plain, Options{}, "127.0.0.1"); r.OK || !strings.HasPrefix(r.Text, "response") {
		t.Errorf("HTTP to a TLS server: got %+v", r)
	}
}
