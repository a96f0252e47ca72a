package geo

import (
	"math"
	"strconv"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

// fieldsMax bounds the fields of one record that are looked at: a damaged file may claim millions. GeoIP2 Enterprise has about 60.
const fieldsMax = 512

// record decodes one record of a Database, in any of the layouts, without allocating.
type record struct {
	place     Place
	fields    int // left to look at
	latitude  float64
	longitude float64
	has       [2]bool // latitude, longitude
}

// UnmarshalMaxMindDBCursor implements mmdbdata.CursorUnmarshaler.
func (r *record) UnmarshalMaxMindDBCursor(cursor mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	*r = record{fields: fieldsMax}
	next, err := r.each(cursor, (*record).field)
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	if r.has[0] && r.has[1] && math.Abs(r.latitude) <= 90 && math.Abs(r.longitude) <= 180 { // false for NaN
		r.place.Located, r.place.Latitude, r.place.Longitude = true, r.latitude, r.longitude
	}
	return next, nil
}

// each calls visit with each field of a map and returns what follows the map.
func (r *record) each(cursor mmdbdata.Cursor, visit func(r *record, key []byte, value mmdbdata.Cursor) error) (mmdbdata.Cursor, error) {
	fields, err := cursor.Map()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	var after mmdbdata.Cursor
	for {
		key, value, ok := fields.Next(after)
		if !ok {
			return fields.End()
		}
		if r.fields--; r.fields < 0 {
			return mmdbdata.Cursor{}, errExcess
		}
		if err := visit(r, key, value); err != nil {
			return mmdbdata.Cursor{}, err
		}
		if after, err = value.Skip(); err != nil {
			return mmdbdata.Cursor{}, err
		}
	}
}

// nested calls visit with each field of value, if that is a map.
func (r *record) nested(value mmdbdata.Cursor, visit func(r *record, key []byte, value mmdbdata.Cursor) error) error {
	if kind, err := value.Kind(); err != nil || kind != mmdbdata.KindMap {
		return err
	}
	_, err := r.each(value, visit)
	return err
}

// field takes over one field of the record. MaxMind and DB-IP nest ("country": {"iso_code": "DE"}), IPinfo does not: its newer files have
// "country_code": "DE" and "asn": "AS64500", its older ones "country": "DE" and coordinates as text.
func (r *record) field(key []byte, value mmdbdata.Cursor) error {
	p := &r.place
	switch string(key) {
	case "continent", "continent_code":
		copyCode(p.Continent[:], text(value))
		return r.nested(value, (*record).continent)
	case "country", "country_code":
		copyCode(p.Country[:], text(value))
		return r.nested(value, (*record).country)
	case "subdivisions":
		return r.subdivisions(value)
	case "region_code":
		copyCode(p.Subdivision[:], text(value))
	case "location":
		return r.nested(value, (*record).location)
	case "latitude", "lat", "longitude", "lng":
		return r.location(key, value)
	case "traits":
		return r.nested(value, (*record).network)
	default:
		return r.network(key, value)
	}
	return nil
}

func (r *record) continent(key []byte, value mmdbdata.Cursor) error {
	if string(key) == "code" {
		copyCode(r.place.Continent[:], text(value))
	}
	return nil
}

func (r *record) country(key []byte, value mmdbdata.Cursor) error {
	if string(key) == "iso_code" {
		copyCode(r.place.Country[:], text(value))
	}
	return nil
}

// subdivisions takes the first, which is the largest: a state, not its county.
func (r *record) subdivisions(value mmdbdata.Cursor) error {
	if kind, err := value.Kind(); err != nil || kind != mmdbdata.KindSlice {
		return err
	}
	list, err := value.Slice()
	if err != nil {
		return err
	}
	if _, first, ok := list.Next(mmdbdata.Cursor{}); ok {
		return r.nested(first, (*record).subdivision)
	}
	return list.Err()
}

func (r *record) subdivision(key []byte, value mmdbdata.Cursor) error {
	if string(key) == "iso_code" {
		copyCode(r.place.Subdivision[:], text(value))
	}
	return nil
}

func (r *record) location(key []byte, value mmdbdata.Cursor) error {
	switch string(key) {
	case "latitude", "lat":
		r.latitude, r.has[0] = number(value)
	case "longitude", "lng":
		r.longitude, r.has[1] = number(value)
	}
	return nil
}

func (r *record) network(key []byte, value mmdbdata.Cursor) error {
	switch string(key) {
	case "autonomous_system_number", "asn":
		if raw := text(value); len(raw) > 2 && string(raw[:2]) == "AS" {
			n, _ := strconv.ParseUint(string(raw[2:]), 10, 32) // 0, unknown, if it is no number
			r.place.ASN = uint32(n)
		} else if n, _, err := value.ReadUint(); err == nil && n <= math.MaxUint32 {
			r.place.ASN = uint32(n)
		}
	}
	return nil
}

// text returns a string's bytes, which are the file's; nil for what is no string. Reading it as a key is what does not allocate.
func text(value mmdbdata.Cursor) []byte {
	if kind, err := value.Kind(); err != nil || kind != mmdbdata.KindString {
		return nil
	}
	raw, _, err := value.ReadMapKey()
	if err != nil {
		return nil
	}
	return raw
}

func number(value mmdbdata.Cursor) (float64, bool) {
	if raw := text(value); len(raw) > 0 {
		n, err := strconv.ParseFloat(string(raw), 64)
		return n, err == nil
	}
	n, _, err := value.ReadFloat()
	return n, err == nil
}

// copyCode takes over a code that fits; a word such as "Europe" is no code.
func copyCode(code []byte, raw []byte) {
	if len(raw) == 0 || len(raw) > len(code) || len(code) == 2 && len(raw) != 2 {
		return
	}
	clear(code)
	copy(code, raw)
}
