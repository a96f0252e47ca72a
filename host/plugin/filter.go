package plugin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/sdk/abi"
)

// Filter is a chain of filters that accepted a rule. It is immutable and shared by all workers, and works as long as something refers to it.
type Filter struct {
	Wants   policy.Wants // on which facts about the client a ruling may depend
	program *program
}

// Question is what is to be filtered. The facts that no plugin of the chain wants are not read.
type Question struct {
	Name        []byte // wire form, lower case
	Type, Class uint16
	Flags       uint8        // abi.FlagRecursion …
	Transport   uint8        // abi.TransportUDP …
	Client      netip.Prefix // as in policy.Facts, and so on
	Place       geo.Place
	PlaceBits   uint8
}

// Ruling is what a chain of filters said. The caller owns it and may use it again: its buffers are kept.
type Ruling struct {
	Action         uint8  // abi.ActionPass …
	Name           []byte // of abi.ActionRewrite, wire form, lower case
	Records        []byte // of abi.ActionAnswer: u16 length, little-endian, and data, whose form is right for the question's type
	TTL            uint32 // abi.TTLUnsaid: as the caller likes
	Scope4, Scope6 uint8  // for which client prefix it holds
	Fuel           uint64
	Problem        string // why a plugin could not say; then Action is abi.ActionPass. "": all could
}

// Filter turns what signpost.yaml says of a rule into a Filter, or says what is wrong with it. The Spec has one candidate, the rule. Both
// results are nil before Ready.
func (h *Host) Filter(spec *policy.Spec, terms Terms) (*Filter, diag.List) {
	r := routing{host: h, kind: abi.KindFilter, spec: spec, terms: terms, policy: new(policy.Policy)}
	if !r.run() {
		return nil, r.diags
	}
	return &Filter{r.policy.Wants, r.program}, r.diags
}

// Filter fills r with what the first plugin of the chain says that does not pass. It never fails: if a plugin does, the question passes.
func (w *Worker) Filter(f *Filter, q *Question, r *Ruling) {
	w.keepUp()
	r.pass()
	r.Scope4, r.Scope6, r.Fuel, r.Problem = 0, 0, 0, ""
	steps := f.program.steps
	for i := range steps {
		s := &steps[i]
		in, problem := w.ready(s, false)
		if in != nil {
			if err := w.filter(in, s, q, r); err != nil {
				problem = w.strike(s, fmt.Errorf("filter: %w", err), false)
			} else {
				w.succeed(s, in)
			}
		}
		if problem != "" {
			r.pass()
			r.Problem = problem
			s.plugin.counts[w.shard].fallbacks.Add(1)
			break
		}
		if r.Action != abi.ActionPass {
			break
		}
	}
	runtime.KeepAlive(f)
}

func (r *Ruling) pass() {
	r.Action, r.Name, r.Records, r.TTL = abi.ActionPass, r.Name[:0], r.Records[:0], abi.TTLUnsaid
}

// filter is one call of a guest.
func (w *Worker) filter(in *instance, s *step, q *Question, r *Ruling) error {
	frame, ok := in.frame(s.plugin.kind)
	if !ok {
		return errFrame
	}
	writeQuestion(frame, s, q)
	frame, spent, err := in.ask(s, s.fuel)
	if err != nil {
		return err
	}
	facts := policy.Facts{Client: q.Client, PlaceBits: q.PlaceBits}
	scope4, ok4 := s.scope(frame[abi.FilterScope4Off], 32, &facts)
	scope6, ok6 := s.scope(frame[abi.FilterScope6Off], 128, &facts)
	if !ok4 || !ok6 {
		return fmt.Errorf("a scope of %d or %d bits is longer than an address", frame[abi.FilterScope4Off], frame[abi.FilterScope6Off])
	}
	if err := r.read(frame, q.Type); err != nil {
		return err
	}
	r.Scope4, r.Scope6 = max(r.Scope4, scope4), max(r.Scope6, scope6)
	r.Fuel += spent
	w.count(s, spent)
	return nil
}

// writeQuestion fills the frame with what the plugin wants to know; the rest is zero.
func writeQuestion(frame []byte, s *step, q *Question) {
	clear(frame)
	name := q.Name[:min(len(q.Name), abi.NameLenMax)]
	if s.plugin.wants&policy.WantsClient != 0 {
		if q.Client.IsValid() {
			writeClient(frame, q.Client)
		}
		frame[abi.TransportOff] = q.Transport
	}
	if s.plugin.wants&policy.WantsGeo != 0 {
		writePlace(frame, &q.Place)
	}
	binary.LittleEndian.PutUint16(frame[abi.QuestionTypeOff:], q.Type)
	binary.LittleEndian.PutUint16(frame[abi.QuestionClassOff:], q.Class)
	frame[abi.FlagsOff] = q.Flags
	frame[abi.QuestionNameLenOff] = byte(len(name))
	labels, ok := labelsOf(name)
	if ok {
		frame[abi.LabelCountOff] = byte(labels)
	}
	copy(frame[abi.QuestionNameOff:], name)
	put32(frame[abi.RulingTTLOff:], abi.TTLUnsaid)
	frame[abi.FilterScope4Off], frame[abi.FilterScope6Off] = abi.ScopeUnsaid, abi.ScopeUnsaid
}

// read takes over what the guest said, trusting nothing.
func (r *Ruling) read(frame []byte, typ uint16) error {
	r.pass()
	r.TTL = get32(frame[abi.RulingTTLOff:])
	switch action := frame[abi.ActionOff]; action {
	case abi.ActionPass, abi.ActionRefuse, abi.ActionDrop, abi.ActionNXDomain:
		r.Action = action
	case abi.ActionRewrite:
		name := frame[abi.RulingNameOff:][:frame[abi.RulingNameLenOff]]
		if _, ok := labelsOf(name); !ok {
			return errors.New("a name to ask for instead that is none")
		}
		r.Name = append(r.Name, name...)
		for i, b := range r.Name { // lengths of labels are below 'A'
			if b >= 'A' && b <= 'Z' {
				r.Name[i] = b + 'a' - 'A'
			}
		}
		r.Action = action
	case abi.ActionAnswer:
		length := get32(frame[abi.RecordLenOff:])
		if length > abi.RecordLenMax {
			return fmt.Errorf("records of %d bytes are longer than %d", length, abi.RecordLenMax)
		}
		records := frame[abi.RecordsOff:][:length]
		if err := checkRecords(records, typ); err != nil {
			return err
		}
		r.Records = append(r.Records, records...)
		r.Action = action
	default:
		return fmt.Errorf("an action of %d", action)
	}
	return nil
}

// checkRecords tells whether records have the form of their type.
func checkRecords(records []byte, typ uint16) error {
	for len(records) > 0 {
		if len(records) < 2 {
			return errors.New("half a record")
		}
		length := int(binary.LittleEndian.Uint16(records))
		if records = records[2:]; length > len(records) {
			return fmt.Errorf("a record of %d bytes in %d", length, len(records))
		}
		if !rrdata.Valid(typ, records[:length]) {
			return fmt.Errorf("data that are no record of type %s", rrdata.TypeName(typ))
		}
		records = records[length:]
	}
	return nil
}

// labelsOf counts the labels of a whole name in wire form, the root excluded; false if it is none.
func labelsOf(name []byte) (labels int, ok bool) {
	if len(name) > abi.NameLenMax {
		return 0, false
	}
	for len(name) > 0 {
		length := int(name[0])
		if length == 0 {
			return labels, len(name) == 1
		}
		if length > 63 || length >= len(name) {
			return 0, false
		}
		name = name[1+length:]
		labels++
	}
	return 0, false
}
