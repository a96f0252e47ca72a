package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// zoneFile is one zone of the corpus. The peers load peerPath, Signpost the directory of the originals.
type zoneFile struct {
	name     string // with the final dot
	origin   []byte // wire, folded
	peerPath string
	records  []record // only owner and typ are meaningful: what to ask for
}

// copyZones copies testdata/instance to scratch/zones and lists its zones.
func copyZones(t *testing.T, instance, scratch string) []zoneFile {
	wanted, err := regexp.Compile(*zonesWanted)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(scratch, "zones")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", instance))); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.zone"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("zones of %s: %v, found %d", dir, err, len(paths))
	}
	var zones []zoneFile
	for _, path := range paths {
		if !wanted.MatchString(filepath.Base(path)) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		name := strings.TrimSuffix(filepath.Base(path), ".zone") + "."
		if name == "root." {
			name = "."
		}
		zones = append(zones, zoneFile{name: name, origin: wireName(t, name), peerPath: path})
	}
	return zones
}

// expand lets BIND's named-compilezone say which names and types the zones have. Where a file uses $GENERATE, which neither NSD nor
// Knot reads, the peers load what it made of it.
func expand(t *testing.T, zones []zoneFile, scratch string) {
	for i := range zones {
		z := &zones[i]
		text, err := os.ReadFile(z.peerPath)
		if err != nil {
			t.Fatal(err)
		}
		flat := filepath.Join(scratch, filepath.Base(z.peerPath))
		if notLoaded[z.name][bind] != "" {
			flat = z.peerPath // written one full record a line
		} else {
			flatten(t, z.name, z.peerPath, flat)
		}
		if strings.Contains(string(text), "\n$GENERATE") {
			z.peerPath = flat
		}
		z.records = ownersOf(t, flat)
	}
}

// flatten writes the zone one full record a line. named-compilezone looks for included files in its working directory.
func flatten(t *testing.T, name, path, flat string) {
	cmd := exec.Command(program("named-compilezone"), "-i", "none", "-k", "ignore", "-s", "full", "-o", flat, name, filepath.Base(path))
	cmd.Dir = filepath.Dir(path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("named-compilezone %s: %v\n%s", path, err, out)
	}
}

// ownersOf reads owner and type of each line of a zone in BIND's "full" style: owner TTL class type data.
func ownersOf(t *testing.T, path string) []record {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var records []record
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[2] != "IN" {
			continue
		}
		typ, ok := dns.StringToType[fields[3]]
		if !ok {
			number, err := strconv.ParseUint(strings.TrimPrefix(strings.Replace(fields[3], "NSAP", "TYPE22", 1), "TYPE"), 10, 16)
			if err != nil {
				t.Fatalf("%s: type of %q", path, line)
			}
			typ = uint16(number)
		}
		records = append(records, record{owner: string(wireName(t, fields[0])), typ: typ})
	}
	return records
}

func wireName(t *testing.T, text string) []byte {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(text, wire, 0, nil, false)
	if err != nil {
		t.Fatalf("name %q: %v", text, err)
	}
	return []byte(folded(wire[:n]))
}
