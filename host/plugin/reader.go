package plugin

import "fmt"

// reader walks the bytes of a Wasm binary. The first mistake sticks: later reads return zero and rest is empty, so that loops end.
type reader struct {
	bytes []byte // the whole module
	at    int
	end   int
	err   error
}

func (r *reader) failf(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: "+format, append([]any{r.at}, args...)...)
	}
	r.at = r.end
}

func (r *reader) more() bool { return r.at < r.end && r.err == nil }

func (r *reader) byte() byte {
	if r.at >= r.end {
		r.failf("unexpected end")
		return 0
	}
	b := r.bytes[r.at]
	r.at++
	return b
}

// take returns the next n bytes as a view.
func (r *reader) take(n int) []byte {
	if n < 0 || n > r.end-r.at {
		r.failf("unexpected end")
		return nil
	}
	view := r.bytes[r.at : r.at+n]
	r.at += n
	return view
}

// u32 reads an unsigned LEB128 of at most 32 bits.
func (r *reader) u32() uint32 {
	if r.at < r.end && r.bytes[r.at] < 0x80 {
		r.at++
		return uint32(r.bytes[r.at-1])
	}
	var value uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			break
		}
		value |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.failf("malformed number")
	return 0
}

// skipSigned passes a signed LEB128 of at most bits bits. Its value does not matter here, only its length.
func (r *reader) skipSigned(bits int) {
	for read := 0; read < bits; read += 7 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.failf("malformed number")
}

// count reads the length of a vector whose elements take at least size bytes each, so that nobody allocates for elements that are not there.
func (r *reader) count(size int) int {
	n := r.u32()
	if uint64(n)*uint64(size) > uint64(r.end-r.at) {
		r.failf("%d elements in %d bytes: the file is cut short or damaged", n, r.end-r.at)
		return 0
	}
	return int(n)
}

func (r *reader) name() string { return string(r.take(r.count(1))) }

// limits reads the limits of a table or memory; max is ^0 when there is none.
func (r *reader) limits() (low, high uint32) {
	flag := r.byte()
	if flag > 1 {
		r.failf("limits of kind %d (shared or 64-bit memory) are not allowed", flag)
	}
	low, high = r.u32(), ^uint32(0)
	if flag == 1 {
		high = r.u32()
	}
	return low, high
}

func appendU32(dst []byte, value uint32) []byte {
	for value >= 0x80 {
		dst = append(dst, byte(value)|0x80)
		value >>= 7
	}
	return append(dst, byte(value))
}

func appendS64(dst []byte, value int64) []byte {
	for {
		b := byte(value & 0x7f)
		value >>= 7
		if value == 0 && b&0x40 == 0 || value == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}
