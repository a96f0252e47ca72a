package attempt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// secure makes TLS handshakes as a check says.
type secure struct {
	check config.TLSCheck
	dir   string
	name  string // of SNI and of the certificate; "": the endpoint
	next  string // protocol that is offered; "": none

	mu      sync.Mutex // guards what follows
	files   [3]stamp   // of the authorities, the certificate and its key, when they were read
	current *tls.Config
}

// stamp tells one content of a file from another.
type stamp struct {
	changed time.Time
	length  int64
}

// newSecure returns a secure in any case; the error is of the files that the check names.
func newSecure(c *config.Check, o Options, next string) (*secure, error) {
	s := &secure{check: c.TLS, dir: o.Dir, name: c.TLS.ServerName, next: next}
	_, err := s.configuration()
	return s, err
}

// configuration returns what handshakes go by. The files are read again when they were changed.
func (s *secure) configuration() (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var files [3]stamp
	for i, file := range []config.File{s.check.CA, s.check.Certificate, s.check.Key} {
		if file.Path == "" {
			continue
		}
		info, err := os.Stat(s.path(file))
		if err != nil {
			return nil, unreadable(file, err)
		}
		files[i] = stamp{info.ModTime(), info.Size()}
	}
	if s.current != nil && files == s.files {
		return s.current, nil
	}
	read, err := s.read()
	if err != nil {
		return nil, err
	}
	s.current, s.files = read, files
	return read, nil
}

// read makes the configuration of what the files say now. No session is ever resumed, so that every handshake shows the certificate.
func (s *secure) read() (*tls.Config, error) {
	read := &tls.Config{InsecureSkipVerify: !s.check.Verify, SessionTicketsDisabled: true}
	if s.next != "" {
		read.NextProtos = []string{s.next}
	}
	if s.check.CA.Path != "" {
		text, err := os.ReadFile(s.path(s.check.CA))
		if err != nil {
			return nil, unreadable(s.check.CA, err)
		}
		read.RootCAs = x509.NewCertPool()
		if !read.RootCAs.AppendCertsFromPEM(text) {
			return nil, &Obstacle{s.check.CA.Pos, s.check.CA.Path + ": no certificate in it"}
		}
	}
	if s.check.Certificate.Path != "" {
		certificate, err := os.ReadFile(s.path(s.check.Certificate))
		if err != nil {
			return nil, unreadable(s.check.Certificate, err)
		}
		key, err := os.ReadFile(s.path(s.check.Key))
		if err != nil {
			return nil, unreadable(s.check.Key, err)
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, &Obstacle{s.check.Certificate.Pos, s.check.Certificate.Path + ": " + strings.TrimPrefix(err.Error(), "tls: ")}
		}
		read.Certificates = []tls.Certificate{pair}
	}
	return read, nil
}

// path is where a file is.
func (s *secure) path(file config.File) string {
	path := filepath.FromSlash(file.Path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.dir, path)
}

// unreadable tells of a file that cannot be read.
func unreadable(file config.File, err error) error {
	return &Obstacle{file.Pos, file.Path + ": " + diag.Cause(err).Error()}
}

// session is a line after the handshake.
type session struct {
	*tls.Conn
	asked bool // for the client's certificate
}

// handshake makes a line secure. It returns why that did not succeed, or why the certificate is not good for long enough; "": all is well.
func (s *secure) handshake(l *line, endpoint string, deadline time.Time, within time.Duration) (*session, string) {
	settings, err := s.configuration()
	if err != nil {
		return nil, err.Error()
	}
	settings = settings.Clone()
	if settings.ServerName = s.name; s.name == "" {
		settings.ServerName = strings.TrimSuffix(endpoint, ".")
		if addr, err := netip.ParseAddr(endpoint); err == nil {
			settings.ServerName = addr.WithZone("").String()
		}
	}
	l.SetDeadline(deadline)
	own, asked := settings.Certificates, false
	settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		if len(own) == 0 {
			return new(tls.Certificate), nil // it is the server that must know whether it can do without
		}
		return &own[0], nil
	}
	conn := tls.Client(l, settings)
	if err := conn.Handshake(); err != nil { // the line is closed when its own context is done
		if text := untrusted(err, settings.ServerName); text != "" {
			return nil, text
		}
		return nil, l.reason("TLS handshake", within, err)
	}
	if text := expiring(conn.ConnectionState(), s.check.DaysLeft, time.Now()); text != "" {
		return nil, text
	}
	return &session{conn, asked}, ""
}

const day = 24 * time.Hour

// untrusted tells why a certificate was not believed; "": that is not the error.
func untrusted(err error, name string) string {
	var (
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		other     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		if now := time.Now(); now.Before(invalid.Cert.NotBefore) {
			return "certificate is not valid before " + date(invalid.Cert.NotBefore)
		}
		return "certificate expired " + date(invalid.Cert.NotAfter)
	case errors.As(err, &host):
		return "certificate is not for " + name
	case errors.As(err, &authority):
		return "certificate is of an unknown authority"
	case errors.As(err, &other):
		return "certificate: " + strings.TrimPrefix(other.Err.Error(), "x509: ")
	}
	return ""
}

// expiring tells that a certificate, or one that it depends on, is not good for so many days more; "": it is.
func expiring(state tls.ConnectionState, days int, now time.Time) string {
	if days == 0 || len(state.PeerCertificates) == 0 {
		return "" // the handshake has looked whether it is good for now, where that is asked for
	}
	ends := lastDay(state)
	left := int(ends.Sub(now) / day)
	switch {
	case !ends.After(now):
		return "certificate expired " + date(ends)
	case left < days:
		return fmt.Sprintf("certificate expires in %d %s (wanted %d)", left, plural("day", left), days)
	}
	return ""
}

// lastDay is when a certificate is good no more: of the verified chains the one that lasts longest counts, and in it whatever ends first. A
// chain that was not verified proves nothing, and only the server's own certificate counts.
func lastDay(state tls.ConnectionState) time.Time {
	var last time.Time
	for _, chain := range state.VerifiedChains {
		ends := chain[0].NotAfter
		for _, certificate := range chain[1:] {
			if certificate.NotAfter.Before(ends) {
				ends = certificate.NotAfter
			}
		}
		if ends.After(last) {
			last = ends
		}
	}
	if last.IsZero() {
		return state.PeerCertificates[0].NotAfter
	}
	return last
}

// date is the day of a time.
func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// plural is a word for so many.
func plural(word string, count int) string {
	if count == 1 {
		return word
	}
	return word + "s"
}
