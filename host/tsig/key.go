// Package tsig proves who a query is from by a secret that both sides know, and signs the responses to it (RFC 8945).
//
// Plane: data. Floor: 2. Journey of a query: behind step 2 (Session.Check) and step 5 (Session.Sign).
// A worker owns one Session. Queries without TSIG cost nothing here; those with one allocate nothing once their key was used.
package tsig

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"signpost/host/config"
)

// macLenMax is the longest MAC, that of SHA-512.
const macLenMax = 64

// algorithm is one of RFC 8945 section 6. MD5 is not among them.
type algorithm struct {
	name string // on the wire
	new  func() hash.Hash
	len  int // of its MAC
}

// algorithms are those that keys may have, by their names in signpost.yaml.
var algorithms = map[string]*algorithm{
	"hmac-sha1":   {"\x09hmac-sha1\x00", sha1.New, sha1.Size},
	"hmac-sha256": {"\x0bhmac-sha256\x00", sha256.New, sha256.Size},
	"hmac-sha384": {"\x0bhmac-sha384\x00", sha512.New384, sha512.Size384},
	"hmac-sha512": {"\x0bhmac-sha512\x00", sha512.New, sha512.Size},
}

// key is one secret.
type key struct {
	text      string // its name as config.Key has it
	name      []byte // on the wire, in lower case
	algorithm *algorithm
	secret    []byte
}

// Keys are all keys of one configuration. They are immutable and shared by all workers.
type Keys struct {
	list   []key
	byName map[string]int // by name on the wire: number
}

// NewKeys takes the keys of a configuration.
func NewKeys(list []config.Key) *Keys {
	k := &Keys{byName: make(map[string]int, len(list))}
	for _, one := range list {
		name := wireName(one.Name)
		k.list = append(k.list, key{one.Name, name, algorithms[one.Algorithm], one.Secret})
		k.byName[string(name)] = len(k.list)
	}
	return k
}

// Number is the number of the key of that name, as config.Key has it: 1 for the first one; 0 if there is none.
func (k *Keys) Number(name string) int { return k.byName[string(wireName(name))] }

// Name is the name of the key of a number that is not 0, as config.Key has it.
func (k *Keys) Name(number int) string { return k.list[number-1].text }

// newMAC makes what signs with the key of a number.
func (k *Keys) newMAC(number int) hash.Hash {
	one := &k.list[number-1]
	return hmac.New(one.algorithm.new, one.secret)
}

// wireName is a name as config.Key has it, on the wire.
func wireName(text string) []byte {
	name := append([]byte{0}, text...)
	label := 0
	for i := 1; i < len(name); i++ {
		if name[i] == '.' {
			name[label], name[i] = byte(i-label-1), 0
			label = i
		}
	}
	return name
}
