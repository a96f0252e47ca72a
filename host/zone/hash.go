package zone

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"signpost/host/wire"
)

// hashKey is an odd number with no pattern (the fraction of the golden ratio); multiplied to 128 bits and folded it mixes
// every input bit into every output bit.
const hashKey = 0x9E3779B97F4A7C15

// seed differs in each process, so that nobody can write names that collide. It is a constant in all but name.
var seed = rand.Uint64()

func mix(h, chunk uint64) uint64 {
	hi, lo := bits.Mul64(h^chunk, hashKey^h)
	return hi ^ lo
}

// hashes fills sums[r] with the hash of the last r labels of name, for r from 0 to name.Labels. Labels are hashed right to left,
// each with its length byte, eight bytes at a time, so one pass yields the hash of the name and of every ancestor.
func hashes(name *wire.Name, sums *[wire.LabelCountMax + 1]uint64) { hashesFrom(seed, name, sums) }

// hashesFrom is hashes for a name to the left of one whose hash is h.
func hashesFrom(h uint64, name *wire.Name, sums *[wire.LabelCountMax + 1]uint64) {
	sums[0] = h
	for i := name.Labels - 1; i >= 0; i-- {
		off := int(name.Off[i])
		h = hashLabel(h, name.Buf[off:], 1+int(name.Buf[off]))
		sums[name.Labels-i] = h
	}
}

// slackLen is how far past a label eight-byte loads may reach.
const slackLen = 8

// hashLabel adds one label, length bytes with its length byte, to the hash. label must reach eight bytes past its last chunk.
func hashLabel(h uint64, label []byte, length int) uint64 {
	for length > 8 {
		h = mix(h, binary.LittleEndian.Uint64(label))
		label = label[8:]
		length -= 8
	}
	return mix(h, binary.LittleEndian.Uint64(label)&(^uint64(0)>>(64-8*uint(length))))
}

// hashName hashes a whole name in wire form, lower case.
func hashName(name []byte) uint64 {
	var padded wire.Name
	var sums [wire.LabelCountMax + 1]uint64
	padded.Set(name)
	hashes(&padded, &sums)
	return sums[padded.Labels]
}
