// Package reply writes what the routes of the admin server answer, which no cache keeps and no browser takes for something else, and the JSON that
// commands print.
//
// Plane: control. Floor: 0. Journey of an edit: step 4, where the outcome is reported.
package reply

import (
	"encoding/json"
	"io"
	"net/http"
)

// Refusal is what a request gets that makes no sense.
type Refusal struct {
	Error string `json:"error"`
}

// Refuse answers with a Refusal.
func Refuse(w http.ResponseWriter, code int, text string) { JSON(w, code, Refusal{text}) }

// JSON answers with one value.
func JSON(w http.ResponseWriter, code int, value any) {
	begin(w, code, "application/json")
	_ = WriteJSON(w, value) // an error means that the client went away
}

// Send answers with body as it is.
func Send(w http.ResponseWriter, code int, contentType string, body []byte) {
	begin(w, code, contentType)
	_, _ = w.Write(body)
}

func begin(w http.ResponseWriter, code int, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
}

// WriteJSON writes one value for programs, indented for those who look.
func WriteJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
