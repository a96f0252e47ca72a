package attempt

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
)

var errChunk = errors.New("malformed chunks")

// body reads the body of a response, whichever way its end is told.
type body struct {
	from    *bufio.Reader
	chunked bool
	left    int64 // bytes to the end, or of the chunk; or unsaid
	begun   bool  // a chunk was before
	ended   bool
	room    int // for lines between chunks
}

// newBody returns the body that follows a head.
func newBody(from *bufio.Reader, h head, method string) *body {
	b := &body{from: from, chunked: h.chunked, left: h.length, ended: h.bodiless(method), room: headMax}
	if b.chunked {
		b.left = 0
	}
	return b
}

// Read reads what is there, and returns io.EOF at the body's end. io.ErrUnexpectedEOF is the end of the connection before that.
func (b *body) Read(p []byte) (int, error) {
	if b.chunked && !b.ended && b.left == 0 {
		if err := b.nextChunk(); err != nil {
			return 0, early(err)
		}
	}
	if b.ended || !b.chunked && b.left == 0 {
		return 0, io.EOF
	}
	if b.left != unsaid {
		p = p[:min(int64(len(p)), b.left)]
	}
	n, err := b.from.Read(p)
	if b.left == unsaid {
		return n, err
	}
	b.left -= int64(n)
	return n, early(err)
}

// early is the error for an end that comes before the body's.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// nextChunk reads the line that a chunk begins with. The last chunk is empty; what follows it is of no use here.
func (b *body) nextChunk() error {
	if b.begun {
		if raw, cut, err := readLine(b.from, &b.room); err != nil || cut || len(raw) > 0 {
			return cmp.Or(err, errChunk)
		}
		b.room = headMax
	}
	b.begun = true
	raw, _, err := readLine(b.from, &b.room)
	if err != nil {
		return err
	}
	raw, _, _ = bytes.Cut(raw, []byte(";"))
	length, ok := hexadecimal(bytes.TrimRight(raw, " \t"))
	if !ok {
		return errChunk
	}
	b.left, b.ended = length, length == 0
	return nil
}

// hexadecimal reads a chunk's length.
func hexadecimal(raw []byte) (number int64, ok bool) {
	if len(raw) == 0 || len(raw) > 15 {
		return 0, false
	}
	for _, c := range raw {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		number = number<<4 | int64(c)
	}
	return number, true
}
