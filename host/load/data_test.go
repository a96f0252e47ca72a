package load

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/config"
	"signpost/host/geo"
)

// rowOf is a table in which the test's client is so many milliseconds from eu-west-1.
func rowOf(millis int) string { return fmt.Sprintf("192.0.2.0/24,eu-west-1,%d\n", millis) }

// millis is what the served data has; -1 if nothing is known.
func (f *follower) millis() int {
	var finder geo.Finder
	region, _ := geo.NewRegions(nil).Find("eu-west-1")
	latencies, _ := finder.Latencies(f.store.Load().Geo, netip.MustParsePrefix("192.0.2.1/32"), []geo.Region{region}, nil)
	if latencies[0].Source == geo.Unknown {
		return -1
	}
	return int(latencies[0].Micros) / 1000
}

func (f *follower) awaitMillis(want int) {
	f.t.Helper()
	f.await(fmt.Sprintf("%d ms", want), func(*Status) bool { return f.millis() == want })
}

// country is where the served data has the test's client; "" if nothing is known.
func (f *follower) country() string {
	var finder geo.Finder
	place, _ := finder.Place(f.store.Load().Geo, netip.MustParsePrefix("192.0.2.1/32"))
	return strings.Trim(string(place.Country[:]), "\x00")
}

// Protects the ways in which data files change: all end in the new data, and none takes the old away in between.
func TestDataSaves(t *testing.T) {
	for name, save := range map[string]func(t *testing.T, base, file, text string){
		"in place": func(t *testing.T, _, file, text string) { write(t, text, file) },
		"rename over": func(t *testing.T, _, file, text string) {
			write(t, text, file+".new")
			must(t, os.Rename(file+".new", file))
		},
		"remove, then write": func(t *testing.T, _, file, text string) {
			must(t, os.Remove(file))
			write(t, text, file)
		},
		"a link that turns": func(t *testing.T, base, file, text string) {
			write(t, text, base, "second", "t.csv")
			must(t, os.Symlink(filepath.Join(base, "second", "t.csv"), file+".link"))
			must(t, os.Rename(file+".link", file))
		},
		"a linked folder that turns": func(t *testing.T, base, _, text string) {
			write(t, text, base, "third", "t.csv")
			must(t, os.Symlink("third", filepath.Join(base, "next")))
			must(t, os.Rename(filepath.Join(base, "next"), filepath.Join(base, "current")))
		},
	} {
		for _, place := range []string{"t.csv", "sub/t.csv", "absolute"} {
			t.Run(name+" "+place, func(t *testing.T) {
				base := t.TempDir()
				dir, file := filepath.Join(base, "zones"), filepath.Join(base, "zones", filepath.FromSlash(place))
				if place == "absolute" || strings.Contains(name, "folder") {
					write(t, rowOf(10), base, "first", "t.csv")
					must(t, os.Symlink("first", filepath.Join(base, "current")))
					file = filepath.Join(base, "current", "t.csv")
					place = filepath.ToSlash(file)
				}
				write(t, rowOf(10), file)
				write(t, "latency: { table: '"+place+"' }\n", dir, config.FileName)
				f := follow(t, dir)
				if got := f.millis(); got != 10 {
					t.Fatalf("at the start: got %d ms, want 10", got)
				}
				save(t, base, file, rowOf(20))
				f.awaitMillis(20)
				if log := f.log.String(); strings.Contains(log, "ERROR") {
					t.Errorf("got a log of more than the new table:\n%s", log)
				}
			})
		}
	}
}

// Protects against half a table, which still parses, and half a database, which does not.
func TestDataHalfWritten(t *testing.T) {
	dir := t.TempDir()
	sample, err := os.ReadFile("../../zonefiles/sample.mmdb")
	must(t, err)
	write(t, "geo: { database: places.mmdb }\nlatency: { table: t.csv }\n", dir, config.FileName)
	write(t, rowOf(10), dir, "t.csv")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir)
	for _, file := range []struct{ name, text string }{{"t.csv", "198.51.100.0/24,eu-west-1,7\n" + rowOf(20)}, {"places.mmdb", string(sample)}} {
		out, err := os.Create(filepath.Join(dir, file.name))
		must(t, err)
		if writerOf(out) == writerUnknown {
			t.Skip("the system cannot tell whether a file is open for writing")
		}
		half := strings.Index(file.text, "\n") + 1
		_, err = out.WriteString(file.text[:half])
		must(t, err)
		serial := f.last.Zones[0].Serial
		for range 3 { // each takes longer than the quiet time
			serial++
			write(t, zoneText(int(serial), 0), dir, "example.com.zone")
			f.await("the zone", func(s *Status) bool { return s.Zones[0].Serial == serial })
			if f.millis() == -1 || f.country() != "" || strings.Contains(f.log.String(), "no MMDB") {
				t.Fatalf("%s: half of it was read: %d ms, %q\n%s", file.name, f.millis(), f.country(), f.log)
			}
		}
		_, err = out.WriteString(file.text[half:])
		must(t, err)
		must(t, out.Close())
		f.awaitMillis(20)
	}
	f.await("the database", func(*Status) bool { return f.country() == "DE" })
}

// Protects what depends on the configuration: a table is read again when regions come, and goes with its line.
func TestDataAndConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, "latency: { table: t.csv }\n", dir, config.FileName)
	write(t, rowOf(10)+"192.0.2.0/24,our-dc,1\n", dir, "t.csv")
	f := follow(t, dir)
	f.awaitDiagnostic(`t.csv:2:14: region "our-dc" is not known`)
	if f.millis() != -1 {
		t.Errorf("got %d ms, want none of a table with a mistake", f.millis())
	}
	write(t, "latency: { table: t.csv, regions: { our-dc: { lat: 1, lon: 2 } } }\n", dir, config.FileName)
	f.await("10 ms and nothing wrong", func(s *Status) bool { return f.millis() == 10 && len(s.Diagnostics) == 0 })
	write(t, "latency: { table: t.csv, regions: { dc: { lat: 1, lon: 2 } } }\n", dir, config.FileName)
	f.awaitDiagnostic(`t.csv:2:14: region "our-dc" is not known`)
	if len(f.last.Failed) != 1 || f.last.Failed[0] != (Failed{Path: "t.csv", Serving: true}) || f.millis() != 10 {
		t.Errorf("got %+v and %d ms, want the last good table", f.last.Failed, f.millis())
	}
	write(t, "latency: { table: other.csv, regions: { dc: { lat: 1, lon: 2 } } }\n", dir, config.FileName)
	f.awaitDiagnostic("signpost.yaml:1:19: latency.table: other.csv cannot be read: file does not exist; the last good one stays")
	write(t, rowOf(30), dir, "other.csv")
	f.awaitMillis(30)
	write(t, "", dir, "other.csv")
	f.awaitDiagnostic("signpost.yaml:1:19: latency.table: other.csv is empty; the last good one stays")
	write(t, "# nothing\n", dir, config.FileName)
	f.await("no data and nothing wrong", func(s *Status) bool { return f.store.Load().Geo == nil && len(s.Diagnostics) == 0 })
	write(t, rowOf(50), dir, "other.csv")
	write(t, "latency: { table: other.csv }\n", dir, config.FileName)
	f.awaitMillis(50)
}

// Protects against readings that overtake each other: whatever changed last is what serves in the end.
func TestDataStorm(t *testing.T) {
	dir := t.TempDir()
	f := follow(t, dir)
	for i := range 40 {
		table := fmt.Sprintf("t%d.csv", i%3)
		write(t, rowOf(100+i), dir, table)
		write(t, "latency: { table: "+table+" }\n", dir, config.FileName)
		if i%7 == 0 {
			f.awaitMillis(100 + i)
		}
	}
	f.awaitMillis(139)
	write(t, rowOf(200), dir, "t0.csv")
	f.awaitMillis(200)
}

// Protects data from a reload that finds nothing new: no publish, and no word.
func TestDataSameContent(t *testing.T) {
	dir := t.TempDir()
	write(t, "latency: { table: t.csv }\n", dir, config.FileName)
	write(t, rowOf(10), dir, "t.csv")
	f := follow(t, dir)
	before := f.store.Load()
	f.Reload()
	f.await("the reload", func(*Status) bool { return strings.Contains(f.log.String(), "nothing changed") })
	if after := f.store.Load(); after != before {
		t.Errorf("got generation %d, want still %d", after.Generation, before.Generation)
	}
	write(t, rowOf(10), dir, "t.csv")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 1")
	if f.store.Load().Geo != before.Geo {
		t.Error("a table of the same content was taken for another one")
	}
}

// Protects whoever takes one database for the other: it is told.
func TestMistakenDatabase(t *testing.T) {
	for _, c := range []struct {
		kind int
		name string
		want bool
	}{
		{placesFile, "GeoLite2-ASN", true}, {placesFile, "ipinfo generic_asn_free.mmdb", true}, {placesFile, "GeoLite2-City", false}, {placesFile, "Signpost-Sample", false},
		{networksFile, "GeoLite2-City", true}, {networksFile, "DBIP-Country", true}, {networksFile, "GeoLite2-ASN", false}, {networksFile, "GeoIP2-Enterprise", false},
	} {
		if got := lacks(c.kind, c.name); (got != "") != c.want {
			t.Errorf("%s: %s: got %q, want a warning: %v", dataKeys[c.kind], c.name, got, c.want)
		}
	}
}
