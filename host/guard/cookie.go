package guard

import (
	"encoding/binary"
	"net/netip"
)

// Lengths of a COOKIE option's data (RFC 7873 section 4, RFC 9018 section 4).
const (
	ClientCookieLen = 8
	CookieLen       = 24 // client cookie and the server cookie made here

	serverCookieLenMin, serverCookieLenMax = 8, 32
)

// Ages of a server cookie in seconds (RFC 9018 section 4.3).
const (
	cookieAgeMax    = 3600
	cookieAgeRenew  = 1800
	cookieFutureMax = 300
)

// cookieVersion is the only server cookie version there is (RFC 9018 section 8).
const cookieVersion = 1

// CookieStatus is what a query's COOKIE option was.
type CookieStatus uint8

// The statuses. Good and Renew prove that the client receives what is sent to its address.
const (
	CookieOff        CookieStatus = iota // cookies are disabled: act as if the option were not there
	CookieMalformed                      // bad length: answer FORMERR without a cookie (RFC 7873 section 5.2.2)
	CookieClientOnly                     // no server cookie: answer, and send one
	CookieBad                            // wrong, expired or of another kind: treat as ClientOnly (section 5.2.4)
	CookieGood                           // verified; the answer carries the same cookie
	CookieRenew                          // verified; the answer carries a newer one
)

// Verified tells whether the client's address is proven, so that rate limits need not apply.
func (s CookieStatus) Verified() bool { return s >= CookieGood }

// Cookies makes and verifies server cookies as RFC 9018 lays down, so that any server with the same secrets accepts them. A nil
// Cookies is disabled.
type Cookies struct {
	keys []sipKey
}

// NewCookies returns nil when there are no secrets. The first secret makes cookies, all of them verify. To roll over without a refused
// cookie (RFC 9018 section 5): add the new secret second, everywhere; put it first, everywhere; an hour later remove the old one.
func NewCookies(secrets [][16]byte) *Cookies {
	if len(secrets) == 0 {
		return nil
	}
	c := &Cookies{keys: make([]sipKey, len(secrets))}
	for i, secret := range secrets {
		c.keys[i] = newSipKey(secret)
	}
	return c
}

// Answer judges the COOKIE option data of a query from client at now (Unix seconds) and returns the data of the answer's option, which
// is meaningful unless the status is CookieOff or CookieMalformed. It keeps no reference to option.
func (c *Cookies) Answer(option []byte, client netip.Addr, now uint32) (cookie [CookieLen]byte, status CookieStatus) {
	if c == nil {
		return cookie, CookieOff
	}
	serverLen := len(option) - ClientCookieLen
	if serverLen < 0 || serverLen != 0 && (serverLen < serverCookieLenMin || serverLen > serverCookieLenMax) {
		return cookie, CookieMalformed
	}
	copy(cookie[:ClientCookieLen], option)
	switch {
	case serverLen == 0:
		status = CookieClientOnly
	case len(option) != CookieLen:
		status = CookieBad
	default:
		status = c.verify((*[CookieLen]byte)(option), client, now)
	}
	if status == CookieGood {
		copy(cookie[:], option)
		return cookie, status
	}
	cookie[8] = cookieVersion // 9..11 reserved, zero
	binary.BigEndian.PutUint32(cookie[12:], now)
	binary.LittleEndian.PutUint64(cookie[16:], c.keys[0].cookieHash(&cookie, client))
	return cookie, status
}

// verify checks a whole cookie. Ages use serial arithmetic (RFC 1982), so 2106 passes unnoticed.
func (c *Cookies) verify(cookie *[CookieLen]byte, client netip.Addr, now uint32) CookieStatus {
	age := int32(now - binary.BigEndian.Uint32(cookie[12:]))
	if cookie[8] != cookieVersion || age > cookieAgeMax || age < -cookieFutureMax {
		return CookieBad
	}
	hash := binary.LittleEndian.Uint64(cookie[16:])
	for i, key := range c.keys {
		if key.cookieHash(cookie, client) != hash {
			continue
		}
		if i > 0 || age > cookieAgeRenew {
			return CookieRenew
		}
		return CookieGood
	}
	return CookieBad
}

// cookieHash hashes client cookie, version, reserved bytes as they came, timestamp and client address (RFC 9018 section 4.4).
func (k sipKey) cookieHash(cookie *[CookieLen]byte, client netip.Addr) uint64 {
	s := k.start()
	s.word(binary.LittleEndian.Uint64(cookie[0:]))
	s.word(binary.LittleEndian.Uint64(cookie[8:]))
	if client = client.Unmap(); client.Is4() {
		raw := client.As4()
		return s.sum(raw[:], 16)
	}
	raw := client.As16()
	return s.sum(raw[:], 16)
}
