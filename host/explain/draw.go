package explain

import (
	"slices"
	"strings"

	"signpost/host/message"
)

// draw is a decision that puts several candidates into one answer: what each of them has, so that an answer of several is known again.
type draw struct {
	size int        // how many, or all if there are not so many
	keys []string   // of the shares that the candidates are
	data [][]string // the records of each

	answers map[uint64][]int // by digest, the candidates that make it; nil until it is needed
}

// answersMax bounds the different answers of one draw.
const answersMax = 1 << 16

// add notes what one candidate is alone.
func (d *draw) add(key string, data []string) {
	d.keys, d.data = append(d.keys, key), append(d.data, data)
}

// of returns the keys of the candidates whose answer together has the digest; none if it is no answer of the draw. It is not judged when the
// draw has more answers than anybody compares.
func (d *draw) of(digest uint64) (keys []string, judged bool) {
	size := min(d.size, len(d.keys))
	if d.answers == nil && choices(len(d.keys), size) <= answersMax {
		d.answers = map[uint64][]int{}
		d.choose(make([]int, 0, size), size)
	}
	for _, i := range d.answers[digest] {
		keys = append(keys, d.keys[i])
	}
	return keys, d.answers != nil
}

// choose notes all answers of size candidates that begin with taken, whose numbers rise.
func (d *draw) choose(taken []int, size int) {
	if len(taken) == size {
		var data []string
		for _, i := range taken {
			data = append(data, d.data[i]...)
		}
		slices.Sort(data)
		d.answers[message.DigestKey(strings.Join(data, message.KeySeparator))] = slices.Clone(taken)
		return
	}
	first := 0
	if len(taken) > 0 {
		first = taken[len(taken)-1] + 1
	}
	for i := first; i < len(d.keys); i++ {
		d.choose(append(taken, i), size)
	}
}

// choices is how many ways there are to take size of count, or more than answersMax.
func choices(count, size int) int {
	ways := 1
	for i := range min(size, count-size) {
		if ways = ways * (count - i) / (i + 1); ways > answersMax {
			break
		}
	}
	return ways
}
