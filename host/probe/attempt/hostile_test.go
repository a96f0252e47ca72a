package attempt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"signpost/host/config"
)

// Protects logs, timelines and chats from endpoints that choose the text of an error: a certificate with a long name that makes no sense is told of in a
// few words, on one line that can be printed.
func TestLongText(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name := "http://[" + strings.Repeat("hello \x1b[2J\r\n", 4000)
	value := append([]byte{0x86, 0x82}, binary.BigEndian.AppendUint16(nil, uint16(len(name)))...) // a URI among the names of the subject
	value = append(value, name...)
	value = append(append([]byte{0x30, 0x82}, binary.BigEndian.AppendUint16(nil, uint16(len(value)))...), value...)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(day),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	check := defaults(config.CheckTLS)
	check.TLS.Port = serve(t, secured(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, func(net.Conn) {}))
	r := attempt(t, check, Options{}, "127.0.0.1")
	if r.OK || !strings.HasPrefix(r.Text, "TLS handshake: ") || !strings.Contains(r.Text, "URI") || len(r.Text) > textLenMax+len("…") || strings.ContainsAny(r.Text, "\x1b\r\n") {
		t.Errorf("got %d bytes: %.400q", len(r.Text), r.Text)
	}
	for text, want := range map[string]string{
		"200 OK":                       "200 OK",
		"a\nb \x9b31m \u202e":          `a\nb \x9b31m \u202e`,
		strings.Repeat("ä", 200):       strings.Repeat("ä", textLenMax/2) + "…",
		"x" + strings.Repeat("ä", 200): "x" + strings.Repeat("ä", textLenMax/2-1) + "…",
		strings.Repeat("\n", 300):      strings.Repeat(`\n`, textLenMax/2) + "…",
	} {
		if got := brief(text); got != want || !utf8.ValidString(got) {
			t.Errorf("%.20q: got %q, want %q", text, got, want)
		}
	}
}
