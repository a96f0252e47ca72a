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
	"time"

	"signpost/host/admin"
	"signpost/host/config"
)

// adminWait bounds the wait for a running server. Starting instances of slow plugins takes seconds at worst.
const adminWait = 30 * time.Second

// adminLenMax bounds what is read of its answer.
const adminLenMax = 256 << 20

// errAbsent is the error of a question to an admin address that nobody listens at.
var errAbsent = errors.New("nothing listens")

// parseAdmin reads the value of --admin.
func parseAdmin(raw string) (string, error) {
	addr, err := config.ParseAdmin(raw)
	if err == nil && addr == "" {
		err = fmt.Errorf("%q is no address", raw)
	}
	if err != nil {
		return "", fmt.Errorf("--admin: %w", err)
	}
	return addr, nil
}

// askAdmin sends one request to the server whose admin address is addr and returns the JSON of its answer. The error is the server's own word if
// it refuses.
func askAdmin(ctx context.Context, addr, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return nil, fmt.Errorf("%w at %s (%w): is the server running, with this admin address?", errAbsent, addr, dial.Err)
	} else if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, adminLenMax))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		var refusal admin.Refusal
		if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
			return nil, fmt.Errorf("%s: %s", request.URL, response.Status)
		}
		return nil, errors.New(refusal.Error)
	}
	return text, nil
}
