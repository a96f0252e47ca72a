package compile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/host/zone"
)

var exampleOrigin = []byte("\x07example\x03com\x00")

func compileText(text string) (*zone.Zone, diag.List) {
	z, _, diags := Compile(Source{
		Path: "example.com.zone", Origin: exampleOrigin, Checks: map[string]bool{"web": true, "postgres": true, "pushed": false},
		Open: func(string) ([]byte, error) { return []byte(text), nil },
	}, nil)
	return z, diags
}

// millionText is a zone of count A records.
func millionText(count int) []byte {
	var b strings.Builder
	b.WriteString("$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n")
	for i := range count {
		fmt.Fprintf(&b, "host%07d 300 IN A 10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
	}
	return []byte(b.String())
}

// BenchmarkMillion is the compile step of "1,000,000-record zone: start to first answer, memory".
func BenchmarkMillion(b *testing.B) {
	text := millionText(1_000_000)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		z, _, diags := Compile(Source{Path: "big.zone", Origin: exampleOrigin, Open: func(string) ([]byte, error) { return text, nil }}, nil)
		if z == nil {
			b.Fatal(diags)
		}
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(z.Bytes())/1e6, "MB-zone")
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB-allocated")
	}
}
