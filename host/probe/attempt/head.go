package attempt

import (
	"bufio"
	"bytes"
	"errors"
	"math"
)

const (
	// headMax is how long the head of a response may be, interim ones included.
	headMax = 64 << 10
	// interimMax is how many interim responses (1xx) may come before the response.
	interimMax = 5
	// windowLen is what a reader holds at a time. Of a longer line only the beginning is looked at.
	windowLen = 4096
)

var (
	errNotHTTP   = errors.New("not HTTP")
	errMalformed = errors.New("malformed head")
	errLongHead  = errors.New("head longer than 64 KiB")
)

// unsaid is the length of a body that ends where the connection does.
const unsaid = -1

// head is what a check wants to know of a response's status line and header.
type head struct {
	status  int
	length  int64 // of the body; or unsaid
	chunked bool  // the body comes in chunks, and length says nothing
}

// bodiless reports whether a response has no body whatever its header says.
func (h head) bodiless(method string) bool {
	return method == "HEAD" || h.status == 204 || h.status == 304 || !h.chunked && h.length == 0
}

// readHead reads the head of a response, and interim responses before it.
func readHead(r *bufio.Reader) (head, error) {
	room := headMax
	for range interimMax + 1 {
		h, err := readOneHead(r, &room)
		if err != nil || h.status >= 200 || h.status == 101 {
			return h, err
		}
	}
	return head{}, errLongHead
}

// readOneHead reads a status line and the fields up to the empty line. room is what may still come.
func readOneHead(r *bufio.Reader, room *int) (head, error) {
	raw, _, err := readLine(r, room)
	if err != nil {
		return head{}, err
	}
	h := head{length: unsaid}
	if h.status = status(raw); h.status == 0 {
		return head{}, errNotHTTP
	}
	for first := true; ; first = false {
		raw, cut, err := readLine(r, room)
		if err != nil {
			return head{}, err
		}
		if len(raw) == 0 && !cut {
			break
		}
		if raw[0] == ' ' || raw[0] == '\t' { // a field that goes on (RFC 9112 §5.2); none that counts here is written so
			if first {
				return head{}, errMalformed
			}
			continue
		}
		if err := h.field(raw, cut); err != nil {
			return head{}, err
		}
	}
	if h.chunked {
		h.length = unsaid // RFC 9112 §6.3: chunks win
	}
	return h, nil
}

// status reads a status line: "HTTP/1.1 200 OK". 0: it is none.
func status(raw []byte) int {
	const before = len("HTTP/1.1 ")
	if len(raw) < before+3 || string(raw[:7]) != "HTTP/1." || raw[7] < '0' || raw[7] > '9' || raw[8] != ' ' || len(raw) > before+3 && raw[before+3] != ' ' {
		return 0
	}
	number := 0
	for _, digit := range raw[before : before+3] {
		if digit < '0' || digit > '9' {
			return 0
		}
		number = 10*number + int(digit-'0')
	}
	if number < 100 {
		return 0
	}
	return number
}

// field notes what a field says of the body.
func (h *head) field(raw []byte, cut bool) error {
	name, value, ok := bytes.Cut(raw, []byte(":"))
	if !ok || !token(bytes.TrimRight(name, " \t")) { // a space before the colon makes it another field, as for net/http
		return errMalformed
	}
	switch {
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		length, ok := decimal(bytes.Trim(value, " \t"))
		if !ok || cut || h.length != unsaid && h.length != length {
			return errMalformed
		}
		h.length = length
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if cut {
			return errMalformed
		}
		codings := bytes.Split(value, []byte(","))
		h.chunked = bytes.EqualFold(bytes.Trim(codings[len(codings)-1], " \t"), []byte("chunked")) // the last coding says where it ends
	}
	return nil
}

// readLine reads a line without its end, and tells whether it is only the beginning of one. The line is valid until r is read again.
func readLine(r *bufio.Reader, room *int) (raw []byte, cut bool, err error) {
	raw, err = r.ReadSlice('\n')
	if *room -= len(raw); *room < 0 {
		return nil, false, errLongHead
	}
	switch {
	case err == nil:
		return bytes.TrimSuffix(raw[:len(raw)-1], []byte("\r")), false, nil
	case !errors.Is(err, bufio.ErrBufferFull):
		return nil, false, err
	}
	kept := bytes.Clone(raw[:256]) // enough for a name and for any number
	for errors.Is(err, bufio.ErrBufferFull) {
		raw, err = r.ReadSlice('\n')
		if *room -= len(raw); *room < 0 {
			return nil, false, errLongHead
		}
	}
	return kept, true, err
}

// token reports whether a name may be that of a field.
func token(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`"(),/:;<=>?@[\]{}`), c) >= 0 {
			return false
		}
	}
	return len(name) > 0
}

// decimal reads a number of digits only.
func decimal(raw []byte) (number int64, ok bool) {
	for _, digit := range raw {
		if digit < '0' || digit > '9' || number > (math.MaxInt64-9)/10 {
			return 0, false
		}
		number = 10*number + int64(digit-'0')
	}
	return number, len(raw) > 0
}
