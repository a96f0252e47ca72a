package compile

import (
	"fmt"
	"strings"
	"testing"
)

const head = "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\n  NS ns1\nns1 A 192.0.2.53\n" // four lines

// Protects every check between records: its place, its severity and its words.
func TestChecks(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{head, ""},
		{"@ 60 NS ns1\nns1 60 A 192.0.2.53\n", "example.com.zone: no SOA record at example.com."},
		{"@ 60 NS ns1\nns1 60 A 192.0.2.53\n@ 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 example.com. AAAA\n", "example.com.zone: no SOA record at example.com.\nexample.com.zone:3:1: warning: RRSIG covers SOA, which example.com. does not own"},
		{head + "al ALIAS ns1\nal RRSIG A 13 3 300 20300101000000 20200101000000 1 example.com. AAAA\n", "example.com.zone:6:1: warning: RRSIG covers A, which al.example.com. does not own"},
		{head + "@ SOA ns2 hostmaster 2 7200 900 1209600 60\n", "example.com.zone:5:1: a second SOA; the first is at line 2, and a zone has one (RFC 1035 section 5.2)"},
		{head + "www SOA ns2 hostmaster 2 7200 900 1209600 60\n", "example.com.zone:5:1: SOA at www.example.com., but the zone is example.com."},
		{head + "www.example.org. A 192.0.2.1\n", "example.com.zone:5:1: www.example.org. is outside the zone example.com."},
		{head + "www A 192.0.2.1\nwww CNAME ns1\n", "example.com.zone:6:1: CNAME at www.example.com. beside A at line 5: a name with a CNAME owns nothing else (RFC 1034 section 3.6.2)"},
		{head + "www CNAME ns1\nwww CNAME ns2\n", "example.com.zone:6:1: a second CNAME at www.example.com.; the first is at line 5, and a name has one"},
		{head + "www A 192.0.2.1\nwww ALIAS ns1\n", "example.com.zone:6:1: ALIAS at www.example.com. beside A at line 5: the ALIAS's target gives the addresses"},
		{head + "sub NS ns1\nsub DNAME example.net.\n", "example.com.zone:6:1: DNAME at sub.example.com. beside NS: a delegated name is not redirected (RFC 6672 section 2.3)"},
		{head + "ns1 A 192.0.2.53\n", "example.com.zone:5:1: warning: ns1.example.com. A stands twice with the same data; the first is at line 4"},
		{head + "ns1 60 A 192.0.2.54\n", "example.com.zone:5:1: warning: TTL 60 differs from 300 at line 4 of the same name and type; the smallest is served (RFC 2181 section 5.2)"},
		{head + "a MX 1 b\nb CNAME ns1\n", "example.com.zone:5:1: warning: MX target b.example.com. is a CNAME; it must be a name with addresses (RFC 2181 section 10.3)"},
		{head + "a MX 1 nowhere\n", "example.com.zone:5:1: warning: MX target nowhere.example.com. does not exist in this zone"},
		{head + "a MX 1 b\nb TXT x\n", "example.com.zone:5:1: warning: MX target b.example.com. has no address"},
		{head + "sub NS ns.sub\n", "example.com.zone:5:1: warning: ns.sub.example.com. is below the delegation and has no glue: nobody can reach it"},
		{head + "sub NS sub\n", "example.com.zone:5:1: warning: sub.example.com. is below the delegation and has no glue: nobody can reach it"},
		{head + "sub NS ns1\nx.sub TXT hidden\n", "example.com.zone:6:1: warning: x.sub.example.com. TXT is never seen: it lies below the delegation at sub.example.com."},
		{head + "sub NS ns1\nsub TXT hidden\n", "example.com.zone:6:1: warning: sub.example.com. TXT is never seen: the name is delegated"},
		{head + "sub NS ns.sub\nns.sub A 192.0.2.1 ;@ weighted weight=1\n", "example.com.zone:6:1: warning: ns.sub.example.com. A is glue, about which no policy decides: it is left out of referrals"},
		{head + "d DNAME example.net.\nx.d TXT hidden\n", "example.com.zone:6:1: warning: x.d.example.com. TXT is never seen: it lies below the DNAME at d.example.com."},
		{head + "www.example.com A 192.0.2.1\n", "example.com.zone:5:1: warning: www.example.com.example.com. ends with the zone's name twice: is a dot missing at its end?"},
		{head + "www CNAME web.example.com\nweb A 192.0.2.1\n", "example.com.zone:5:1: warning: web.example.com.example.com. in the data ends with the zone's name twice: is a dot missing at its end?"},
		{head + "www DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000\n", "example.com.zone:5:1: warning: DS at www.example.com., which is not delegated"},
		{"$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\nns1 A 192.0.2.53\n", "example.com.zone: warning: no NS record at example.com.: resolvers need one"},
		{head + "app A 192.0.2.1 ;@ weighted weight=1\napp A 192.0.2.2\n", "example.com.zone:6:1: app.example.com. A has no annotation, but line 5 of the same name and type has one: annotate all of them or none"},
		{head + "app A 192.0.2.1 ;@ weighted weight=1 check=wbe\n", `example.com.zone:5:44: check "wbe" is not declared in signpost.yaml (did you mean "web"?)`},
		{head + "t TXT x ;@ weighted id=x check=web weight=1\nt TXT y ;@ weighted id=x check=web weight=1\nt TXT z ;@ weighted id=z check=pushed weight=1\n",
			`example.com.zone:5:32: check "web" probes each record's own address or host name, and this TXT has none: give checks.web a target in signpost.yaml`},
		{head + "a ALIAS b\nb CNAME c\nc ALIAS a\n", "example.com.zone:5:1: ALIAS cycle: a.example.com. → b.example.com. → c.example.com. → a.example.com."},
		{head + "a CNAME 192.0.2.1\nb MX 10 mail.192.0.2.1\nmail.192.0.2.1 A 192.0.2.1\n", "example.com.zone:5:1: warning: 192.0.2.1.example.com. in the data looks like an address: CNAME wants a name"},
		{head + "a CNAME 192.0.2.1\n192.0.2.1 A 192.0.2.1\nb MX 10 192.0.2.1.\n", "example.com.zone:7:1: warning: 192.0.2.1. in the data looks like an address: MX wants a name"},
		{head + "a CNAME http://www.example.net/\n", "example.com.zone:5:1: warning: http://www.example.net/.example.com. in the data looks like a URL: CNAME wants a name"},
		{head + "@ TXT v=spf1 include:example.net ~all\n@ TXT \"v=spf1 -all\"\n@ TXT \"v=spf1\" \" include:example.net -all\"\n", `example.com.zone:5:1: warning: strings behind "v=spf1" are read without blanks between them: put all of the text into one pair of quotes`},
		{head + "k TXT v=DKIM1; k=rsa; p=MIGf\nl TXT \"v=DKIM1\" \"; p=MIGf\"\n", `example.com.zone:5:1: warning: text ends behind "v=DKIM1": what follows a ";" is a comment unless all of it stands in quotes`},
		{head + "a ALIAS a\n", "example.com.zone:5:1: ALIAS cycle: a.example.com. → a.example.com."},
		{head + "a ALIAS b ;@ weighted id=x weight=1\na ALIAS ns1 ;@ weighted id=y weight=1\nb CNAME c\nc ALIAS ns1 ;@ weighted id=x weight=1\nc ALIAS a ;@ weighted id=y weight=1\n",
			"example.com.zone:5:1: ALIAS cycle: a.example.com. → b.example.com. → c.example.com. → a.example.com."},
		{head + "a ALIAS ns1 ;@ weighted id=x weight=1\na ALIAS b ;@ weighted id=y weight=1\nb CNAME u ;@ weighted id=x weight=1\nb CNAME l ;@ weighted id=y weight=1\nu CNAME b\nl ALIAS u\n",
			"example.com.zone:10:1: ALIAS cycle: l.example.com. → u.example.com. → b.example.com. → l.example.com."},
		{head + "a ALIAS b\nb CNAME c\nc CNAME b\n", ""},
		{head + "x ALIAS y\ny ALIAS x\n*.w ALIAS q.w\n", "example.com.zone:5:1: ALIAS cycle: x.example.com. → y.example.com. → x.example.com.\n" +
			"example.com.zone:7:1: ALIAS cycle: *.w.example.com. → *.w.example.com."},
		{head + "top ALIAS l ;@ weighted id=x weight=1\ntop ALIAS r ;@ weighted id=y weight=1\nl ALIAS ns1\nr ALIAS ns1\n", ""},
		{head + aliases(15) + "t ALIAS a0 ;@ weighted id=x weight=1\nt ALIAS ns1 ;@ weighted id=y weight=1\n",
			"example.com.zone:21:1: warning: a candidate of the ALIAS at t.example.com. leads through more than 16 names, which counts as down"},
		{head + "app ALIAS a ;@ weighted id=x weight=1\napp ALIAS b ;@ weighted id=x weight=1\n", "example.com.zone:6:1: a second ALIAS of candidate x; a candidate has one"},
		{head + aliases(16), "example.com.zone:5:1: warning: ALIAS at a0.example.com. leads through more than 16 names: queries for it fail"},
		{head + "app A 192.0.2.1 ;@ weighted id=a weight=1\napp A 192.0.2.1 ;@ weighted id=b weight=1\n", ""},
		{head + "app A 192.0.2.1 ;@ weighted id=a weight=1\napp A 192.0.2.1 ;@ weighted id=a weight=1\n", "example.com.zone:6:1: warning: app.example.com. A stands twice with the same data; the first is at line 5"},
		{head + "c CNAME a ;@ weighted id=x weight=1\nc CNAME b ;@ weighted id=x weight=1\n", "example.com.zone:6:1: a second CNAME of candidate x; a candidate has one"},
		{head + "@ NSEC3PARAM 1 0 2501 -\n", "example.com.zone:5:1: NSEC3 with 2501 iterations: more than 2500 are not served (RFC 5155 section 10.3)"},
		{head + "sub NS ns1\nsub DS 1 13 2 " + strings.Repeat("00", 32) + " ;@ weighted weight=1\n", "example.com.zone:6:83: DS records cannot be routed: they shape the zone itself"},
		{head + "sub NS ns1 ;@ weighted weight=1\n", "example.com.zone:5:15: NS records cannot be routed: they shape the zone itself"},
	} {
		_, diags := compileText(c.text)
		var got []string
		for _, d := range diags {
			got = append(got, d.String())
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", strings.TrimPrefix(c.text, head), strings.Join(got, "\n     "), c.want)
		}
	}
}

// aliases is a chain of count ALIAS records, each to the next.
func aliases(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "a%d ALIAS a%d\n", i, i+1)
	}
	return b.String() + fmt.Sprintf("a%d A 192.0.2.1\n", count)
}

// Protects "all errors at once": errors of the reader and of the checks come together, in file order.
func TestAllDiagnosticsAtOnce(t *testing.T) {
	z, diags := compileText(head + "a A 192.0.2.300\nwww A 192.0.2.1\nwww CNAME ns1\nb MX nonsense b\n")
	if z != nil || diags.Errors() != 3 || diags[0].Pos.Line != 5 || diags[1].Pos.Line != 7 || diags[2].Pos.Line != 8 {
		t.Errorf("got zone %v and\n%v", z, diags)
	}
}

// Protects the counts that the start-up text and the metrics print.
func TestCounts(t *testing.T) {
	z, diags := compileText(head + "a.b.c A 192.0.2.1\na.b.c A 192.0.2.1\napp A 192.0.2.1 ;@ weighted weight=1\n")
	if z == nil || z.Records != 5 || z.Names != 4 || z.Serial != 1 || !z.Pending {
		t.Errorf("got %+v, %v", z, diags)
	}
}
