package plugin

import (
	"slices"
	"strconv"
	"strings"

	"signpost/host/diag"
	"signpost/host/policy"
)

// hostKey reads a key of candidate i that belongs to the host, whatever the plugins are. It is false for other keys.
func (r *routing) hostKey(i int, attr policy.Attr) bool {
	switch attr.Key {
	case keyTargetHealth:
		r.targetHealth(i, attr)
		return true
	case keyOnAllDown, keyPanicThreshold, keyMinTTL:
	default:
		return false
	}
	if !r.agreed(attr) {
		return true
	}
	switch attr.Key {
	case keyOnAllDown:
		r.onAllDown(attr)
	case keyPanicThreshold:
		if n, ok := r.number(attr, 100); ok {
			r.policy.PanicThreshold = uint8(n)
		}
	case keyMinTTL:
		r.minTTL(attr)
	}
	return true
}

// agreed tells whether no other candidate says something else with a key that is one for all of them.
func (r *routing) agreed(attr policy.Attr) bool {
	earlier, said := r.common[attr.Key]
	if said && earlier.Value != attr.Value {
		r.diags.Errorf(attr.ValuePos, "%s %q differs from %q on %s: it is one for all candidates of a name and type",
			attr.Key, attr.Value, earlier.Value, line(earlier.KeyPos, attr.KeyPos))
		return false
	}
	if r.common == nil {
		r.common = map[string]policy.Attr{}
	}
	r.common[attr.Key] = attr
	return !said
}

func (r *routing) number(attr policy.Attr, most uint64) (n uint64, ok bool) {
	n, err := strconv.ParseUint(attr.Value, 10, 32)
	if err != nil || n > most {
		r.diags.Errorf(attr.ValuePos, "%s %q is not a number from 0 to %d", attr.Key, attr.Value, most)
		return 0, false
	}
	return n, true
}

// ttlMax is the longest TTL (RFC 2181 section 8).
const ttlMax = 1<<31 - 1

// minTTL notes how far health may lower the TTL of answers.
func (r *routing) minTTL(attr policy.Attr) {
	n, ok := r.number(attr, ttlMax)
	if !ok {
		return
	}
	if n > uint64(r.spec.TTL) {
		r.diags.Warnf(attr.ValuePos, "%s %d is more than the TTL of the records, which is %d: it has no effect", attr.Key, n, r.spec.TTL)
	}
	r.policy.MinTTL = uint32(n)
}

// defaultMinTTL is half of the TTL, as in gdnsd.
func defaultMinTTL(ttl uint32) uint32 { return ttl/2 + ttl%2 }

func (r *routing) onAllDown(attr policy.Attr) {
	words := policy.OnAllDownWords[:]
	i := slices.Index(words, attr.Value)
	if i < 0 {
		r.diags.Errorf(attr.ValuePos, "%s %q is not one of %s%s", keyOnAllDown, attr.Value, strings.Join(words, ", "), diag.DidYouMean(attr.Value, words))
		return
	}
	r.policy.OnAllDown = policy.OnAllDown(i)
}

// targetHealth notes whether candidate i is only up while the name that it leads to is.
func (r *routing) targetHealth(i int, attr policy.Attr) {
	switch {
	case r.policy.Targets == nil:
		r.diags.Errorf(attr.KeyPos, "%s is for ALIAS and CNAME, whose candidates lead to other names", keyTargetHealth)
	case attr.Value == "yes":
		r.policy.Targets[i] = policy.TargetCounts
	case attr.Value == "no":
		r.policy.Targets[i] = policy.TargetIgnored
	default:
		r.diags.Errorf(attr.ValuePos, "%s %q is not one of yes, no", keyTargetHealth, attr.Value)
	}
}
