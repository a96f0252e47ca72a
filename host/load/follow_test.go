package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

const viewsConfig = "views:\n  internal: { clients: [10.0.0.0/8] }\n  public: {}\n"

// Protects the ways in which editors save: all end in the new zone, and none makes the zone vanish in between.
func TestSaves(t *testing.T) {
	for name, save := range map[string]func(t *testing.T, file, text string){
		"in place": func(t *testing.T, file, text string) { write(t, text, file) },
		"rename over": func(t *testing.T, file, text string) {
			write(t, text, file+".tmp")
			must(t, os.Rename(file+".tmp", file))
		},
		"backup, then write": func(t *testing.T, file, text string) {
			must(t, os.Rename(file, file+"~"))
			write(t, text, file)
		},
		"remove, then write": func(t *testing.T, file, text string) {
			must(t, os.Remove(file))
			write(t, text, file)
		},
		"truncate, then write in pieces": func(t *testing.T, file, text string) {
			f, err := os.Create(file)
			must(t, err)
			for _, line := range strings.SplitAfter(text, "\n") {
				_, err := f.WriteString(line)
				must(t, err)
			}
			must(t, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "example.com.zone")
			write(t, zoneText(1, 3), file)
			f := follow(t, dir)
			f.awaitSerials("public/example.com. 1")
			save(t, file, zoneText(2, 3))
			f.awaitSerials("public/example.com. 2")
			if log := f.log.String(); strings.Contains(log, "removed") || strings.Contains(log, "ERROR") {
				t.Errorf("got a log of more than the new zone:\n%s", log)
			}
		})
	}
}

// Protects that zones and views come and go with their files.
func TestZonesComeAndGo(t *testing.T) {
	dir := t.TempDir()
	write(t, viewsConfig, dir, config.FileName)
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir)
	write(t, zoneText(1, 0), dir, "example.net.zone")
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
	write(t, zoneText(5, 0), dir, "internal", "example.com.zone")
	f.awaitSerials("internal/example.com. 5", "public/example.com. 1", "public/example.net. 1")
	write(t, zoneText(6, 0), dir, "internal", "example.com.zone")
	f.awaitSerials("internal/example.com. 6", "public/example.com. 1", "public/example.net. 1")
	must(t, os.Remove(filepath.Join(dir, "example.net.zone")))
	f.awaitSerials("internal/example.com. 6", "public/example.com. 1")
	must(t, os.RemoveAll(filepath.Join(dir, "internal")))
	f.awaitSerials("public/example.com. 1")
}

// Protects zones of several files: a change of what is included, its absence and its return.
func TestIncludes(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0)+"$INCLUDE shared/hosts.inc\n", dir, "example.com.zone")
	write(t, zoneText(1, 0), dir, "example.net.zone")
	f := follow(t, dir)
	f.awaitSerials("public/example.com. broken", "public/example.net. 1")
	write(t, "www IN A 192.0.2.1\n", dir, "shared", "hosts.inc")
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
	before := f.last.Records()
	write(t, "www IN A 192.0.2.1\nwww2 IN A 192.0.2.2\n", dir, "shared", "hosts.inc")
	f.await("one record more", func(s *Status) bool { return s.Records() == before+1 })
	must(t, os.Remove(filepath.Join(dir, "shared", "hosts.inc")))
	f.awaitDiagnostic("hosts.inc")
	if f.last.Records() != before+1 || !f.last.Zones[0].Stale {
		t.Errorf("include gone: got %+v, want the last good zone", f.last.Zones[0])
	}
}

// Protects Kubernetes' way of deploying: all files are links through ..data, which is swapped by a rename; one publish.
func TestConfigMapSwap(t *testing.T) {
	dir := t.TempDir()
	for version := 1; version <= 2; version++ {
		sub := filepath.Join(dir, "..v"+string(rune('0'+version)))
		write(t, zoneText(version, 0), sub, "example.com.zone")
		write(t, zoneText(version, 0), sub, "example.net.zone")
	}
	must(t, os.Symlink("..v1", filepath.Join(dir, "..data")))
	must(t, os.Symlink("..data/example.com.zone", filepath.Join(dir, "example.com.zone")))
	must(t, os.Symlink("..data/example.net.zone", filepath.Join(dir, "example.net.zone")))
	f := follow(t, dir)
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
	must(t, os.Symlink("..v2", filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	f.awaitSerials("public/example.com. 2", "public/example.net. 2")
	if got := f.generation(); got != 2 {
		t.Errorf("generation after the swap: got %d, want 2: both zones in one publish", got)
	}
}

// Protects deployments that swap a link to the whole directory, and zones that the new release does not have.
func TestReleaseSwap(t *testing.T) {
	base := t.TempDir()
	write(t, zoneText(1, 0), base, "releases/1/zones/example.com.zone")
	write(t, zoneText(1, 0), base, "releases/1/zones/example.net.zone")
	write(t, zoneText(2, 0), base, "releases/2/zones/example.com.zone")
	must(t, os.Symlink("releases/1", filepath.Join(base, "current")))
	f := follow(t, filepath.Join(base, "current", "zones"))
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
	must(t, os.Symlink("releases/2", filepath.Join(base, "next")))
	must(t, os.Rename(filepath.Join(base, "next"), filepath.Join(base, "current")))
	f.awaitSerials("public/example.com. 2")
	write(t, zoneText(3, 0), base, "releases/2/zones/example.com.zone")
	f.awaitSerials("public/example.com. 3")
}

// Protects links to single files elsewhere.
func TestLinkedFile(t *testing.T) {
	base := t.TempDir()
	write(t, zoneText(1, 0), base, "elsewhere", "com")
	must(t, os.Mkdir(filepath.Join(base, "zones"), 0o755))
	must(t, os.Symlink("../elsewhere/com", filepath.Join(base, "zones", "example.com.zone")))
	f := follow(t, filepath.Join(base, "zones"))
	f.awaitSerials("public/example.com. 1")
	write(t, zoneText(2, 0), base, "elsewhere", "com")
	f.awaitSerials("public/example.com. 2")
}

// Protects the last good zones while the directory is away, emptied behind our back, or another one.
func TestDirectoryReplaced(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "zones")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir)
	must(t, os.Rename(dir, dir+".old"))
	f.awaitDiagnostic("directory cannot be read")
	f.awaitSerials("public/example.com. 1")
	must(t, os.Mkdir(dir, 0o755))
	f.awaitDiagnostic("replaced by one without zone files")
	f.awaitSerials("public/example.com. 1")
	write(t, zoneText(2, 0), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 2")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	write(t, zoneText(3, 0), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 3")
	must(t, os.RemoveAll(dir))
	f.awaitDiagnostic("directory cannot be read")
	must(t, os.Mkdir(dir, 0o755))
	f.awaitDiagnostic("replaced by one without zone files")
	f.Reload()
	f.awaitSerials()
}

// Protects against half a file: one that still parses, while its writer holds it open, is not served.
func TestHalfWritten(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 10), dir, "example.com.zone")
	write(t, zoneText(1, 0), dir, "example.net.zone")
	f := follow(t, dir)
	text := zoneText(2, 10)
	half := strings.Index(text, "h5")
	out, err := os.Create(filepath.Join(dir, "example.com.zone"))
	must(t, err)
	if writerOf(out) == writerUnknown {
		t.Skip("the system cannot tell whether a file is open for writing")
	}
	_, err = out.WriteString(text[:half])
	must(t, err)
	for serial := 2; serial < 8; serial++ { // each takes longer than the quiet time
		write(t, zoneText(serial, 0), dir, "example.net.zone")
		f.await("the other zone", func(s *Status) bool { return s.Zones[1].Serial == uint32(serial) })
		if f.last.Zones[0].Serial != 1 {
			t.Fatalf("half a file is served: %+v", f.last.Zones[0])
		}
	}
	_, err = out.WriteString(text[half:])
	must(t, err)
	must(t, out.Close())
	f.await("the whole zone", func(s *Status) bool { return s.Zones[0].Serial == 2 })
	if got := f.last.Zones[0].Records; got != 13 {
		t.Errorf("records: got %d, want 13", got)
	}
}

// Protects bad files: the last good zone stays, others go on, an empty file is as bad, and a correction heals.
func TestBadFile(t *testing.T) {
	for name, bad := range map[string]string{"syntax": zoneText(2, 0) + "www IN A 192.0.2.256\n", "empty": "", "no SOA": "www 60 IN A 192.0.2.1\n"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, zoneText(1, 0), dir, "example.com.zone")
			write(t, zoneText(1, 0), dir, "example.net.zone")
			f := follow(t, dir)
			write(t, bad, dir, "example.com.zone")
			f.awaitDiagnostic("example.com.zone")
			if z := f.last.Zones[0]; z.Serial != 1 || !z.Stale {
				t.Errorf("bad file: got %+v, want serial 1, stale", z)
			}
			write(t, zoneText(2, 0), dir, "example.net.zone")
			f.awaitSerials("public/example.com. 1", "public/example.net. 2")
			write(t, zoneText(3, 0), dir, "example.com.zone")
			f.awaitSerials("public/example.com. 3", "public/example.net. 2")
			if len(f.last.Diagnostics) != 0 {
				t.Errorf("corrected: got %v, want no diagnostics", f.last.Diagnostics)
			}
		})
	}
}

// Protects the start: a bad zone is a placeholder beside the good ones, until it is corrected.
func TestBadFileAtStart(t *testing.T) {
	dir := t.TempDir()
	write(t, "@ IN SOA\n", dir, "example.com.zone")
	write(t, zoneText(1, 0), dir, "example.net.zone")
	write(t, zoneText(1, 0), dir, "a..b.zone")
	f := follow(t, dir)
	f.awaitSerials("public/example.com. broken", "public/example.net. 1")
	if !hasDiagnostic(f.last, "a..b.zone: zone name") {
		t.Errorf("got %v, want a diagnostic of the file name", f.last.Diagnostics)
	}
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
}

// Protects the log from a bad zone that is tried again because something else changed: only another text, or another mistake, is told.
func TestBadFileIsToldOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, "serial: file\n", dir, config.FileName)
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir)
	const refusal = "zone not loaded"
	bad := zoneText(2, 0) + "www IN A 192.0.2.256\n"
	write(t, bad, dir, "example.com.zone")
	f.awaitDiagnostic("example.com.zone")
	told := func(when string, want int) {
		t.Helper()
		if got := strings.Count(f.log.String(), refusal); got != want {
			t.Errorf("%s: got %d lines %q, want %d", when, got, refusal, want)
		}
		if got := strings.Count(f.log.String(), "msg=\"example.com.zone:5:10: "); got != want {
			t.Errorf("%s: got %d lines of the mistake, want %d", when, got, want)
		}
	}
	told("saved", 1)
	for i, text := range []string{"serial: auto\n", "serial: file\n", "serial: auto\n"} { // each has all zones compiled again
		write(t, text, dir, config.FileName)
		f.await("the configuration", func(*Status) bool { return strings.Count(f.log.String(), "configuration loaded") == i+1 })
	}
	told("after three configurations", 1)
	write(t, bad+"; another text\n", dir, "example.com.zone")
	f.await("the second refusal", func(*Status) bool { return strings.Count(f.log.String(), refusal) == 2 })
	told("saved again", 2)
}

// Protects that content decides: touching, and writing the same text, change nothing.
func TestSameContent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "example.com.zone")
	write(t, zoneText(1, 0), file)
	write(t, zoneText(1, 0), dir, "example.net.zone")
	f := follow(t, dir)
	must(t, os.Chtimes(file, time.Time{}, time.Unix(1_000_000_000, 0)))
	write(t, zoneText(1, 0), file)
	write(t, zoneText(2, 0), dir, "example.net.zone")
	f.awaitSerials("public/example.com. 1", "public/example.net. 2")
	if got := f.generation(); got != 2 {
		t.Errorf("generation: got %d, want 2", got)
	}
	old := f.store.Load()
	write(t, zoneText(3, 0), dir, "example.net.zone")
	f.awaitSerials("public/example.com. 1", "public/example.net. 3")
	if f.store.Load().Views[0].Zones[0] != old.Views[0].Zones[0] {
		t.Error("an unchanged zone was compiled again")
	}
}

// Protects the rescan: it finds every change by itself.
func TestWithoutEvents(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir, func(o *Options) { o.NoEvents, o.Rescan = true, 5*time.Millisecond })
	write(t, zoneText(2, 0), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 2")
	write(t, zoneText(1, 0), dir, "example.net.zone")
	f.awaitSerials("public/example.com. 2", "public/example.net. 1")
	must(t, os.Remove(filepath.Join(dir, "example.com.zone")))
	f.awaitSerials("public/example.net. 1")
}

// Protects Reload: it notices what neither an event nor a stamp tells, and says when there was nothing.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir, func(o *Options) { o.NoEvents, o.Rescan = true, time.Hour })
	write(t, zoneText(2, 0), dir, "example.com.zone")
	f.Reload()
	f.awaitSerials("public/example.com. 2")
	f.Reload()
	f.await("the answer", func(*Status) bool { return strings.Contains(f.log.String(), "nothing changed") })
}

// Protects signpost.yaml: views come and go with it, a bad or removed one changes nothing, and Apply's complaints are kept.
func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0), dir, "example.com.zone")
	write(t, zoneText(7, 0), dir, "internal", "example.com.zone")
	applied := make(chan *config.Config, 10)
	f := follow(t, dir, func(o *Options) {
		o.Apply = func(c *config.Config) (diags diag.List) {
			applied <- c
			if c.Serial == config.SerialAuto {
				diags.Errorf(diag.Pos{File: config.FileName}, "address already in use")
			}
			return diags
		}
	})
	f.awaitSerials("public/example.com. 1")
	if !hasDiagnostic(f.last, "internal: warning: directory is no view of signpost.yaml; 1 zone file in it is not served") {
		t.Errorf("got %v, want a warning of internal", f.last.Diagnostics)
	}
	write(t, viewsConfig, dir, config.FileName)
	f.awaitSerials("internal/example.com. 7", "public/example.com. 1")
	if got := f.generation(); got != 2 {
		t.Errorf("generation: got %d, want 2: the view and its zones in one publish", got)
	}
	<-applied
	write(t, "veiws: {}\n", dir, config.FileName)
	f.awaitDiagnostic("signpost.yaml:1")
	f.awaitSerials("internal/example.com. 7", "public/example.com. 1")
	must(t, os.Remove(filepath.Join(dir, config.FileName)))
	f.awaitDiagnostic("file was removed; the last good configuration stays")
	f.awaitSerials("internal/example.com. 7", "public/example.com. 1")
	write(t, viewsConfig+"serial: auto\n", dir, config.FileName)
	f.awaitDiagnostic("address already in use")
	write(t, "serial: file\n", dir, config.FileName)
	f.awaitSerials("public/example.com. 1")
	must(t, os.Remove(filepath.Join(dir, config.FileName)))
	f.awaitDiagnostic("file was removed")
	f.Reload()
	f.await("no errors", func(s *Status) bool { return s.Diagnostics.Errors() == 0 })
}

// Protects serial: auto end to end, over a restart too.
func TestSerialAuto(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	write(t, "serial: auto\n", dir, config.FileName)
	write(t, zoneText(10, 0), dir, "example.com.zone")
	remember := func(o *Options) { o.StateDir = state }
	f := follow(t, dir, remember)
	f.awaitSerials("public/example.com. 10")
	write(t, zoneText(10, 1), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 11")
	write(t, zoneText(10, 2), dir, "example.com.zone")
	f.awaitSerials("public/example.com. 12")
	again := follow(t, dir, remember)
	again.awaitSerials("public/example.com. 12")
	write(t, zoneText(20, 2), dir, "example.com.zone")
	again.awaitSerials("public/example.com. 20")
}

// Protects two files of one name: the first is served, the other is an error that goes away with it.
func TestDuplicates(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0), dir, "EXAMPLE.com.zone")
	write(t, zoneText(2, 0), dir, "example.com.zone")
	f := follow(t, dir)
	f.awaitSerials("public/example.com. 1")
	f.awaitDiagnostic("example.com.zone: zone example.com. is in EXAMPLE.com.zone as well")
	must(t, os.Remove(filepath.Join(dir, "EXAMPLE.com.zone")))
	f.awaitSerials("public/example.com. 2")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
}

// Protects a storm of saves, some of them broken: the last one is what is served in the end, and every served version was whole.
func TestStorm(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 50), dir, "example.com.zone")
	f := follow(t, dir)
	const saves = 300
	for i := 2; i <= saves; i++ {
		text := zoneText(i, 50)
		switch i % 5 {
		case 0:
			write(t, text[:len(text)/2]+"\nbroken (", dir, "example.com.zone")
		case 1:
			write(t, text, dir, "next")
			must(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "example.com.zone")))
		default:
			write(t, text, dir, "example.com.zone")
		}
	}
	write(t, zoneText(saves+1, 50), dir, "example.com.zone")
	f.await("the last version", func(s *Status) bool {
		if z := s.Zones[0]; z.Records != 53 {
			t.Fatalf("served %+v, want 53 records", z)
		}
		return s.Zones[0].Serial == saves+1
	})
}

// Protects what is not to be served or read at all.
func TestIrregular(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "example.com.zone"), 0o755))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "example.net.zone")))
	must(t, os.Symlink("loop.zone", filepath.Join(dir, "loop.zone")))
	f := follow(t, dir)
	f.awaitDiagnostic("example.com.zone")
	f.awaitDiagnostic("loop.zone")
	f.awaitDiagnostic("example.net.zone")
	write(t, zoneText(1, 0), dir, "nowhere")
	f.await("the zone behind the link", func(s *Status) bool { return strings.Contains(summary(s), "example.net. 1") })
}
