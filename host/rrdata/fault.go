package rrdata

import (
	"fmt"
	"strconv"
)

// Fault says what is wrong with data whose fields are all whole, "" if nothing: lengths that an algorithm fixes, versions and parameters
// that contradict each other. The text is lower case, subject first.
func Fault(typ uint16, rdata []byte) string {
	switch typ {
	case TypeDS, TypeCDS, TypeDLV, TypeTA:
		if want := digestLen(rdata[3]); want != 0 {
			return lenFault("digest", "digest type", rdata[3], len(rdata)-4, want)
		}
	case TypeSSHFP:
		switch rdata[1] {
		case 1:
			return lenFault("fingerprint", "fingerprint type", 1, len(rdata)-2, 20)
		case 2:
			return lenFault("fingerprint", "fingerprint type", 2, len(rdata)-2, 32)
		}
	case TypeNSEC3:
		salt := int(rdata[4])
		if rdata[0] == 1 { // SHA-1, RFC 5155 §11
			return lenFault("next hashed owner", "hash algorithm", 1, int(rdata[5+salt]), 20)
		}
	case TypeZONEMD:
		return zoneDigestFault(rdata)
	case TypeSVCB, TypeHTTPS:
		return serviceFault(rdata)
	}
	return ""
}

// digestLen returns the length that a DS digest type fixes, 0 if none does.
func digestLen(digestType byte) int {
	switch digestType {
	case 1: // SHA-1, RFC 3658
		return 20
	case 2, 3: // SHA-256, RFC 4509; GOST R 34.11-94, RFC 5933
		return 32
	case 4: // SHA-384, RFC 6605
		return 48
	}
	return 0
}

// zoneDigestFault checks the length that the hash algorithm fixes, and the 12 bytes any digest needs (RFC 8976 §2.2.4).
func zoneDigestFault(rdata []byte) string {
	got := len(rdata) - 6
	switch rdata[5] {
	case 1:
		return lenFault("digest", "hash algorithm", 1, got, 48)
	case 2:
		return lenFault("digest", "hash algorithm", 2, got, 64)
	}
	if got < 12 {
		return "digest has " + strconv.Itoa(got) + " bytes, at least 12 are needed"
	}
	return ""
}

func lenFault(what, by string, value byte, got, want int) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s has %d bytes, %s %d needs %d", what, got, by, value, want)
}

// IsDecimal tells whether text is a decimal number as GPOS has it: an optional sign, digits, an optional fraction (RFC 1712 §3).
func IsDecimal(text []byte) bool {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	for i, c := range text {
		if c == '.' {
			return i > 0 && IsDigits(text[:i]) && IsDigits(text[i+1:])
		}
	}
	return IsDigits(text)
}

// IsTag tells whether text may be the tag of a CAA record (RFC 8659 §4.1).
func IsTag(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return len(text) > 0
}

// IsDigits tells whether text is one or more decimal digits.
func IsDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}
