package explain

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"

	"signpost/host/message"
	"signpost/host/querylog/line"
	"signpost/host/rrdata"
	"signpost/host/wire"
)

// Replay is what recorded queries would get. --json prints it; names stay.
type Replay struct {
	Queries int          `json:"queries"` // that were replayed
	LeftOut int          `json:"leftOut"` // without a question of class IN, or of a type that is no record set, dropped by a rate limit, or refused for their signature
	Bad     int          `json:"bad"`     // lines or frames that could not be read
	Against bool         `json:"against"` // changes are from one directory to another; else from what was recorded
	Names   []ReplayName `json:"names"`   // by how often they were asked for
	// Changed is how many queries would get something else: the expected number of those that move between directories, or the number of
	// those whose recorded answer cannot come any more.
	Changed float64        `json:"changed"`
	Clients []ReplayClient `json:"clients"` // that are concerned, by how many of their queries
}

// ReplayName is one question.
type ReplayName struct {
	Name    string         `json:"name"`
	Type    string         `json:"type"`
	Queries int            `json:"queries"`
	Changed float64        `json:"changed"`
	Answers []ReplayAnswer `json:"answers"` // the likeliest first
}

// ReplayAnswer is one thing that the question's clients get, in percent of its queries.
type ReplayAnswer struct {
	Answer   string   `json:"answer"`
	Data     string   `json:"data"`
	Percent  float64  `json:"percent"`
	Old      *float64 `json:"oldPercent,omitempty"`      // in the other directory
	Recorded *float64 `json:"recordedPercent,omitempty"` // of the queries whose answer was recorded
}

// ReplayClient is a network whose queries change.
type ReplayClient struct {
	Client  string  `json:"client"`
	Queries int     `json:"queries"`
	Changed float64 `json:"changed"`
}

// recordedMax bounds the different questions of different clients that are kept in memory.
const recordedMax = 4 << 20

// recorded is one question of one client.
type recorded struct {
	name   string
	typ    uint16
	client client
}

// tally is how often it was asked, and what it got.
type tally struct {
	count   int
	digests map[uint64]int
}

// Recording is a log, summed up.
type Recording struct {
	responses, queries map[recorded]*tally // a dnstap file may hold both of one query
	leftOut            int
	bad                line.Bad
	full               bool
}

// ReadRecording reads a log. The error is that there is nothing in it to replay, or too much.
func ReadRecording(r io.Reader) (*Recording, error) {
	rec := &Recording{responses: map[recorded]*tally{}, queries: map[recorded]*tally{}}
	var err error
	if rec.bad, err = line.Read(r, rec.add); err != nil {
		return nil, err
	}
	if rec.full {
		return nil, fmt.Errorf("more than %d different questions and clients; replay a part of it", recordedMax)
	}
	if len(rec.responses) == 0 {
		rec.responses = rec.queries
	}
	if len(rec.responses) == 0 {
		if rec.bad.First != nil {
			return nil, rec.bad.First
		}
		return nil, fmt.Errorf("no query to replay")
	}
	return rec, nil
}

// Bad tells how many parts could not be read, and what is wrong with the first.
func (r *Recording) Bad() (count int, first error) { return r.bad.Count, r.bad.First }

func (r *Recording) add(q *line.Query, response bool) {
	if q.Name == nil || q.Class != wire.ClassIN || q.Rcode == line.Dropped || q.Rcode == message.RcodeText(wire.NotAuth) || !isSet(q.Type) {
		r.leftOut++
		return
	}
	as := client{q.Subnet, q.Client, q.Key}
	if !as.network.IsValid() || as.network.Bits() == 0 {
		as.network = netip.PrefixFrom(q.Client, q.Client.BitLen())
	}
	into := r.queries
	if response {
		into = r.responses
	}
	key := recorded{string(q.Name), q.Type, as}
	have := into[key]
	if have == nil {
		if r.full = len(into) >= recordedMax; r.full {
			return
		}
		have = &tally{digests: map[uint64]int{}}
		into[key] = have
	}
	have.count++
	if q.Digest != 0 {
		have.digests[q.Digest]++
	}
}

// isSet tells whether a type is one record set that can be asked for.
func isSet(typ uint16) bool {
	return typ != wire.TypeANY && typ != wire.TypeRRSIG && typ != wire.TypeAXFR && typ != wire.TypeIXFR
}

// replayed sums up one question over its clients.
type replayed struct {
	count, known int // queries, and those whose answer was recorded
	changed      float64
	answers      map[string]*replayedAnswer
}

type replayedAnswer struct {
	label         string
	now, old, was float64 // queries
}

// Run replays the recording on now, and on before unless that is nil.
func (r *Recording) Run(now, before *Server) *Replay {
	out := &Replay{LeftOut: r.leftOut, Bad: r.bad.Count, Against: before != nil, Names: []ReplayName{}, Clients: []ReplayClient{}}
	p := &player{now: newSpread(now), viewsNow: map[asking]string{}, viewsOld: map[asking]string{},
		names: map[asked]*replayed{}, clients: map[netip.Prefix]*ReplayClient{}}
	defer p.now.close()
	if before != nil {
		p.old = newSpread(before)
		defer p.old.close()
	}
	for key, t := range r.responses {
		out.Queries += t.count
		p.play(key, t)
	}
	for name, sums := range p.names {
		out.Names = append(out.Names, sums.report(name, before != nil))
		out.Changed += sums.changed
	}
	out.Changed = rounded(out.Changed)
	slices.SortFunc(out.Names, func(a, b ReplayName) int {
		return cmp.Or(cmp.Compare(b.Queries, a.Queries), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	for _, c := range p.clients {
		if c.Changed = rounded(c.Changed); c.Changed > 0 {
			out.Clients = append(out.Clients, *c)
		}
	}
	slices.SortFunc(out.Clients, func(a, b ReplayClient) int {
		return cmp.Or(cmp.Compare(b.Changed, a.Changed), cmp.Compare(a.Client, b.Client))
	})
	return out
}

// player is one Run on its way.
type player struct {
	now, old           *spread // old is nil without another directory
	viewsNow, viewsOld map[asking]string
	names              map[asked]*replayed
	clients            map[netip.Prefix]*ReplayClient
}

// asking is what the views of a recorded question depend on.
type asking struct {
	source netip.Addr
	key    string
}

// sharesOf is the distribution for one recorded question.
func sharesOf(s *spread, views map[asking]string, key recorded) []share {
	by := asking{key.client.source, key.client.key}
	seen, ok := views[by]
	if !ok {
		seen = s.views(key.client)
		views[by] = seen
	}
	return s.of([]byte(key.name), key.typ, key.client, seen)
}

// play adds one recorded question.
func (p *player) play(key recorded, t *tally) {
	name := asked{key.name, key.typ}
	sums := p.names[name]
	if sums == nil {
		sums = &replayed{answers: map[string]*replayedAnswer{}}
		p.names[name] = sums
	}
	sums.count += t.count
	count := float64(t.count)
	byDigest := map[uint64]*replayedAnswer{}
	var draws []*draw
	change := map[string]float64{}
	for _, s := range sharesOf(p.now, p.viewsNow, key) {
		a := sums.answer(s)
		a.now += count * s.chance
		byDigest[s.digest] = a
		change[s.key] += s.chance
		if s.draw != nil && !slices.Contains(draws, s.draw) {
			draws = append(draws, s.draw)
		}
	}
	changed := 0.0
	for digest, times := range t.digests {
		a := byDigest[digest]
		keys, judged := drawn(draws, digest)
		switch {
		case a != nil:
			a.was += float64(times)
		case len(keys) > 0:
			for _, key := range keys {
				sums.answers[key].was += float64(times) / float64(len(keys))
			}
		case !judged:
			continue
		case p.old == nil:
			changed += float64(times)
		}
		sums.known += times
	}
	if p.old != nil {
		for _, s := range sharesOf(p.old, p.viewsOld, key) {
			sums.answer(s).old += count * s.chance
			change[s.key] -= s.chance
		}
		for _, share := range change {
			changed += count * math.Max(share, 0)
		}
	}
	sums.changed += changed
	c := p.clients[key.client.network]
	if c == nil {
		c = &ReplayClient{Client: key.client.network.String()}
		p.clients[key.client.network] = c
	}
	c.Queries += t.count
	c.Changed += changed
}

// drawn finds the candidates whose answer together has the digest. It is not judged when one of the draws cannot tell.
func drawn(draws []*draw, digest uint64) (keys []string, judged bool) {
	judged = true
	for _, d := range draws {
		keys, told := d.of(digest)
		if len(keys) > 0 {
			return keys, true
		}
		judged = judged && told
	}
	return nil, judged
}

func (r *replayed) answer(s share) *replayedAnswer {
	a := r.answers[s.key]
	if a == nil {
		a = &replayedAnswer{label: s.label}
		r.answers[s.key] = a
	}
	return a
}

// report turns sums into percentages.
func (r *replayed) report(name asked, against bool) ReplayName {
	out := ReplayName{Name: message.NameText([]byte(name.name)), Type: rrdata.TypeName(name.typ), Queries: r.count, Changed: rounded(r.changed)}
	gone := float64(r.known)
	for key, a := range r.answers {
		answer := ReplayAnswer{Answer: a.label, Data: key, Percent: rounded(100 * a.now / float64(r.count))}
		if against {
			old := rounded(100 * a.old / float64(r.count))
			answer.Old = &old
		}
		if r.known > 0 {
			was := rounded(100 * a.was / float64(r.known))
			answer.Recorded = &was
		}
		gone -= a.was
		out.Answers = append(out.Answers, answer)
	}
	slices.SortFunc(out.Answers, func(a, b ReplayAnswer) int {
		return cmp.Or(cmp.Compare(b.Percent, a.Percent), cmp.Compare(a.Data, b.Data))
	})
	if gone > 0 {
		was := rounded(100 * gone / float64(r.known))
		out.Answers = append(out.Answers, ReplayAnswer{Answer: "other answers", Recorded: &was})
	}
	return out
}
