package config

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"signpost/host/diag"
)

// Key is a secret that the server shares with clients, for TSIG (RFC 8945).
type Key struct {
	Name       string // in lower case, with the last dot
	Pos        diag.Pos
	Algorithm  string // one of KeyAlgorithms
	Secret     []byte // of a SecretFile: what the loader read
	SecretFile File   // where the secret stands; "": in signpost.yaml itself
}

// KeyAlgorithms are the algorithms of keys; the first one is the default.
var KeyAlgorithms = []string{"hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha1"}

// Bounds of keys. A response has room for a name of keyNameMax bytes beside the longest question and MAC.
const (
	keyNameMax    = 63
	keysMax       = 256
	secretLenMin  = 16
	secretLenMax  = 1024
	secretExample = `"openssl rand -base64 32" makes one`
)

// ParseSecret reads the text of a secret, in signpost.yaml or a file of its own. The error does not have it.
func ParseSecret(text string) ([]byte, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the secret is not base64; %s", secretExample)
	case len(secret) < secretLenMin || len(secret) > secretLenMax:
		return nil, fmt.Errorf("the secret has %d bytes and not %d..%d; %s", len(secret), secretLenMin, secretLenMax, secretExample)
	}
	return secret, nil
}

// isKeyName tells whether a key may have the name, with or without its last dot.
func isKeyName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if len(name) > keyNameMax-2 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// KeyName is the one spelling of a key's name: in lower case, with the last dot.
func KeyName(raw string) string { return strings.ToLower(strings.TrimSuffix(raw, ".")) + "." }

func openKey(p *parser, name string, where value) {
	if p.once("key "+KeyName(name), where.pos, where.key) {
		p.config.Keys = append(p.config.Keys, Key{Name: KeyName(name), Pos: where.pos, Algorithm: KeyAlgorithms[0]})
	}
}

// ofKey is a setting of the key that a path's * stands for.
func ofKey[T any](field func(*Key) *T) func(*parser, string) *T {
	return func(p *parser, name string) *T { return field(p.key(name)) }
}

func (p *parser) key(name string) *Key {
	return &p.config.Keys[slices.IndexFunc(p.config.Keys, func(k Key) bool { return k.Name == KeyName(name) })]
}

func setSecret(p *parser, name string, v value) {
	p.seen["key "+KeyName(name)+" said"] = v.pos
	raw, ok := p.scalar(v, "a secret in base64")
	if !ok {
		return
	}
	secret, err := ParseSecret(raw)
	if err != nil {
		p.diags.Errorf(v.pos, "%s: %v", v.key, err)
		return
	}
	p.key(name).Secret = secret
}

func setViewKey(p *parser, name string, v value) {
	items := p.items(v, "keys")
	for _, item := range items {
		raw, ok := p.scalar(item, "the name of a key")
		if ok && p.once(v.key+" key "+KeyName(raw), item.pos, v.key+" "+printable(raw)) {
			view := p.view(name)
			view.Keys = append(view.Keys, KeyName(raw))
			p.viewKeys = append(p.viewKeys, viewKey{v.key, raw, item.pos})
		}
	}
	if len(items) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for everybody", v.key)
	}
}

// viewKey is a key that a view names.
type viewKey struct {
	key, name string
	pos       diag.Pos
}

// finishKeys finds keys without a secret, or with two, and views of keys that are not there.
func (p *parser) finishKeys() {
	if len(p.config.Keys) > keysMax {
		p.diags.Errorf(p.config.Keys[keysMax].Pos, "keys has %d members, more than %d", len(p.config.Keys), keysMax)
	}
	var names []string
	for _, key := range p.config.Keys {
		names = append(names, strings.TrimSuffix(key.Name, "."))
		_, said := p.seen["key "+key.Name+" said"]
		switch {
		case key.Secret != nil && key.SecretFile.Path != "":
			p.diags.Errorf(key.SecretFile.Pos, "%s has both a secret and a secret-file; keep one of them", "keys."+strings.TrimSuffix(key.Name, "."))
		case key.Secret == nil && key.SecretFile.Path == "" && !said:
			p.diags.Errorf(key.Pos, "%s has neither a secret nor a secret-file; %s", "keys."+strings.TrimSuffix(key.Name, "."), secretExample)
		}
	}
	for _, v := range p.viewKeys {
		if !slices.Contains(names, strings.TrimSuffix(KeyName(v.name), ".")) {
			p.diags.Errorf(v.pos, "%s: no key %q%s", v.key, printable(v.name), diag.DidYouMean(v.name, names))
		}
	}
}
