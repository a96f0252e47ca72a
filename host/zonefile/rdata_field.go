package zonefile

import (
	"encoding/binary"

	"signpost/host/rrdata"
)

// field parses the tokens of one field.
func (p *rdataParser) field(f *rrdata.Field) {
	switch f.Kind {
	case rrdata.Uint8:
		p.out = append(p.out, byte(p.number(f.Label, 0xff)))
	case rrdata.Uint16:
		p.out = binary.BigEndian.AppendUint16(p.out, uint16(p.number(f.Label, 0xffff)))
	case rrdata.Uint32:
		p.out = binary.BigEndian.AppendUint32(p.out, uint32(p.number(f.Label, 0xffffffff)))
	case rrdata.Period:
		p.period(f.Label)
	case rrdata.Time:
		p.time(f.Label)
	case rrdata.TypeCode:
		p.out = binary.BigEndian.AppendUint16(p.out, p.typeCode(f.Label))
	case rrdata.Algorithm:
		p.out = append(p.out, byte(p.mnemonicOrNumber(f.Label, algorithms, 0xff)))
	case rrdata.CertType:
		p.out = binary.BigEndian.AppendUint16(p.out, p.mnemonicOrNumber(f.Label, certTypes, 0xffff))
	case rrdata.IPv4:
		p.ipv4(f.Label)
	case rrdata.IPv6:
		p.ipv6(f.Label)
	case rrdata.EUI48:
		p.groups(f.Label, 6, 2, '-', "00-00-5e-00-53-2a")
	case rrdata.EUI64:
		p.groups(f.Label, 8, 2, '-', "00-00-5e-ef-10-00-00-2a")
	case rrdata.Node64:
		p.groups(f.Label, 4, 4, ':', "14:4fff:ff20:ee64")
	case rrdata.NameCompressed, rrdata.NameLower, rrdata.Name:
		p.name(f.Label)
	default:
		p.longField(f)
	}
}

// longField is field for the kinds of no fixed length.
func (p *rdataParser) longField(f *rrdata.Field) {
	switch f.Kind {
	case rrdata.String:
		p.str(f.Label)
	case rrdata.OptionalString:
		if p.next < len(p.toks) {
			p.str(f.Label)
		}
	case rrdata.Digits:
		p.strOf(f.Label, rrdata.IsDigits, "decimal digits")
	case rrdata.Decimal:
		p.strOf(f.Label, rrdata.IsDecimal, "a decimal number")
	case rrdata.Tag:
		p.strOf(f.Label, rrdata.IsTag, "letters and digits")
	case rrdata.Strings:
		p.strings(f.Label)
	case rrdata.Text:
		p.bytes(f.Label, rdataLenMax)
	case rrdata.Hex:
		p.hex(f.Label, false)
	case rrdata.Base64, rrdata.OptionalBase64:
		p.base64(f.Label, f.Kind == rrdata.OptionalBase64)
	case rrdata.Salt:
		p.salt(f.Label)
	case rrdata.Hash32:
		p.hash32(f.Label)
	case rrdata.Bitmap:
		p.bitmap(f.Label)
	case rrdata.OldBitmap:
		p.oldBitmap(f.Label)
	case rrdata.Location:
		p.location()
	case rrdata.SvcParams:
		p.svcParams()
	case rrdata.Prefixes:
		p.prefixes()
	case rrdata.Gateway:
		p.ipsecGateway()
	case rrdata.Relay:
		p.relay()
	case rrdata.HostIdentity:
		p.hostIdentity()
	}
}
