package config

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/diag"
	"signpost/sdk/abi"
)

// scalar returns the text of a single value as it was written, without quotes.
func (p *parser) scalar(v value, wants string) (string, bool) {
	switch v.node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.node.GetToken().Value, true
	case *ast.NullNode:
		p.diags.Errorf(v.pos, "%s has no value; write %s, or leave the line out for the default", v.key, wants)
	default:
		p.diags.Errorf(v.pos, "%s wants %s, got %s", v.key, wants, describe(v.node))
	}
	return "", false
}

// items returns the values of a list; a single value is a list of one.
func (p *parser) items(v value, wants string) []value {
	list, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if _, ok := p.scalar(v, "a list of "+wants); ok {
			return []value{v}
		}
		return nil
	}
	var items []value
	for _, node := range list.Values {
		items = append(items, p.resolve(value{node: node, key: v.key, pos: p.yaml.At(node.GetToken())}))
	}
	return items
}

// number reads a decimal integer from..to.
func number(from, to int, field func(*parser, string) *int) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "a number")
		if !ok {
			return
		}
		n, err := strconv.Atoi(strings.ReplaceAll(raw, "_", ""))
		switch {
		case err != nil && !isDigits(raw):
			p.diags.Errorf(v.pos, "%s: %q is not a whole number", v.key, raw)
		case err != nil || n < from || n > to:
			p.diags.Errorf(v.pos, "%s: %s is outside %d..%d", v.key, raw, from, to)
		default:
			*field(p, name) = n
		}
	}
}

func isDigits(raw string) bool {
	return raw != "" && strings.Trim(strings.TrimPrefix(raw, "-"), "0123456789") == ""
}

// percent reads "5%" or "5", from 0 to most.
func percent(most int, field func(*parser, string) *int) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "a percentage")
		if !ok {
			return
		}
		digits := strings.TrimSuffix(raw, "%")
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil && !isDigits(digits):
			p.diags.Errorf(v.pos, "%s: %q is not a percentage such as 5%%", v.key, raw)
		case err != nil || n < 0 || n > most:
			p.diags.Errorf(v.pos, "%s: %s is outside 0%%..%d%%", v.key, raw, most)
		default:
			*field(p, name) = n
		}
	}
}

// bound reads a number with or without fraction.
func bound(field func(*parser, string) **float64) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "a number")
		if !ok {
			return
		}
		n, err := strconv.ParseFloat(raw, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			p.diags.Errorf(v.pos, "%s: %q is not a number such as 0.5", v.key, raw)
			return
		}
		*field(p, name) = &n
	}
}

func boolean(field func(*parser, string) *bool) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "true or false")
		if !ok {
			return
		}
		switch strings.ToLower(raw) {
		case "true", "on", "yes":
			*field(p, name) = true
		case "false", "off", "no":
			*field(p, name) = false
		default:
			p.diags.Errorf(v.pos, "%s: %q is neither true nor false", v.key, raw)
		}
	}
}

func oneOf(field func(*parser, string) *string, words ...string) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, strings.Join(words, " or "))
		if !ok {
			return
		}
		for _, word := range words {
			if raw == word {
				*field(p, name) = word
				return
			}
		}
		p.diags.Errorf(v.pos, "%s: %q is not %s%s", v.key, raw, strings.Join(words, " or "), diag.DidYouMean(raw, words))
	}
}

// textMax is the longest character-string of a TXT record (RFC 1035 section 3.3).
const textMax = 255

func text(field func(*parser, string) *string) setter { return textUpTo(textMax, field) }

// textUpTo reads a text of so many bytes at most. It is not in the messages: some are secrets.
func textUpTo(lenMax int, field func(*parser, string) *string) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "a text")
		switch {
		case !ok:
		case raw == "":
			p.diags.Errorf(v.pos, "%s is empty; leave it out for none", v.key)
		case len(raw) > lenMax:
			p.diags.Errorf(v.pos, "%s has %d bytes, more than %d", v.key, len(raw), lenMax)
		default:
			*field(p, name) = raw
		}
	}
}

func setNSID(p *parser, name string, v value) {
	var raw string
	text(func(*parser, string) *string { return &raw })(p, name, v)
	if digits, isHex := strings.CutPrefix(raw, "0x"); isHex {
		decoded, err := hex.DecodeString(digits)
		if err != nil || len(decoded) == 0 {
			p.diags.Errorf(v.pos, "%s: %q is not 0x and pairs of hex digits", v.key, raw)
			return
		}
		raw = string(decoded)
	}
	p.config.NSID = raw
}

// duration reads "90s", "1m30s", "500ms".
func duration(from, to time.Duration, field func(*parser, string) *time.Duration) setter {
	return func(p *parser, name string, v value) {
		if d, ok := p.duration(v, from, to); ok {
			*field(p, name) = d
		}
	}
}

func (p *parser) duration(v value, from, to time.Duration) (time.Duration, bool) {
	raw, ok := p.scalar(v, "a duration")
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(raw)
	switch {
	case isDigits(raw):
		p.diags.Errorf(v.pos, "%s: %s has no unit (did you mean %ss?)", v.key, raw, raw)
	case err != nil:
		p.diags.Errorf(v.pos, "%s: %q is not a duration such as 500ms, 10s or 1m30s", v.key, raw)
	case d < from || d > to:
		p.diags.Errorf(v.pos, "%s: %s is outside %s..%s", v.key, raw, abi.DurationText(from), abi.DurationText(to))
	default:
		return d, true
	}
	return 0, false
}

func setWindow(p *parser, _ string, v value) {
	d, ok := p.duration(v, time.Second, time.Hour)
	if ok && d%time.Second != 0 {
		p.diags.Errorf(v.pos, "%s: %s is not whole seconds", v.key, d)
	} else if ok {
		p.config.RateLimit.WindowSeconds = int(d / time.Second)
	}
}

// prefixes reads a list of prefixes; a bare address is a prefix of its own.
func prefixes(field func(*parser, string) *[]netip.Prefix) setter {
	return func(p *parser, name string, v value) {
		*field(p, name) = p.prefixes(v)
	}
}

func (p *parser) prefixes(v value) []netip.Prefix {
	var out []netip.Prefix
	for _, item := range p.items(v, "prefixes") {
		raw, ok := p.scalar(item, "a prefix")
		if !ok {
			continue
		}
		prefix, ok := p.prefix(raw, item)
		if ok && p.once(v.key+" prefix "+prefix.String(), item.pos, v.key+" "+prefix.String()) {
			out = append(out, prefix)
		}
	}
	return out
}

func (p *parser) prefix(raw string, v value) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(raw)
	if err != nil {
		addr, addrErr := netip.ParseAddr(raw)
		if addrErr != nil || addr.Zone() != "" {
			p.diags.Errorf(v.pos, "%s: %q is not a prefix such as 192.0.2.0/24 or 2001:db8::/32", v.key, raw)
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	switch {
	case prefix.Addr().Is4In6():
		p.diags.Errorf(v.pos, "%s: %s is an IPv4-mapped address; write it as IPv4", v.key, raw)
	case prefix != prefix.Masked():
		p.diags.Errorf(v.pos, "%s: %s has bits set behind the prefix (did you mean %s or %s?)", v.key, raw,
			prefix.Masked(), netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen()))
	default:
		return prefix, true
	}
	return netip.Prefix{}, false
}

func setSecrets(p *parser, _ string, v value) {
	for _, item := range p.items(v, "secrets") {
		raw, ok := p.scalar(item, "32 hex digits")
		if !ok {
			continue
		}
		decoded, err := hex.DecodeString(raw)
		if err != nil || len(decoded) != 16 {
			// The value stays out of the message: diagnostics go to logs and to /readyz.
			p.diags.Errorf(item.pos, "%s: the secret is not 32 hex digits (128 bits); \"openssl rand -hex 16\" makes one", v.key)
			continue
		}
		if p.once(v.key+" secret "+string(decoded), item.pos, "secret in "+v.key) {
			p.config.Cookies.Secrets = append(p.config.Cookies.Secrets, [16]byte(decoded))
		}
	}
}

func setSHA256(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "64 hex digits")
	if !ok {
		return
	}
	decoded, err := hex.DecodeString(raw)
	if err != nil || len(decoded) != 32 {
		p.diags.Errorf(v.pos, "%s: %q is not 64 hex digits", v.key, raw)
		return
	}
	p.plugins[name].SHA256 = strings.ToLower(raw)
	p.plugins[name].SHA256Pos = v.pos
}

// wasmPageLen is the unit in which Wasm memory grows.
const wasmPageLen = 64 << 10

// sizeUnits are tried in order, so the longer suffixes stand first.
var sizeUnits = []struct {
	suffix string
	bytes  int
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

func setMemory(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a size")
	if !ok {
		return
	}
	digits, unit := raw, 1
	for _, u := range sizeUnits {
		if rest, has := strings.CutSuffix(raw, u.suffix); has {
			digits, unit = strings.TrimSpace(rest), u.bytes
		}
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	switch {
	case err != nil && !isDigits(digits):
		p.diags.Errorf(v.pos, "%s: %q is not a size such as 512KiB or 16MiB", v.key, raw)
	case err != nil || n*uint64(unit) < wasmPageLen || n*uint64(unit) > 1<<30:
		p.diags.Errorf(v.pos, "%s: %s is outside 64KiB..1GiB", v.key, raw)
	case n*uint64(unit)%wasmPageLen != 0:
		pages := n*uint64(unit)/wasmPageLen + 1
		p.diags.Errorf(v.pos, "%s: %s is not whole pages of 64KiB (did you mean %dKiB?)", v.key, raw, pages*64)
	default:
		p.plugins[name].Memory = int(n) * unit
	}
}
