package compile

import (
	"bytes"
	"slices"

	"signpost/host/rrdata"
)

// checkName warns of a name in the data that somebody wrote as what it is not; every server loads it.
func (s *stage) checkName(r *record, name []byte) {
	switch relative, inside := s.relative(name); {
	case s.doubled(name):
		s.diags.Warnf(s.place(r), "%s in the data ends with the zone's name twice: is a dot missing at its end?", nameText(name))
	case bytes.Contains(name, []byte("://")):
		s.diags.Warnf(s.place(r), "%s in the data looks like a URL: %s wants a name", nameText(name), rrdata.TypeName(r.typ))
	case numbers(name[:len(name)-1]), inside && numbers(relative) && !s.owns(relative) && !bytes.HasSuffix(s.origin, []byte("\x04arpa\x00")):
		s.diags.Warnf(s.place(r), "%s in the data looks like an address: %s wants a name", nameText(name), rrdata.TypeName(r.typ))
	}
}

// owns tells whether a name of the zone has records.
func (s *stage) owns(relative []byte) bool {
	number := s.find(relative)
	return number != none && s.nodes.at(number).first != 0
}

// numbers tells whether labels are four numbers, as those of "192.0.2.1" are.
func numbers(labels []byte) bool {
	count := 0
	for ; len(labels) > 0; labels = labels[1+labels[0]:] {
		count++
		if slices.ContainsFunc(labels[1:1+labels[0]], func(c byte) bool { return c < '0' || c > '9' }) {
			return false
		}
	}
	return count == 4
}

// checkText warns of text that lost its quotes: blanks part it into strings, which are read as one without them, and a ";" starts a comment.
func (s *stage) checkText(r *record) {
	data := s.bytesOf(r)
	end := 1 + int(data[0])
	first, more := data[1:end], len(data) > end
	switch version := string(first); {
	case version == "v=spf1" && more && data[1+len(first)] > 0 && data[2+len(first)] != ' ':
		s.diags.Warnf(s.place(r), `strings behind "v=spf1" are read without blanks between them: put all of the text into one pair of quotes`)
	case !more && slices.Contains([]string{"v=DKIM1", "v=DMARC1", "v=STSv1", "v=TLSRPTv1"}, version):
		s.diags.Warnf(s.place(r), `text ends behind %q: what follows a ";" is a comment unless all of it stands in quotes`, version)
	}
}
