package zonefile

import "strings"

// mnemonic is a name that stands for a number.
type mnemonic struct {
	name  string
	value uint16
}

// The names of RFC 4034 §A.1 and its successors, in the spellings of the servers in use.
var algorithms = []mnemonic{
	{"RSAMD5", 1}, {"DH", 2}, {"DSA", 3}, {"ECC", 4}, {"RSASHA1", 5},
	{"DSA-NSEC3-SHA1", 6}, {"NSEC3DSA", 6}, {"RSASHA1-NSEC3-SHA1", 7}, {"NSEC3RSASHA1", 7},
	{"RSASHA256", 8}, {"RSASHA512", 10}, {"ECC-GOST", 12}, {"ECCGOST", 12},
	{"ECDSAP256SHA256", 13}, {"ECDSAP384SHA384", 14}, {"ED25519", 15}, {"ED448", 16},
	{"INDIRECT", 252}, {"PRIVATEDNS", 253}, {"PRIVATEOID", 254},
}

// The names of RFC 4398 §2.1.
var certTypes = []mnemonic{
	{"PKIX", 1}, {"SPKI", 2}, {"PGP", 3}, {"IPKIX", 4}, {"ISPKI", 5}, {"IPGP", 6}, {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254},
}

// mnemonicOrNumber parses the next token as one of known in any case, or as a number up to limit.
func (p *rdataParser) mnemonicOrNumber(label string, known []mnemonic, limit uint64) uint16 {
	if p.next < len(p.toks) && !p.toks[p.next].quoted {
		text := p.toks[p.next].text
		for i := range known {
			if len(text) == len(known[i].name) && strings.EqualFold(string(text), known[i].name) {
				p.next++
				return known[i].value
			}
		}
		if _, ok := decimal(text); !ok {
			p.failAt(p.next, "%s %s is neither a number nor a known mnemonic", label, quote(text))
			return 0
		}
	}
	return uint16(p.number(label, limit))
}
