package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/reply"
)

// adminWait bounds the wait for a running server. Starting instances of slow plugins takes seconds at worst.
const adminWait = 30 * time.Second

// adminLenMax bounds what is read of its answer.
const adminLenMax = 256 << 20

// errAbsent is the error of a question to an admin address that nobody listens at.
var errAbsent = errors.New("nothing listens")

// tokenVariable is the environment variable with the admin token.
const tokenVariable = "SIGNPOST_ADMIN_TOKEN"

// adminFlags say which running server a command asks, and with what token.
type adminFlags struct{ addr, tokenFile string }

// add has the command take the flags. Without --admin addr is fallback.
func (f *adminFlags) add(command *cobra.Command, fallback, usage string) {
	set := command.Flags()
	set.StringVar(&f.addr, "admin", fallback, usage+" `ADDR`, or unix: and the path of its socket")
	set.StringVar(&f.tokenFile, "admin-token-file", "", "bring the token of `FILE`; else that of "+tokenVariable+", if there is one")
	_ = command.RegisterFlagCompletionFunc("admin", cobra.NoFileCompletions)
}

// parse checks --admin.
func (f *adminFlags) parse() error {
	if path, unix := strings.CutPrefix(f.addr, config.SocketScheme); unix {
		if path == "" {
			return fmt.Errorf("--admin: %q has no path", f.addr)
		}
		return nil
	}
	addr, err := config.ParseAdmin(f.addr)
	if err == nil && addr == "" {
		err = fmt.Errorf("%q is no address", f.addr)
	}
	if err != nil {
		return fmt.Errorf("--admin: %w", err)
	}
	f.addr = addr
	return nil
}

// token is what to bring; "" is nothing.
func (f *adminFlags) token() (string, error) {
	if f.tokenFile == "" {
		return os.Getenv(tokenVariable), nil
	}
	text, err := os.ReadFile(f.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--admin-token-file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ask sends one request to the server and returns the JSON of its answer. The error is the server's own word if it refuses.
func (f *adminFlags) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	host, transport := f.addr, &http.Transport{DisableKeepAlives: true}
	if file, unix := strings.CutPrefix(f.addr, config.SocketScheme); unix {
		host = "socket"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", file)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Transport: transport}).Do(request)
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return nil, fmt.Errorf("%w at %s (%w): is the server running, with this admin address?", errAbsent, f.addr, dial.Err)
	} else if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, adminLenMax))
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		var refusal reply.Refusal
		if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
			return nil, fmt.Errorf("%s: %s", request.URL, diag.OneLine(response.Status))
		}
		return nil, errors.New(diag.OneLine(refusal.Error))
	}
	return text, nil
}
