package answer

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/zone"
)

// corpus is the zones of the conformance test, by origin.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../conformance/testdata/main/*.zone")
	if err != nil || len(paths) < 20 {
		t.Fatalf("got %d zones of the conformance test, %v", len(paths), err)
	}
	zones := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) < 60_000 {
			zones[strings.TrimSuffix(filepath.Base(path), "zone")] = string(text)
		}
	}
	return zones
}

// probe compiles a zone and, if it loads, asks about the names that its lines begin with and their neighbours. Whatever it holds, each
// response must parse.
func probe(t *testing.T, origin, text string, random *rand.Rand) (loaded bool) {
	z, _ := compileZone(origin, text)
	if z == nil {
		return false
	}
	w := workerOf(t, &zone.Snapshot{Generation: 1, Config: config.Default(), Views: []*zone.View{zone.NewView("public", nil, []*zone.Zone{z})}})
	types := []uint16{dns.TypeA, dns.TypeDS, dns.TypeANY, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeMX}
	for line := range strings.Lines("@ \n" + text) {
		owner, _, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		name := dns.Fqdn(owner)
		if owner == "@" {
			name = origin
		} else if !dns.IsFqdn(owner) {
			name = owner + "." + origin
		}
		for _, below := range []string{"", "a.", "*.", "a.b.c.d."} {
			buf := make([]byte, 256)
			if _, err := dns.PackDomainName(below+name, buf, 0, nil, false); err != nil || owner == "" {
				continue
			}
			query := new(dns.Msg).SetQuestion(below+name, types[random.IntN(len(types))])
			query.SetEdns0(1232, true)
			exchange(t, w, query, random.IntN(2) == 0)
		}
	}
	return true
}

// Protects the server from zones that lost some of their records, such as signed ones that a person edited: proofs lead nowhere, signatures
// cover nothing, the chain has holes.
func TestDamagedZones(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	loaded := 0
	zones := corpus(t)
	for _, origin := range slices.Sorted(maps.Keys(zones)) {
		text := zones[origin]
		var entries []string // a record may take several lines
		depth := 0
		for line := range strings.Lines(text) {
			if depth > 0 {
				entries[len(entries)-1] += line
			} else {
				entries = append(entries, line)
			}
			bare, _, _ := strings.Cut(line, ";")
			depth += strings.Count(bare, "(") - strings.Count(bare, ")")
		}
		for round := range 10 {
			var damaged strings.Builder
			for _, entry := range entries {
				if entry[0] == '$' || random.IntN(20) > round {
					damaged.WriteString(entry)
				}
			}
			if probe(t, origin, damaged.String(), random) {
				loaded++
			}
		}
	}
	if loaded < 200 {
		t.Errorf("got %d damaged zones that load, want hundreds", loaded)
	}
}

// FuzzZone answers from zones of any text.
func FuzzZone(f *testing.F) {
	for origin, text := range corpus(f) {
		if len(text) < 8192 {
			f.Add(origin, text)
		}
	}
	f.Add("example.com.", "$TTL 300\n@ SOA a b 1 2 3 4 5\n"+exampleZone+routedZone)
	f.Fuzz(func(t *testing.T, origin, text string) {
		if len(text) < 16384 && len(origin) < 200 {
			probe(t, dns.Fqdn(strings.ToLower(origin)), text, rand.New(rand.NewPCG(1, 2)))
		}
	})
}
