package admin

import (
	_ "embed" // for openapi.json
	"net/http"

	"signpost/host/reply"
)

// openAPI describes every route in the form of OpenAPI 3.1. The paths are written by hand; the schemas are those of the Go types, and
// "go test ./host -run OpenAPI -update" renews them.
//
//go:embed openapi.json
var openAPI []byte

func describe(w http.ResponseWriter, _ *http.Request) {
	reply.Send(w, http.StatusOK, "application/json", openAPI)
}
