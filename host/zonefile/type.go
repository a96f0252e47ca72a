package zonefile

import "signpost/host/rrdata"

// typeByName returns the RR type called text, in any case: a name, TYPE and a number, or ALIAS. Types that may stand in no zone
// (OPT, ANY, AXFR, TYPE0 …) are found too; appendRData refuses them by name.
func typeByName(text []byte) (typ uint16, ok bool) { return rrdata.TypeByName(text) }

// typeName returns the name of typ, or TYPEnnn where it has none.
func typeName(typ uint16) string { return rrdata.TypeName(typ) }
