//go:build !wasip1

package abi

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// What follows converts annotations. Only hosts and native tests do that: it would double the size of a guest.

// Parse converts a value as it stands in an annotation. A message instead says what is wrong with it, to be read after the plugin's name.
func (a *Attribute) Parse(text string) (value Value, message string) {
	value.Set = true
	switch a.Type {
	case TypeInt:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil && !isRange(err) || strings.HasPrefix(text, "+") {
			return value, a.Name + " " + quote(text) + " is not a whole number" + a.rangeText(" in ")
		}
		if err != nil || !a.inRange(float64(number)) {
			return value, a.Name + " " + text + " is outside " + a.rangeText("")
		}
		value.Bits = uint64(number)
	case TypeFloat:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil && !isRange(err) || math.IsNaN(number) || text == "" || strings.ContainsAny(text, "iIxX_+") {
			return value, a.Name + " " + quote(text) + " is not a number" + a.rangeText(" in ")
		}
		if err != nil || !a.inRange(number) {
			return value, a.Name + " " + text + " is outside " + a.rangeText("")
		}
		value.Bits = math.Float64bits(number)
	case TypeDuration:
		length, err := time.ParseDuration(text)
		if err != nil || strings.HasPrefix(text, "+") {
			return value, a.Name + " " + quote(text) + " is no time with its unit, as 300ms, 1.5s or 1h30m" + a.rangeText(", in ")
		}
		if !a.inRange(float64(length.Microseconds())) {
			return value, a.Name + " " + text + " is outside " + a.rangeText("")
		}
		value.Bits = uint64(length.Microseconds())
	case TypeBool:
		switch text {
		case "yes", "true":
			value.Bits = 1
		case "no", "false":
		default:
			return value, a.Name + " " + quote(text) + " is neither yes nor no"
		}
	case TypeWord:
		for i, word := range a.Words {
			if word == text {
				value.Bits = uint64(i)
				return value, ""
			}
		}
		return value, a.Name + " " + quote(text) + " is not one of " + strings.Join(a.Words, ", ")
	case TypePlace:
		lat, lon, ok := ParseCoordinates(text)
		if !ok {
			return value, a.Name + " " + quote(text) + " is neither a known region nor LATITUDE,LONGITUDE"
		}
		value.Bits = PlaceBits(lat, lon)
	case TypeNetworks:
		for _, word := range strings.Split(text, ",") {
			network, ok := ParseNetwork(word)
			if !ok {
				return value, a.Name + " " + quote(word) + " is no prefix, no address and no known collection"
			}
			value.Text += string(AppendNetwork(nil, network))
		}
	default:
		value.Text = text
	}
	return value, ""
}

// ParseCoordinates reads LATITUDE,LONGITUDE, degrees north in -90..90 and east in -180..180.
func ParseCoordinates(text string) (lat, lon float64, ok bool) {
	north, east, found := strings.Cut(text, ",")
	if !found || strings.ContainsAny(text, "iInNxX_+eEpP") {
		return 0, 0, false
	}
	lat, err1 := strconv.ParseFloat(north, 64)
	lon, err2 := strconv.ParseFloat(east, 64)
	return lat, lon, err1 == nil && err2 == nil && math.Abs(lat) <= 90 && math.Abs(lon) <= 180
}

// PlaceBits packs coordinates as configure has them.
func PlaceBits(lat, lon float64) uint64 {
	return uint64(math.Float32bits(float32(lat))) | uint64(math.Float32bits(float32(lon)))<<32
}

// ParseNetwork reads a prefix, which may have bits behind it, an address, or *, which is the zero Prefix.
func ParseNetwork(text string) (network netip.Prefix, ok bool) {
	if text == "*" {
		return netip.Prefix{}, true
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	return network.Masked(), true
}

// AppendNetwork appends a network as configure has it; the zero Prefix is everybody.
func AppendNetwork(dst []byte, network netip.Prefix) []byte {
	var raw [NetworkLen]byte
	if network.IsValid() {
		raw[NetworkBitsOff] = byte(network.Bits())
		if addr := network.Addr(); addr.Is4() {
			raw[NetworkFamilyOff] = 4
			bytes := addr.As4()
			copy(raw[NetworkAddressOff:], bytes[:])
		} else {
			raw[NetworkFamilyOff] = 6
			bytes := addr.As16()
			copy(raw[NetworkAddressOff:], bytes[:])
		}
	}
	return append(dst, raw[:]...)
}

// Missing converts what an annotation without the key means.
func (a *Attribute) Missing() (value Value, message string) {
	if a.Required {
		return value, a.Name + " is missing, as in " + a.Name + "=" + a.Sample()
	}
	if a.Default == "" {
		return value, ""
	}
	value, message = a.Parse(a.Default)
	value.Set = false
	return value, message
}

// Sample returns a value that Parse accepts, for messages.
func (a *Attribute) Sample() string {
	switch a.Type {
	case TypeInt, TypeFloat:
		if a.inRange(1) {
			return "1"
		}
		return number(*a.nearest())
	case TypeDuration:
		if a.inRange(1e6) {
			return "1s"
		}
		return a.bound(*a.nearest())
	case TypeBool:
		return "yes"
	case TypeWord:
		return a.Words[0]
	case TypePlace:
		return "eu-west-1"
	case TypeNetworks:
		return "192.0.2.0/24"
	}
	return "…"
}

func (a *Attribute) nearest() *float64 {
	if a.Min != nil {
		return a.Min
	}
	return a.Max
}

func (a *Attribute) inRange(number float64) bool {
	return (a.Min == nil || number >= *a.Min) && (a.Max == nil || number <= *a.Max)
}

// rangeText returns prefix and "0..255", "0 and more" or "255 and less"; the range of int64 when there is no other.
func (a *Attribute) rangeText(prefix string) string {
	switch {
	case a.Min != nil && a.Max != nil:
		return prefix + a.bound(*a.Min) + ".." + a.bound(*a.Max)
	case a.Min != nil:
		return prefix + a.bound(*a.Min) + " and more"
	case a.Max != nil:
		return prefix + a.bound(*a.Max) + " and less"
	case prefix != "":
		return ""
	}
	return "what a 64-bit number holds"
}

// bound writes one end of the range as a value would stand in an annotation.
func (a *Attribute) bound(value float64) string {
	if a.Type == TypeDuration {
		return DurationText(time.Duration(value) * time.Microsecond)
	}
	return number(value)
}

// DurationText writes a time as people write it: 1m, not 1m0s.
func DurationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

func quote(text string) string { return strconv.Quote(text) }

func isRange(err error) bool {
	numError, ok := err.(*strconv.NumError)
	return ok && numError.Err == strconv.ErrRange
}
