package sdk

import "signpost/sdk/abi"

// Filter says what becomes of one question that is to be forwarded. It must not allocate or keep anything, and must rule alike on the same
// question.
type Filter func(q *Question, r *Ruling)

// Filtering begins a plugin that filters what is forwarded. name is what stands in signpost.yaml, doc is one line.
func Filtering(name, version, doc string) *Plugin {
	return &Plugin{about: abi.Plugin{Name: name, Version: version, Kind: abi.KindFilter, Doc: doc}}
}

// ConfigureFilter sets the function that turns one rule into its Filter. The Policy has one candidate, 0, which is the rule: its attributes
// are the plugin's keys in signpost.yaml.
func (p *Plugin) ConfigureFilter(configure func(*Policy) Filter) { p.screen = configure }

// Question is what a ruling may depend on.
type Question struct{ raw abi.Question }

// Type returns the record type that is asked for, 1 for A.
func (q *Question) Type() uint16 { return q.raw.Type }

// Name returns the name in wire form and lower case, the root's zero included. It is valid until the Filter returns.
func (q *Question) Name() []byte { return q.raw.Name[:q.raw.NameLen] }

// Within tells whether the name is domain, in wire form and lower case as Domain returns it, or stands below it.
func (q *Question) Within(domain []byte) bool {
	name := q.Name()
	for len(name) > len(domain) {
		name = name[1+int(name[0]):]
	}
	return len(domain) > 0 && string(name) == string(domain)
}

// Domain returns the wire form of a name such as "example.com" in lower case, for Question.Within and Ruling.Rewrite; false if it is none.
func Domain(text string) (wire []byte, ok bool) {
	if text != "" && text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	wire = make([]byte, 0, len(text)+2)
	for text != "" {
		label := text
		text = ""
		for i := range len(label) {
			if label[i] == '.' {
				label, text = label[:i], label[i+1:]
				if text == "" {
					return nil, false
				}
				break
			}
		}
		if len(label) == 0 || len(label) > 63 {
			return nil, false
		}
		wire = append(wire, byte(len(label)))
		for i := range len(label) {
			b := label[i]
			if b >= 'A' && b <= 'Z' {
				b += 'a' - 'A'
			}
			wire = append(wire, b)
		}
	}
	wire = append(wire, 0)
	return wire, len(wire) <= abi.NameLenMax
}

// Client returns the client's network, to a plugin that called WantClient.
func (q *Question) Client() Network { return Network{q.raw.Family, q.raw.PrefixLen, q.raw.Address} }

// Place returns where the client's network is, to a plugin that called WantGeo.
func (q *Question) Place() Place {
	raw := &q.raw
	return Place{
		Continent: Code{raw.Continent[0], raw.Continent[1]}, Country: Code{raw.Country[0], raw.Country[1]}, Subdivision: raw.Subdivision,
		ASN: raw.ASN, Located: raw.Located != 0, At: Coordinates{raw.Latitude, raw.Longitude},
	}
}

// Flags returns abi.FlagRecursion and the like.
func (q *Question) Flags() uint8 { return q.raw.Flags }

// Ruling is what a Filter fills. It begins as "pass".
type Ruling struct{ raw abi.Ruling }

// Refuse has the question answered with REFUSED.
func (r *Ruling) Refuse() { r.raw.Action = abi.ActionRefuse }

// Drop leaves the question without an answer.
func (r *Ruling) Drop() { r.raw.Action = abi.ActionDrop }

// NXDomain says that the name does not exist.
func (r *Ruling) NXDomain() { r.raw.Action = abi.ActionNXDomain }

// Rewrite has another name asked for, in wire form; the answer is given under the name that the client asked for.
func (r *Ruling) Rewrite(name []byte) {
	r.raw.Action, r.raw.NameLen = abi.ActionRewrite, uint8(copy(r.raw.Name[:], name))
}

// Answer answers with a record of the question's type, whose data are in wire form; called again it adds one. Without data the name has no
// such record. It returns false, and adds nothing, when there is no room.
func (r *Ruling) Answer(data []byte) bool {
	r.raw.Action = abi.ActionAnswer
	at := int(r.raw.RecordLen)
	if len(data) == 0 {
		return true
	}
	if at+2+len(data) > len(r.raw.Records) {
		return false
	}
	r.raw.Records[at], r.raw.Records[at+1] = byte(len(data)), byte(len(data)>>8)
	r.raw.RecordLen += 2 + uint32(copy(r.raw.Records[at+2:], data))
	return true
}

// Lasts sets for how many seconds an answer, or that there is none, may be kept.
func (r *Ruling) Lasts(seconds uint32) { r.raw.TTL = seconds }

// Holds tells for which prefixes around the client the ruling is the same, as Decision.Holds does.
func (r *Ruling) Holds(v4, v6 uint8) { r.raw.Scope4, r.raw.Scope6 = v4, v6 }
