package compile

import (
	"slices"
	"testing"

	"signpost/host/zonefile"
)

// Protects what a check probes for a record of each type: an address, the host that the record names in lower case, each once, in the order of the
// zone; nothing for a candidate without check.
func TestEndpoints(t *testing.T) {
	const text = head + `
a     A     192.0.2.1           ;@ weighted id=one weight=1 check=web
a     A     192.0.2.2           ;@ weighted id=two weight=1
a     A     192.0.2.3           ;@ weighted id=one weight=1 check=web
aaaa  AAAA  2001:db8:0::1       ;@ weighted weight=1 check=web
cname CNAME WWW.example.net.    ;@ weighted weight=1 check=web
alias ALIAS ns1                 ;@ weighted weight=1 check=web
ptr   PTR   ns1                 ;@ weighted weight=1 check=web
mx    MX    10 mail.example.net. ;@ weighted id=m weight=1 check=web
mx    MX    20 mail.example.net. ;@ weighted id=m weight=1
mx    MX    30 ns1              ;@ weighted id=m weight=1
srv   SRV   0 0 80 ns1          ;@ weighted id=some weight=1 check=web
srv   SRV   0 0 80 .            ;@ weighted id=none weight=1 check=pushed
https HTTPS 1 . alpn=h2         ;@ weighted id=own weight=1 check=web
https HTTPS 1 ns1 alpn=h2       ;@ weighted id=other weight=1 check=web
https HTTPS 0 .                 ;@ weighted id=none weight=1 check=pushed
txt   TXT   "pushed"            ;@ weighted weight=1 check=pushed
`
	src := Source{Path: "example.com.zone", Origin: exampleOrigin, Checks: map[string]bool{"web": true, "pushed": false}}
	c := newCollector(src.Origin)
	open := func(string) ([]byte, error) { return []byte(text), nil }
	files, diags := zonefile.Read(zonefile.Source{Path: src.Path, Origin: src.Origin, Open: open}, c.add)
	s := &stage{collector: c, src: &src, files: files, diags: diags}
	s.link()
	got := map[string][][]string{}
	for _, spec := range s.specs() {
		for _, candidate := range spec.Candidates {
			got[spec.Owner] = append(got[spec.Owner], candidate.Endpoints)
		}
	}
	if len(s.diags) > 0 {
		t.Fatal(s.diags)
	}
	for name, want := range map[string][][]string{
		"a":     {{"192.0.2.1", "192.0.2.3"}, nil},
		"aaaa":  {{"2001:db8::1"}},
		"cname": {{"www.example.net."}},
		"alias": {{"ns1.example.com."}},
		"ptr":   {{"ns1.example.com."}},
		"mx":    {{"mail.example.net.", "ns1.example.com."}},
		"srv":   {{"ns1.example.com."}, nil},
		"https": {{"https.example.com."}, {"ns1.example.com."}, nil},
		"txt":   {nil},
	} {
		if have := got[name+".example.com."]; !slices.EqualFunc(have, want, slices.Equal) {
			t.Errorf("%s: got %q, want %q", name, have, want)
		}
	}
}
