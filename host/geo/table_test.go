package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// Protects the format of the table, as the manual has it.
func TestParseTable(t *testing.T) {
	text := "\ufeffprefix, region, ms\r\n# a comment\n\n192.0.2.0/24,us-east-1,80\n 192.0.2.7 , a ,0.25 # own\r\n\"2001:db8::/32\",\"westeurope\",\"12.3456\"\n2001:db8::1,europe-west1,60000"
	table := tableOf(t, text)
	var f Finder
	regions := []Region{{Name: "us-east-1"}, {Name: "a"}, {Name: "westeurope"}, {Name: "europe-west1"}}
	for client, want := range map[string]string{
		"192.0.2.7/32":    "[{80000 measured} {250 measured} {0 unknown} {0 unknown}]",
		"192.0.2.8/32":    "[{80000 measured} {0 unknown} {0 unknown} {0 unknown}]",
		"192.0.3.8/32":    "[{0 unknown} {0 unknown} {0 unknown} {0 unknown}]",
		"2001:db8::1/128": "[{0 unknown} {0 unknown} {12345 measured} {60000000 measured}]",
		"2001:db8::2/128": "[{0 unknown} {0 unknown} {12345 measured} {0 unknown}]",
	} {
		if got, _ := f.Latencies(NewData(nil, nil, table), netip.MustParsePrefix(client), regions, nil); fmt.Sprint(got) != want {
			t.Errorf("%s: got %v, want %s", client, got, want)
		}
	}
	if table.Rows != 4 {
		t.Errorf("got %d rows, want 4", table.Rows)
	}
}

// Protects the text and the place of every kind of mistake, and that all are found at once.
func TestTableMistakes(t *testing.T) {
	hint := func(word string, known []string) string {
		if word == "us-esat-1" && slices.Contains(known, "us-east-1") && slices.Contains(known, "a") {
			return " (hint)"
		}
		return ""
	}
	for text, want := range map[string]string{
		"192.0.2.0/24,a":                  `1:1: 2 fields, a row has three: prefix,region,ms`,
		"192.0.2.0/24,a,1,2":              `1:1: 4 fields, a row has three: prefix,region,ms`,
		"192.0.2.0/33,us-esat-1, 1ms":     `1:1: "192.0.2.0/33" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32|1:14: region "us-esat-1" is not known (hint)|1:25: "1ms" is not a number of milliseconds such as 12 or 8.25`,
		"\n192.0.2.1/24,a,1":              `2:1: 192.0.2.1/24 has bits set behind the prefix (did you mean 192.0.2.0/24?)`,
		"::ffff:192.0.2.0/120,a,1":        `1:1: ::ffff:192.0.2.0/120 is an IPv4-mapped address; write it as IPv4`,
		"fe80::1%eth0,a,1":                `1:1: "fe80::1%eth0" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32`,
		"010.0.0.0/8,a,1":                 `1:1: "010.0.0.0/8" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32`,
		"10.0.0.0/8,a,60000.001":          `1:14: 60000.001 ms is outside 0..60000`,
		"10.0.0.0/8,a,99999999999999":     `1:14: 99999999999999 ms is outside 0..60000`,
		"10.0.0.0/8,a,1.2.3":              `1:14: "1.2.3" is not a number of milliseconds such as 12 or 8.25`,
		"10.0.0.0/8,a,.":                  `1:14: "." is not a number of milliseconds such as 12 or 8.25`,
		"10.0.0.0/8,a,-1":                 `1:14: "-1" is not a number of milliseconds such as 12 or 8.25`,
		"10.0.0.0/8,a,1\n10.0.0.0/8,a, 2": `2:1: the prefix and the region are those of line 1`,
		"10.0.0.0/8,a,1\nprefix,region,ms": `2:1: "prefix" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32|2:8: region "region" is not known|` +
			`2:15: "ms" is not a number of milliseconds such as 12 or 8.25`,
		"10.0.0.0/8,,1": `1:12: region "" is not known`,
		"::1/128,a,x\n10.0.0.0/8,b,1\n10.0.0.0/8,b,1": `1:11: "x" is not a number of milliseconds such as 12 or 8.25|3:1: the prefix and the region are those of line 2`,
	} {
		table, mistakes := ParseTable([]byte(text), NewRegions(testRegions), hint)
		var got []string
		for _, m := range mistakes {
			got = append(got, fmt.Sprintf("%d:%d: %s", m.Line, m.Col, m.Text))
		}
		if table != nil || strings.Join(got, "|") != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, strings.Join(got, "|"), want)
		}
	}
}

// Protects the log from a table that is wrong in every row.
func TestManyMistakes(t *testing.T) {
	table, mistakes := ParseTable([]byte(strings.Repeat("x,y,z\n", 1000)), NewRegions(nil), noHint)
	if last := mistakes[len(mistakes)-1]; table != nil || len(mistakes) != 101 || last.Text != "2900 more mistakes" {
		t.Errorf("got %d mistakes, the last %q, want 101 and a count", len(mistakes), last.Text)
	}
}

// Protects the loader: no panic, no row lost, mistakes inside the text.
func FuzzParseTable(f *testing.F) {
	f.Add([]byte("prefix,region,ms\n192.0.2.0/24,us-east-1,80\n2001:db8::/32,a,1.5 # x\n\"0.0.0.0/0\",b,0\n"))
	f.Add([]byte("255.255.255.255,a,1\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,a,1\n::/0,a,2\n::/1,b,2\n8000::/1,a,3"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, mistakes := ParseTable(text, NewRegions(testRegions), noHint)
		if (table == nil) == (len(mistakes) == 0) {
			t.Fatalf("got %v and %v, want one of them", table, mistakes)
		}
		lines := strings.Split(string(text), "\n")
		for _, m := range mistakes {
			if m.Line < 1 || m.Line > len(lines) || m.Col < 1 || m.Col > len(lines[m.Line-1])+4 {
				t.Errorf("%+v is outside the text", m)
			}
		}
		if table == nil {
			return
		}
		var f Finder
		d := NewData(nil, nil, table)
		regions := []Region{testRegions["a"], testRegions["b"]}
		for _, line := range lines {
			prefix, err := netip.ParsePrefix(strings.Trim(line[:max(0, strings.IndexByte(line, ','))], " \t\""))
			if err != nil {
				continue
			}
			near, bits := f.Latencies(d, netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen()), regions, nil)
			if bits < 0 || bits > prefix.Addr().BitLen() || len(near) != 2 {
				t.Errorf("%s: got %v for /%d", line, near, bits)
			}
		}
	})
}

// Protects the clouds' table from slips: Find searches it.
func TestClouds(t *testing.T) {
	for i, region := range clouds {
		if i > 0 && region.Name <= clouds[i-1].Name {
			t.Errorf("%s stands behind %s", region.Name, clouds[i-1].Name)
		}
		if math.Abs(region.Latitude) > 70 || math.Abs(region.Longitude) > 180 || region.Latitude == 0 || region.Longitude == 0 {
			t.Errorf("%+v: nobody builds there", region)
		}
		if found, ok := NewRegions(nil).Find(region.Name); !ok || found != region {
			t.Errorf("%s: got %v, %v", region.Name, found, ok)
		}
	}
	own := NewRegions(map[string]Region{"eu-west-1": {"eu-west-1", 1, 2}, "our-dc": {"our-dc", 3, 4}})
	if region, _ := own.Find("eu-west-1"); region.Latitude != 1 {
		t.Errorf("got %v, want the own region of that name", region)
	}
	names := own.Names()
	if len(names) != len(clouds)+1 || !slices.IsSorted(names) || !slices.Contains(names, "our-dc") {
		t.Errorf("got %d names, want those of %d clouds' regions and one more, sorted", len(names), len(clouds))
	}
	var none *Regions
	if _, ok := none.Find("eu-west-1"); ok || none.Names() != nil {
		t.Error("a nil Regions has regions")
	}
}

// Protects distances against known ones, and the estimate against round trips as people measure them.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		from, to                      string
		kilometres, millis, tolerance float64
	}{
		{"us-east4", "europe-west2", 5920, 75, 0.3}, {"europe-west3", "asia-southeast1", 10260, 157, 0.1}, {"us-west2", "australia-southeast1", 12060, 140, 0.4},
		{"europe-west3", "europe-west9", 480, 10, 0.3}, {"asia-northeast1", "asia-northeast2", 396, 9, 0.3}, {"eu-west-1", "northeurope", 0, 5, 0},
	} {
		a, _ := NewRegions(nil).Find(c.from)
		b, _ := NewRegions(nil).Find(c.to)
		got := kilometres(a.Latitude, a.Longitude, b.Latitude, b.Longitude)
		if math.Abs(got-c.kilometres) > 0.01*c.kilometres {
			t.Errorf("%s to %s: got %.0f km, want %.0f", c.from, c.to, got, c.kilometres)
		}
		if millis := float64(estimate(got)) / 1000; math.Abs(millis-c.millis) > c.tolerance*c.millis+0.01 {
			t.Errorf("%s to %s: got %.1f ms, people measure %.0f", c.from, c.to, millis, c.millis)
		}
	}
	if got := kilometres(10, 20, -10, -160); math.Abs(got-math.Pi*earthRadius) > 1e-6 {
		t.Errorf("antipodes: got %v km", got)
	}
}

// largeTable has rows for every prefix of so many: one for each of five regions.
func largeTable(prefixes int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	var text strings.Builder
	for i := range prefixes {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + i>>14), byte(i >> 6), byte(i << 2), 0}), 22+i&1)
		for _, region := range []string{"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"} {
			fmt.Fprintf(&text, "%s,%s,%d.%d\n", prefix, region, r.IntN(300), r.IntN(10))
		}
	}
	return []byte(text.String())
}

// BenchmarkParseTable reads a million rows.
func BenchmarkParseTable(b *testing.B) {
	text := largeTable(200_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		table, mistakes := ParseTable(text, NewRegions(nil), noHint)
		if table == nil {
			b.Fatal(mistakes)
		}
		b.ReportMetric(float64(table.Bytes())/1e6, "MB")
		b.ReportMetric(float64(table.Rows), "rows")
	}
}

// BenchmarkFinder asks for the facts of clients all over the address space.
func BenchmarkFinder(b *testing.B) {
	table, _ := ParseTable(largeTable(200_000), NewRegions(nil), noHint)
	records := make(map[string]mmdbtype.DataType)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 1 << 15 {
		records[netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + i>>10), byte(i >> 2), byte(i << 6), 0}), 18).String()] =
			countryRecord("DE", math.Round(r.Float64()*1800-900)/10, math.Round(r.Float64()*3600-1800)/10)
	}
	data := NewData(opened(b, written(b, mmdbwriter.Options{RecordSize: 24, DisableIPv4Aliasing: true}, records)), nil, table)
	clients := make([]netip.Prefix, 1<<14)
	for i := range clients {
		clients[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + r.IntN(12)), byte(r.Uint32()), byte(r.Uint32()), 7}), 32)
	}
	var measured, distant []Region
	for _, name := range []string{"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1", "us-east1", "us-west1", "europe-west1", "europe-west3", "asia-east1"} {
		region, _ := NewRegions(nil).Find(name)
		if measured = append(measured, region); len(measured) > 5 {
			distant = append(distant, region)
		}
	}
	measured = measured[:5]
	var f Finder
	b.Run("place", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			f.Place(data, clients[i&(len(clients)-1)])
		}
	})
	for name, regions := range map[string][]Region{"latency of 5 measured": measured, "latency of 5 by distance": distant} {
		latencies := make([]Latency, 5)
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				latencies, _ = f.Latencies(data, clients[i&(len(clients)-1)], regions, latencies)
			}
		})
	}
}

// kilometres is the distance between two places in degrees.
func kilometres(latitudeA, longitudeA, latitudeB, longitudeB float64) float64 {
	return vectorOf(latitudeA, longitudeA).kilometres(vectorOf(latitudeB, longitudeB))
}
