package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// receiverCommand is the script command "receiver NAME [STATUS…]": an HTTP server of other people. $NAME_URL is its address. It answers the first
// requests with these statuses, and all others with 200. The file NAME gets for each request a line "PATH STATUS SIGNED", then the body; SIGNED
// is whether the signature is right for the secret "s3cret": good, bad or none.
func receiverCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: receiver NAME [STATUS…]")
	}
	name, statuses := args[0], args[1:]
	file, err := os.Create(ts.MkAbs(name))
	ts.Check(err)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server went away
		}
		status := http.StatusOK
		if len(statuses) > 0 {
			fmt.Sscan(statuses[0], &status)
			statuses = statuses[1:]
		}
		fmt.Fprintf(file, "%s %d %s\n%s\n", r.URL.Path, status, signedBy("s3cret", r.Header.Get("Signpost-Signature"), body), body)
		w.WriteHeader(status)
	}))
	ts.Defer(func() {
		server.Close()
		_ = file.Close() // the script has read it
	})
	ts.Setenv(strings.ToUpper(name)+"_URL", server.URL)
}

// signedBy verifies a signature as the manual says.
func signedBy(secret, signature string, body []byte) string {
	if signature == "" {
		return "none"
	}
	stamp, sum, _ := strings.Cut(strings.TrimPrefix(signature, "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	if raw, err := hex.DecodeString(sum); err != nil || !hmac.Equal(raw, mac.Sum(nil)) {
		return "bad"
	}
	return "good"
}

// expandCommand is the script command "expand FILE": it puts the values of $NAMES into a file.
func expandCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, []byte(text), 0o644))
}
