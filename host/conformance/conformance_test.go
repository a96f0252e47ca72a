package conformance

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	peersOnly   = flag.Bool("peers-only", false, "compare BIND with NSD and Knot instead of Signpost")
	binaryAt    = flag.String("signpost", "", "use this binary instead of building one")
	zonesWanted = flag.String("zones", "", "regular expression: only these zone files")
	show        = flag.Int("show", 40, "how many unexplained differences to print")
	reportTo    = flag.String("report", "", "write more of the differences to this file, with the instance as suffix; accepted ones to another beside it")
)

// askers is how many questions are under way: enough to keep two cores busy.
const askers = 16

// TestConformance compares every section of every answer of Signpost with those of NSD, Knot and BIND, over the zones of testdata.
func TestConformance(t *testing.T) {
	if missing := missingPeers(); missing != "" {
		t.Skip("the differential test compares servers; " + missing)
	}
	binary := *binaryAt
	if binary == "" && !*peersOnly {
		binary = buildSignpost(t)
	}
	for _, instance := range []string{"main", "root", "rootsigned"} {
		t.Run(instance, func(t *testing.T) { compareInstance(t, binary, instance) })
	}
}

func compareInstance(t *testing.T, binary, instance string) {
	scratch, ports := t.TempDir(), map[int]bool{}
	zones := copyZones(t, instance, scratch)
	expand(t, zones, scratch)
	questions := questionsOf(zones)
	servers := startPeers(t, zones, scratch, ports)
	candidate := bind
	if !*peersOnly {
		candidate = signpost
		servers = append(servers, startSignpost(t, binary, scratch, ports))
	}
	for _, s := range servers {
		awaitZones(t, s, zones)
	}
	if testing.Short() {
		questions = oneOf(shortStep, questions)
	}
	begun := time.Now()
	j := ask(t, servers, zones, candidate, questions)
	t.Logf("%d zones, %s", len(zones), j.summary(time.Since(begun)))
	j.report(t)
}

// shortStep is how many questions -short asks one of; prime, so that all types and names come up.
const shortStep = 13

func oneOf(step int, questions []question) (some []question) {
	for i := 0; i < len(questions); i += step {
		some = append(some, questions[i])
	}
	return some
}

// ask spreads the questions over askers and merges what their judges found.
func ask(t *testing.T, servers []*server, zones []zoneFile, candidate int, questions []question) *judge {
	judges := make([]*judge, askers)
	var group sync.WaitGroup
	for n := range judges {
		j := newJudge(zones, candidate)
		judges[n] = j
		group.Go(func() {
			a := newAsker(t, servers)
			defer a.close()
			for i := n; i < len(questions); i += askers {
				j.consider(a, questions[i])
			}
		})
	}
	group.Wait()
	all := judges[0]
	for _, j := range judges[1:] {
		all.merge(j)
	}
	return all
}

func (j *judge) merge(o *judge) {
	j.asked, j.viaTCP, j.agreed, j.unexplained = j.asked+o.asked, j.viaTCP+o.viaTCP, j.agreed+o.agreed, j.unexplained+o.unexplained
	for name, n := range o.classes {
		j.classes[name] += n
		if j.examples[name] == "" {
			j.examples[name] = o.examples[name]
		}
	}
	for kind, n := range o.findingsByKind {
		j.findingsByKind[kind] += n
	}
	j.findings = append(j.findings, o.findings...)
	j.excused = append(j.excused, o.excused...)
}

func (j *judge) summary(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d questions to each server (%d also over TCP) in %.1f s: %d agree in everything, %d unexplained\n",
		j.asked, j.viaTCP, took.Seconds(), j.agreed, j.unexplained)
	for _, list := range []map[string]int{j.findingsByKind, j.classes} {
		names := make([]string, 0, len(list))
		for name := range list {
			names = append(names, name)
		}
		sort.Slice(names, func(a, b int) bool { return list[names[a]] > list[names[b]] })
		for _, name := range names {
			if j.examples[name] == "" {
				fmt.Fprintf(&b, "  %7d unexplained  %s\n", list[name], name)
			} else {
				fmt.Fprintf(&b, "  %7d accepted     %s (as %s)\n", list[name], name, j.examples[name])
			}
		}
	}
	return b.String()
}

// report fails the test with the first differences; -report FILE keeps more of them.
func (j *judge) report(t *testing.T) {
	if *reportTo != "" {
		name := *reportTo + "." + t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		for path, list := range map[string][]string{name: j.findings, name + ".accepted": j.excused} {
			if err := os.WriteFile(path, []byte(strings.Join(list, "\n")), 0o666); err != nil {
				t.Error(err)
			}
		}
	}
	for i, finding := range j.findings {
		if i == *show {
			break
		}
		t.Errorf("%s", finding)
	}
	if j.unexplained > 0 {
		t.Errorf("%d unexplained differences; run with -args -report FILE for more of them", j.unexplained)
	}
}
