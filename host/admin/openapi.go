package admin

import (
	_ "embed" // for openapi.json
	"net/http"
)

// openAPI describes every route in the form of OpenAPI 3.1. The paths are written by hand; the schemas are those of the Go types, and
// "go test ./host -run OpenAPI -update" renews them.
//
//go:embed openapi.json
var openAPI []byte

func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(openAPI) // an error means that the client went away
}
