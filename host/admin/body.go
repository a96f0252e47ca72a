package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// bodyLenMax bounds what a client can say.
const bodyLenMax = 16 << 10

// whole has a handler begin when all of its request is there: whoever sends it slowly takes no place meanwhile, and is the first whose connection
// makes room for others.
func whole(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLenMax))
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is longer than %d bytes", bodyLenMax))
		case err != nil:
			refuse(w, http.StatusBadRequest, fmt.Errorf("read the body: %w", err))
		default:
			if m := memberOf(r); m != nil {
				m.answered(true)
				defer m.answered(false)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			handler.ServeHTTP(w, r)
		}
	})
}
