package rrdata

import (
	"fmt"
	"strconv"
)

// The service parameter keys with a name (RFC 9460 §14.3.2, RFC 9461, RFC 9540).
const (
	SvcMandatory     uint16 = 0
	SvcALPN          uint16 = 1
	SvcNoDefaultALPN uint16 = 2
	SvcPort          uint16 = 3
	SvcIPv4Hint      uint16 = 4
	SvcECH           uint16 = 5
	SvcIPv6Hint      uint16 = 6
	SvcDoHPath       uint16 = 7
	SvcOHTTP         uint16 = 8
)

var svcKeyNames = [...]string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"}

// SvcKeyByName returns the key called text: a name in lower case, or key and a number without leading zeros (RFC 9460 §2.1). 65535 is reserved
// but every server loads it.
func SvcKeyByName(text []byte) (key uint16, ok bool) {
	for i, name := range svcKeyNames {
		if string(text) == name {
			return uint16(i), true
		}
	}
	if len(text) < 4 || len(text) > 8 || string(text[:3]) != "key" || text[3] == '0' && len(text) > 4 || !IsDigits(text[3:]) {
		return 0, false
	}
	number := 0
	for _, c := range text[3:] {
		number = number*10 + int(c-'0')
	}
	return uint16(number), number <= lenMax
}

// SvcKeyName returns the name of key, or key and its number.
func SvcKeyName(key uint16) string {
	if int(key) < len(svcKeyNames) {
		return svcKeyNames[key]
	}
	return "key" + strconv.Itoa(int(key))
}

// serviceFault checks the parameters of SVCB and HTTPS data whose target name is whole.
func serviceFault(rdata []byte) string {
	return svcParamsFault(rdata[nameEnd(rdata, 2):])
}

// svcParamsFault says what is wrong with params, "" if nothing: keys in strictly ascending order, values of the right form, mandatory
// keys present (RFC 9460 §2.2, §7, §8).
func svcParamsFault(params []byte) string {
	last := -1
	for rest := params; len(rest) > 0; {
		if len(rest) < 4 {
			return "parameters are cut off"
		}
		key, valueLen := uint16At(rest, 0), int(uint16At(rest, 2))
		if len(rest)-4 < valueLen {
			return "parameter " + SvcKeyName(key) + " is cut off"
		}
		if int(key) <= last {
			return "parameter " + SvcKeyName(key) + " is out of order"
		}
		if fault := SvcValueFault(key, rest[4:4+valueLen]); fault != "" {
			return fault
		}
		last = int(key)
		rest = rest[4+valueLen:]
	}
	return svcTogetherFault(params)
}

// SvcValueFault says what is wrong with the value of one parameter, "" if nothing.
func SvcValueFault(key uint16, value []byte) string {
	ok := true
	switch key {
	case SvcMandatory:
		return mandatoryFault(value)
	case SvcALPN:
		ok = isProtocolList(value)
	case SvcNoDefaultALPN, SvcOHTTP:
		if len(value) > 0 {
			return "parameter " + SvcKeyName(key) + " takes no value"
		}
	case SvcPort:
		ok = len(value) == 2
	case SvcIPv4Hint:
		ok = len(value) > 0 && len(value)%4 == 0
	case SvcIPv6Hint:
		ok = len(value) > 0 && len(value)%16 == 0
	case SvcECH, SvcDoHPath:
		ok = len(value) > 0
	}
	if !ok {
		return fmt.Sprintf("parameter %s has a malformed value of %d bytes", SvcKeyName(key), len(value))
	}
	return ""
}

// mandatoryFault wants at least one key, ascending, and not mandatory itself (RFC 9460 §8).
func mandatoryFault(value []byte) string {
	if len(value) == 0 || len(value)%2 != 0 {
		return "parameter mandatory needs a list of keys"
	}
	last := -1
	for ; len(value) > 0; value = value[2:] {
		key := uint16At(value, 0)
		switch {
		case key == SvcMandatory:
			return "parameter mandatory lists itself"
		case int(key) == last:
			return "parameter mandatory lists " + SvcKeyName(key) + " twice"
		case int(key) < last:
			return "parameter mandatory is out of order at " + SvcKeyName(key)
		}
		last = int(key)
	}
	return ""
}

func isProtocolList(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	for len(value) > 0 {
		idLen := int(value[0])
		if idLen == 0 || idLen >= len(value) {
			return false
		}
		value = value[1+idLen:]
	}
	return true
}

// svcTogetherFault checks what parameters ask of each other; each of them alone is valid.
func svcTogetherFault(params []byte) string {
	mandatory, listed := svcValue(params, SvcMandatory)
	for ; listed && len(mandatory) > 0; mandatory = mandatory[2:] {
		if key := uint16At(mandatory, 0); !svcHas(params, key) {
			return "parameter " + SvcKeyName(key) + " is mandatory but absent"
		}
	}
	if svcHas(params, SvcNoDefaultALPN) && !svcHas(params, SvcALPN) {
		return "parameter no-default-alpn needs alpn"
	}
	return ""
}

func svcHas(params []byte, key uint16) bool {
	_, ok := svcValue(params, key)
	return ok
}

func svcValue(params []byte, key uint16) (value []byte, ok bool) {
	for len(params) > 0 {
		valueLen := int(uint16At(params, 2))
		if uint16At(params, 0) == key {
			return params[4 : 4+valueLen], true
		}
		params = params[4+valueLen:]
	}
	return nil, false
}
