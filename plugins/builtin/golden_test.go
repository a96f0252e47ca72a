package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"signpost/sdk"
	"signpost/sdk/abi"
)

// table is one plugins/NAME/testdata/golden.txt: policies, each with what it decides or why it is refused. In it
//
//	# comment
//	| weight=90 id=a             a candidate, as its annotation; the first one behind other lines begins a policy
//	WHAT: down=0,2 → 1 0 pick=2 scope=24/56
//	                             a decision. Facts are down=, before= (weights of the plugins before), client=, latency= (microseconds, 0:
//	                             unknown), continent=, country=, subdivision=, asn= and at=LATITUDE,LONGITUDE; scope=* is the facts' own
//	! CANDIDATE TEXT             refused: the problem at that candidate, or at "-": at none. A policy may have several
type table struct {
	name     string
	plugin   *sdk.Plugin
	policies []*golden
}

// golden is one policy of a table.
type golden struct {
	place      string // FILE:LINE
	candidates []string
	cases      []decision
	problems   []string // texts
}

// decision is one line of a policy.
type decision struct {
	place string
	given sdk.Given
	want  sdk.Outcome
}

// tables reads the golden files of all built-in plugins.
func tables(t testing.TB) []*table {
	t.Helper()
	var list []*table
	for folder, plugin := range builtins() {
		file := filepath.Join("..", folder, "testdata", "golden.txt")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tab := &table{name: folder, plugin: plugin}
		for i, line := range strings.Split(string(text), "\n") {
			place := fmt.Sprintf("%s/golden.txt:%d", folder, i+1)
			if err := tab.line(place, line); err != nil {
				t.Fatalf("%s: %v", place, err)
			}
		}
		if len(tab.policies) == 0 {
			t.Fatalf("%s is empty", file)
		}
		list = append(list, tab)
	}
	return list
}

func (tab *table) line(place, line string) error {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return nil
	}
	if candidate, ok := strings.CutPrefix(line, "|"); ok {
		if last := tab.last(); last == nil || len(last.cases)+len(last.problems) > 0 {
			tab.policies = append(tab.policies, &golden{place: place})
		}
		last := tab.last()
		if !strings.Contains(candidate, "id=") {
			candidate += " id=" + string(rune('a'+len(last.candidates)))
		}
		last.candidates = append(last.candidates, strings.TrimSpace(candidate))
		return nil
	}
	last := tab.last()
	if last == nil {
		return fmt.Errorf("%q stands before any candidate", line)
	}
	if problem, ok := strings.CutPrefix(line, "!"); ok {
		last.problems = append(last.problems, strings.TrimSpace(problem))
		return nil
	}
	head, want, ok := strings.Cut(line, "→")
	if !ok {
		return fmt.Errorf("%q has no →", line)
	}
	what, facts, _ := strings.Cut(head, ":")
	c := decision{place: place + ": " + what}
	if err := c.facts(facts); err != nil {
		return err
	}
	if err := c.wanted(want); err != nil {
		return err
	}
	if len(c.want.Weights) != len(last.candidates) {
		return fmt.Errorf("%d weights for %d candidates", len(c.want.Weights), len(last.candidates))
	}
	last.cases = append(last.cases, c)
	return nil
}

func (tab *table) last() *golden {
	if len(tab.policies) == 0 {
		return nil
	}
	return tab.policies[len(tab.policies)-1]
}

func (c *decision) facts(text string) (err error) {
	place := &c.given.Place
	for _, field := range strings.Fields(text) {
		key, value, _ := strings.Cut(field, "=")
		ok := true
		switch key {
		case "down":
			var list []uint32
			list, err = numbers(value)
			for _, i := range list {
				c.given.Down = append(c.given.Down, int(i))
			}
		case "before":
			c.given.Before, err = numbers(value)
		case "latency":
			c.given.Latency, err = numbers(value)
		case "client":
			c.given.Client, err = netip.ParsePrefix(value)
		case "continent":
			place.Continent, ok = sdk.CodeOf(value)
		case "country":
			place.Country, ok = sdk.CodeOf(value)
		case "subdivision":
			place.Subdivision, ok = sdk.CodeOf(value)
		case "asn":
			var list []uint32
			list, err = numbers(value)
			place.ASN = list[0]
		case "at":
			place.At.Latitude, place.At.Longitude, ok = abi.ParseCoordinates(value)
			place.Located = true
		default:
			ok = false
		}
		if err != nil || !ok {
			return fmt.Errorf("fact %q: %v", field, err)
		}
	}
	return nil
}

func (c *decision) wanted(text string) (err error) {
	c.want = sdk.Outcome{TTLCap: abi.TTLCapNone, Scope4: abi.ScopeUnsaid, Scope6: abi.ScopeUnsaid}
	for _, field := range strings.Fields(text) {
		key, value, ok := strings.Cut(field, "=")
		var n uint64
		switch {
		case !ok:
			n, err = strconv.ParseUint(field, 10, 32)
			c.want.Weights = append(c.want.Weights, uint32(n))
		case key == "pick":
			c.want.Pick, err = strconv.Atoi(value)
		case key == "scope":
			_, err = fmt.Sscanf(value, "%d/%d", &c.want.Scope4, &c.want.Scope6)
		default:
			err = fmt.Errorf("%q is unknown", field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func numbers(text string) (list []uint32, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return []uint32{0}, err
		}
		list = append(list, uint32(n))
	}
	return list, nil
}
