package compile

// blockLen is how many elements one block holds. It is more than the longest record data (65,535 bytes).
const blockLen = 1 << 17

// blocks is an append-only list. The first block grows as a slice does, so a small zone stays small; the others are never
// copied, so a large one leaves little garbage. The zero value is empty.
type blocks[T any] struct {
	list  [][]T
	count int // one more than the last index
}

// room makes sure that the last block takes n more elements.
func (b *blocks[T]) room(n int) {
	last := len(b.list) - 1
	switch {
	case last < 0:
		b.list = append(b.list, nil)
	case len(b.list[last])+n > blockLen:
		b.list = append(b.list, make([]T, 0, blockLen))
	}
}

// push appends one element and returns its index.
func (b *blocks[T]) push(v T) uint32 {
	b.room(1)
	last := len(b.list) - 1
	b.list[last] = append(b.list[last], v)
	b.count = last*blockLen + len(b.list[last])
	return uint32(b.count - 1)
}

// append copies values to consecutive places of one block and returns the first index.
func (b *blocks[T]) append(values []T) uint32 {
	b.room(len(values))
	last := len(b.list) - 1
	at := last*blockLen + len(b.list[last])
	b.list[last] = append(b.list[last], values...)
	b.count = at + len(values)
	return uint32(at)
}

// at is the element of an index, valid until the next push.
func (b *blocks[T]) at(i uint32) *T { return &b.list[i/blockLen][i%blockLen] }

// slice is length elements from an index that append returned.
func (b *blocks[T]) slice(at uint32, length int) []T {
	if length == 0 {
		return nil
	}
	return b.list[at/blockLen][at%blockLen:][:length:length]
}
