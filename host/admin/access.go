package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"signpost/host/reply"
)

// The lengths that the secret of a token file may have. A shorter one can be guessed.
const (
	tokenLenMin = 16
	tokenLenMax = 1024
)

// Access says who may read and who may change something, and by which names the server may be called. The zero value asks for no token on loopback,
// and lets nobody in elsewhere. It is safe for concurrent use.
type Access struct {
	mu    sync.Mutex
	rules Rules
}

// Rules are those of an Access.
type Rules struct {
	TokenFile string   // holds the token; "": there is none
	Reads     bool     // reading needs it on loopback, too; where there is none nobody reads or changes anything
	Hosts     []string // names, in lower case, by which clients may call the server, too
}

// Follow has other rules count. The error is that the token's file is of no use now; what needs the token is refused then until it is.
func (a *Access) Follow(rules Rules) error {
	a.mu.Lock()
	a.rules = rules
	a.mu.Unlock()
	if rules.TokenFile == "" {
		return nil
	}
	_, err := readToken(rules.TokenFile)
	return err
}

func (a *Access) now() Rules {
	if a == nil {
		return Rules{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules
}

// readToken reads the secret of a file. It is read for each request that needs it, of which there are few: so it may be changed at any time.
func readToken(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the admin token: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, tokenLenMax+2)) // a newline may follow
	if err != nil {
		return nil, fmt.Errorf("read the admin token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	switch {
	case len(token) < tokenLenMin:
		return nil, fmt.Errorf("read the admin token: %s has %d bytes, fewer than %d (openssl rand -hex 32 makes a good one)", path, len(token), tokenLenMin)
	case len(token) > tokenLenMax:
		return nil, fmt.Errorf("read the admin token: %s has more than %d bytes", path, tokenLenMax)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fmt.Errorf("read the admin token: %s has more than one word of printable ASCII", path)
	}
	return []byte(token), nil
}

// gate decides what a listener lets through.
type gate struct {
	access  *Access
	machine string // its name, in lower case
	socket  bool   // a Unix socket: the file's mode says who may
	exposed bool   // other machines may reach it
}

func newGate(access *Access, socket, exposed bool) *gate {
	g := &gate{access: access, socket: socket, exposed: exposed}
	if name, err := os.Hostname(); err == nil {
		g.machine = strings.ToLower(name)
	}
	return g
}

// reads lets a request through that may read.
func (g *gate) reads(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code, err := g.mayRead(r); err != nil {
			refuse(w, code, err)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// mayRead tells why a request may not read. A page whose name a stranger turned to this address may not; whoever brings the token is no such page.
func (g *gate) mayRead(r *http.Request) (code int, err error) {
	if g.socket || g.proven(r) {
		return 0, nil
	}
	if err := g.named(r); err != nil {
		return http.StatusForbidden, err
	}
	if g.exposed || g.access.now().Reads {
		return g.trusted(r)
	}
	return 0, nil
}

// changes lets a request through that may change something.
func (g *gate) changes(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code, err := g.admits(r); err != nil {
			refuse(w, code, err)
			return
		}
		if g.socket {
			r.RemoteAddr = "the admin socket" // which has no address to tell who it was
		}
		handler.ServeHTTP(w, r)
	})
}

// admits tells why a request may not change anything.
func (g *gate) admits(r *http.Request) (code int, err error) {
	if err := g.named(r); err != nil && !g.proven(r) {
		return http.StatusForbidden, err
	}
	if code, err := ours(r); err != nil {
		return code, err
	}
	return g.trusted(r)
}

// refuse answers a request that is not let through. Nobody waits for the rest of its body.
func refuse(w http.ResponseWriter, code int, err error) {
	w.Header().Set("Connection", "close")
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="signpost"`)
	}
	reply.Refuse(w, code, err.Error())
}

// named refuses requests that call the server by a name which is not its own, or come from a page of such a place.
func (g *gate) named(r *http.Request) error {
	if g.socket {
		return nil // no browser opens it
	}
	if r.Host != "" && !g.own(hostOf(r.Host)) {
		return fmt.Errorf("%q is no name of this server; admin-hosts in signpost.yaml allows more", r.Host)
	}
	if raw := r.Header.Get("Origin"); raw != "" {
		if origin, err := url.Parse(raw); err != nil || !g.own(origin.Hostname()) {
			return fmt.Errorf("pages of %s may not ask", raw)
		}
	}
	return nil
}

// hostOf cuts the port off a Host header.
func hostOf(raw string) string {
	if host, _, err := net.SplitHostPort(raw); err == nil {
		return host
	}
	return strings.Trim(raw, "[]")
}

// own tells whether host is an address or a name of this server.
func (g *gate) own(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || host != "" && host == g.machine {
		return true
	}
	return slices.Contains(g.access.now().Hosts, host)
}

// proven tells whether a request brings the token that there is.
func (g *gate) proven(r *http.Request) bool {
	tokenFile := g.access.now().TokenFile
	if tokenFile == "" || r.Header.Get("Authorization") == "" {
		return false
	}
	token, err := readToken(tokenFile)
	return err == nil && bears(r, token)
}

// trusted refuses who does not bring the token where one is asked for.
func (g *gate) trusted(r *http.Request) (code int, err error) {
	if g.socket {
		return 0, nil
	}
	rules := g.access.now()
	if rules.TokenFile == "" {
		if g.exposed {
			return http.StatusForbidden, errors.New("other machines can reach this address, so there is nothing here without a token but /healthz, /readyz and /metrics: " +
				"set admin-token-file in signpost.yaml, or use admin-socket")
		}
		if rules.Reads {
			return http.StatusForbidden, errors.New("admin-token-reads asks for a token, and there is none: set admin-token-file in signpost.yaml, or use admin-socket")
		}
		return 0, nil
	}
	token, err := readToken(rules.TokenFile)
	if err != nil {
		return http.StatusServiceUnavailable, err
	}
	if !bears(r, token) {
		return http.StatusUnauthorized, errors.New("the admin token is needed (Authorization: Bearer …; --admin-token-file FILE or SIGNPOST_ADMIN_TOKEN on the command line)")
	}
	return 0, nil
}

// bears tells whether a request brings the token. How long that takes says nothing about the token.
func bears(r *http.Request, token []byte) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256(token), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// ours refuses what a page of another site may have a browser send. Such a page can send no JSON without asking first, and says where it is from.
// A page whose name was turned to this address is from the same place as its requests: named refuses it.
func ours(r *http.Request) (code int, err error) {
	empty := r.ContentLength == 0 && r.Header.Get("Content-Type") == ""
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); !empty && (err != nil || kind != "application/json") {
		return http.StatusUnsupportedMediaType, errors.New("a body must be JSON, and say so (Content-Type: application/json)")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return http.StatusForbidden, errors.New("pages of other sites may not change anything")
	}
	raw := r.Header.Get("Origin")
	if raw == "" {
		return 0, nil
	}
	if origin, err := url.Parse(raw); err != nil || origin.Host != r.Host {
		return http.StatusForbidden, fmt.Errorf("pages of %s may not change anything", raw)
	}
	return 0, nil
}
