package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"signpost/host/diag"
)

// The names of what can be measured, in the order of the tables.
const (
	loadStatic = "static"
	loadMixed  = "mixed"
	loadRouted = "routed"
	loadGeo    = "geo"
	loadStart  = "start"
	loadReload = "reload"
	loadRoutes = "routes"
	loadSave   = "save"
)

var loadNames = []string{loadStatic, loadMixed, loadRouted, loadGeo, loadStart, loadReload, loadRoutes, loadSave}

// queryCount is how many queries a load's file holds; dnsperf goes round.
const queryCount = 100_000

// kind is a class of queries, by what a correct server answers.
type kind uint8

const (
	kindHost     kind = iota // A record
	kindMissing              // NXDOMAIN
	kindWildcard             // A record synthesized from a wildcard
	kindReferral             // delegation with glue
	kindAlias                // CNAME
	kindRouted               // one of two A records, by weight
	kindGeo                  // one of two A records of the client's continent, by weight
)

// steered tells whether only servers with policies can answer the load.
func (l load) steered() bool { return l.percent[kindRouted]+l.percent[kindGeo] > 0 }

// load is what dnsperf asks. percent of all queries are of each kind; they add up to 100.
type load struct {
	name, about string
	percent     map[kind]int
}

// queryLoads are the loads that dnsperf drives. hosts is the size of the zone.
func queryLoads(hosts int) []load {
	return []load{
		{loadStatic, fmt.Sprintf("A records of a zone of %s names, uniformly random", diag.Thousands(hosts)), map[kind]int{kindHost: 100}},
		{loadMixed, "40 % A record, 20 % NXDOMAIN, 15 % wildcard, 15 % referral with glue, 10 % CNAME; missing and wildcard names never repeat within 100,000 queries",
			map[kind]int{kindHost: 40, kindMissing: 20, kindWildcard: 15, kindReferral: 15, kindAlias: 10}},
		{loadRouted, fmt.Sprintf("%d names with two A records each, weighted %d/%d", routedCount, heavyWeight, lightWeight), map[kind]int{kindRouted: 100}},
		{loadGeo, fmt.Sprintf("%d names with four A records each, two in each of two continents, weighted %d/%d there; the client's continent is looked up in a MaxMind database for every query",
			routedCount, heavyWeight, lightWeight), map[kind]int{kindGeo: 100}},
	}
}

// query is one question for an A record and what its answer must be. index is the host, delegation, alias or
// routed name asked for, where there is one.
type query struct {
	kind  kind
	name  string
	index int
}

// queries generates the load's queries, the same on every call.
func (l load) queries(hosts, count int) []query {
	random := rand.New(rand.NewPCG(1035, uint64(len(l.name))))
	kinds := make([]kind, 0, 100)
	for k := kindHost; k <= kindGeo; k++ {
		for range l.percent[k] {
			kinds = append(kinds, k)
		}
	}
	list := make([]query, count)
	for i := range list {
		list[i] = newQuery(kinds[random.IntN(len(kinds))], hosts, i, random)
	}
	return list
}

func newQuery(k kind, hosts, serial int, random *rand.Rand) query {
	q := query{kind: k}
	under := "." + benchOrigin
	switch k {
	case kindHost:
		q.index = random.IntN(hosts)
		q.name = hostName(q.index)
	case kindMissing:
		q.name = "x" + strconv.Itoa(serial) + under
	case kindWildcard:
		q.name = "a" + strconv.Itoa(serial) + ".w" + under
	case kindReferral:
		q.index = random.IntN(delegationCount)
		q.name = "www.d" + strconv.Itoa(q.index) + under
	case kindAlias:
		q.index = random.IntN(aliasCount)
		q.name = "c" + strconv.Itoa(q.index) + under
	case kindRouted:
		q.index = random.IntN(routedCount)
		q.name = routedName(q.index)
	case kindGeo:
		q.index = random.IntN(routedCount)
		q.name = geoName(q.index)
	}
	return q
}

// writeQueries writes dnsperf's input file.
func writeQueries(path string, list []query) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewWriter(f)
	for _, q := range list {
		b.WriteString(q.name)
		b.WriteString(" A\n")
	}
	return b.Flush()
}
