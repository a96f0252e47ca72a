package line

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lineLenMax bounds a line; a name of 255 bytes, all escaped, and what else there is are far below it.
const lineLenMax = 16 << 10

// Bad is what of a log could not be read.
type Bad struct {
	Count int
	First error // nil: none
}

func (b *Bad) add(err error) {
	if b.Count++; b.First == nil {
		b.First = err
	}
}

// Read visits the queries of a log, which is text or dnstap: it begins with a zero byte then. response tells of a query of dnstap whether what
// it got is known; a server may write both. Parts that cannot be read are left out and counted. The error ends the reading.
func Read(r io.Reader, visit func(q *Query, response bool)) (bad Bad, err error) {
	buffered := bufio.NewReaderSize(r, lineLenMax)
	if first, err := buffered.Peek(1); err == nil && first[0] == 0 {
		return readDnstap(buffered, visit)
	}
	for number := 1; ; number++ {
		raw, err := buffered.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			bad.add(fmt.Errorf("line %d: longer than %d bytes", number, lineLenMax))
			if err := skipLine(buffered); err != nil {
				return bad, ignoreEOF(err)
			}
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(raw) == 0):
			return bad, ignoreEOF(err)
		}
		if text := bytes.TrimRight(raw, "\r\n"); len(text) > 0 && text[0] != '#' {
			if q, err := Parse(string(text)); err != nil {
				bad.add(fmt.Errorf("line %d: %w", number, err))
			} else {
				visit(&q, true)
			}
		}
	}
}

func skipLine(r *bufio.Reader) error {
	for {
		if _, err := r.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
