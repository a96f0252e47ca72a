package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"signpost/host/diag"
)

// results is every single measurement.
type results struct {
	Loads   []loadResult   `json:"loads,omitempty"`
	Starts  []startResult  `json:"starts,omitempty"`
	Reloads []reloadResult `json:"reloads,omitempty"`
	Routes  []routesResult `json:"routes,omitempty"`
	Saves   []saveResult   `json:"saves,omitempty"`
}

// loadResult is one server under one load in one round.
type loadResult struct {
	Peer        string  `json:"peer"`
	Load        string  `json:"load"`
	Round       int     `json:"round"`
	QPS         float64 `json:"qps"`
	CPUMicros   float64 `json:"cpuMicrosPerQuery"`
	Completed   int     `json:"completed"`
	Lost        int     `json:"lost"`
	MemoryBytes int64   `json:"memoryBytes"`
	Rate        int     `json:"latencyRate"` // queries per second of the latency run; 0: there was none
	RateLost    int     `json:"latencyLost"`
	P50Micros   float64 `json:"p50Micros"`
	P99Micros   float64 `json:"p99Micros"`
}

// startResult is one start of Signpost.
type startResult struct {
	Peer         string  `json:"peer"`
	Cache        string  `json:"cache"` // of compiled plugins: empty, warm
	Round        int     `json:"round"`
	StaticMillis float64 `json:"staticMillis"`
	RoutedMillis float64 `json:"routedMillis"`
}

// reloadResult is one server loading and reloading one zone.
type reloadResult struct {
	Peer            string  `json:"peer"`
	Records         int     `json:"records"`
	Round           int     `json:"round"`
	StartMillis     float64 `json:"startMillis"`
	MemoryBytes     int64   `json:"memoryBytes"`
	PeakBytes       int64   `json:"peakBytes"`
	ReloadMillis    float64 `json:"reloadMillis"`
	ReloadPeakBytes int64   `json:"reloadPeakBytes"`
	Asked           int     `json:"asked"` // while reloading
	Lost            int     `json:"lost"`  // of those
	LostBefore      int     `json:"lostBefore"`
	P99BeforeMicros float64 `json:"p99BeforeMicros"`
	P99DuringMicros float64 `json:"p99DuringMicros"`
	MaxDuringMicros float64 `json:"maxDuringMicros"`
	// The same with the queries that were under way while the machine stood still, and how many those were.
	RawP99BeforeMicros float64 `json:"rawP99BeforeMicros"`
	RawP99DuringMicros float64 `json:"rawP99DuringMicros"`
	LeftOut            int     `json:"leftOut"`
}

// slowdown is p99 while reloading over p99 before.
func (m reloadResult) slowdown() float64 { return m.P99DuringMicros / max(m.P99BeforeMicros, 1) }

// saveResult is many edits of a small zone.
type saveResult struct {
	Peer         string  `json:"peer"`
	Way          string  `json:"way"`
	Records      int     `json:"records"`
	Edits        int     `json:"edits"`
	MedianMillis float64 `json:"medianMillis"`
	MaxMillis    float64 `json:"maxMillis"`
}

// report is what is printed.
type report struct {
	Machine  string          `json:"machine"`
	Settings string          `json:"settings"`
	Servers  []serverVersion `json:"servers"`
	Notes    []string        `json:"notes,omitempty"`
	results
	loads []load
	sizes []int
}

type serverVersion struct {
	Peer    string `json:"peer"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
	echo    bool
	dialect dialect
}

func (b *bench) report() report {
	r := report{Machine: machineLine(), Notes: b.notes, results: b.results, sizes: b.o.sizes}
	for _, f := range b.peers {
		r.Servers = append(r.Servers, serverVersion{f.name, f.title, f.release, f.echo, f.dialect})
	}
	for _, l := range queryLoads(b.o.names) {
		if slices.Contains(b.o.loads, l.name) {
			r.loads = append(r.loads, l)
		}
	}
	r.Settings = fmt.Sprintf("Medians of %d rounds", b.o.rounds)
	if b.o.rounds == 1 {
		r.Settings = "One round"
	}
	if len(r.loads) > 0 {
		r.Settings = fmt.Sprintf("%s, servers taking turns; dnsperf %s on the same machine, %s at full load, then %s at %s queries/s (at most half of the qps reached) for latency",
			r.Settings, b.perf, b.o.duration, b.o.duration/2, diag.Thousands(b.o.rate))
	}
	return r
}

// writeTables prints the report as Markdown.
func writeTables(w io.Writer, r report) error {
	var b strings.Builder
	for _, l := range r.loads {
		r.writeLoad(&b, l)
	}
	r.writeRoutes(&b)
	r.writeStarts(&b)
	for _, size := range r.sizes {
		r.writeReload(&b, size)
	}
	r.writeSaves(&b)
	r.writeNotes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// row is one server's line, with the figure lines are sorted by.
type row struct {
	order float64
	cells []string
}

func writeRows(b *strings.Builder, heads []string, rows []row) {
	fmt.Fprintf(b, "| %s |\n| ---%s |\n", strings.Join(heads, " | "), strings.Repeat(" | ---:", len(heads)-1))
	slices.SortStableFunc(rows, func(x, y row) int { return cmp.Compare(x.order, y.order) })
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r.cells, " | "))
	}
	b.WriteByte('\n')
}

// writeLoad prints the table of one load, cheapest server first.
func (r report) writeLoad(b *strings.Builder, l load) {
	of := func(peer string) []loadResult {
		return slices.DeleteFunc(slices.Clone(r.Loads), func(m loadResult) bool { return m.Load != l.name || m.Peer != peer })
	}
	cpu := func(m loadResult) float64 { return m.CPUMicros }
	floor := medianOf(of(echoCommand), cpu)
	heads := []string{l.name, "qps", "CPU µs/query", "range", "× echo floor", "p50 µs", "p99 µs", "memory MB", "lost"}
	var rows []row
	for _, s := range r.Servers {
		all := of(s.Peer)
		if len(all) == 0 {
			rows = append(rows, emptyRow(s, len(heads), !s.echo && !s.dialect.can(l)))
			continue
		}
		used := medianOf(all, cpu)
		ratio, p50, p99 := "–", "–", "–"
		if floor > 0 {
			ratio = fmt.Sprintf("%.2f", used/floor)
		}
		if all[0].Rate > 0 {
			p50 = fmt.Sprintf("%.0f", medianOf(all, func(m loadResult) float64 { return m.P50Micros }))
			p99 = fmt.Sprintf("%.0f", medianOf(all, func(m loadResult) float64 { return m.P99Micros }))
		}
		lost, low, high := 0, used, used
		for _, m := range all {
			lost += m.Lost + m.RateLost
			low, high = min(low, m.CPUMicros), max(high, m.CPUMicros)
		}
		rows = append(rows, row{used, []string{
			s.Title, diag.Thousands(int(medianOf(all, func(m loadResult) float64 { return m.QPS }))), fmt.Sprintf("%.2f", used), fmt.Sprintf("%.2f–%.2f", low, high),
			ratio, p50, p99, fmt.Sprintf("%.1f", megabytes(int64(medianOf(all, func(m loadResult) float64 { return float64(m.MemoryBytes) })))), diag.Thousands(lost),
		}})
	}
	fmt.Fprintf(b, "**%s**: %s.\n\n", l.name, l.about)
	writeRows(b, heads, rows)
}

// emptyRow is of a server without figures: it has no such feature (n/a), or the notes say what happened (–).
func emptyRow(s serverVersion, width int, notApplicable bool) row {
	const last = 1e18
	cells := []string{s.Title}
	for len(cells) < width {
		if notApplicable {
			cells = append(cells, "n/a")
		} else {
			cells = append(cells, "–")
		}
	}
	return row{last, cells}
}

// writeReload prints the table of one zone size, first to answer first.
func (r report) writeReload(b *strings.Builder, size int) {
	of := func(peer string) []reloadResult {
		return slices.DeleteFunc(slices.Clone(r.Reloads), func(m reloadResult) bool { return m.Records != size || m.Peer != peer })
	}
	if !slices.ContainsFunc(r.Reloads, func(m reloadResult) bool { return m.Records == size }) {
		return
	}
	heads := []string{diag.Thousands(size) + " records", "start → first answer ms", "memory MB", "peak MB", "reload → new answer ms", "peak MB with reload",
		"lost while reloading", "p99 before µs", "p99 while reloading µs", "× (median)", "slowest µs", "left out"}
	var rows []row
	for _, s := range r.Servers {
		all := of(s.Peer)
		switch {
		case s.echo:
			continue
		case len(all) == 0:
			rows = append(rows, emptyRow(s, len(heads), false))
			continue
		}
		mid := func(format string, f func(m reloadResult) float64) string {
			return fmt.Sprintf(format, medianOf(all, f))
		}
		lost, asked := 0, 0
		for _, m := range all {
			lost, asked = lost+m.Lost, asked+m.Asked
		}
		start := func(m reloadResult) float64 { return m.StartMillis }
		rows = append(rows, row{medianOf(all, start), []string{
			s.Title, mid("%.0f", start),
			mid("%.1f", func(m reloadResult) float64 { return megabytes(m.MemoryBytes) }),
			mid("%.1f", func(m reloadResult) float64 { return megabytes(m.PeakBytes) }),
			mid("%.0f", func(m reloadResult) float64 { return m.ReloadMillis }),
			mid("%.1f", func(m reloadResult) float64 { return megabytes(m.ReloadPeakBytes) }),
			fmt.Sprintf("%s of %s", diag.Thousands(lost), diag.Thousands(asked)),
			mid("%.0f", func(m reloadResult) float64 { return m.P99BeforeMicros }),
			mid("%.0f", func(m reloadResult) float64 { return m.P99DuringMicros }),
			mid("%.2f", reloadResult.slowdown),
			mid("%.0f", func(m reloadResult) float64 { return m.MaxDuringMicros }),
			mid("%.0f", func(m reloadResult) float64 { return float64(m.LeftOut) }),
		}})
	}
	fmt.Fprintf(b, "**load and reload**: a zone of %s A records; one record changed under %s queries/s.\n\n", diag.Thousands(size), diag.Thousands(reloadRate))
	writeRows(b, heads, rows)
}

func (r report) writeRoutes(b *strings.Builder) {
	if len(r.Routes) == 0 {
		return
	}
	fmt.Fprintf(b, "**routes**: %s routed names with %d weighted candidates each; all of them changed in one save.\n\n", diag.Thousands(manyNames), manyCandidates)
	mid := func(f func(m routesResult) float64) float64 { return medianOf(r.Routes, f) }
	writeRows(b, []string{"Signpost", "start → first answer ms", "memory MB", "save → new answer ms"}, []row{{0, []string{
		diag.Thousands(manyNames*manyCandidates) + " candidates", fmt.Sprintf("%.0f", mid(func(m routesResult) float64 { return m.StartMillis })),
		fmt.Sprintf("%.1f", mid(func(m routesResult) float64 { return megabytes(m.MemoryBytes) })),
		fmt.Sprintf("%.0f", mid(func(m routesResult) float64 { return m.ReloadMillis })),
	}}})
}

func (r report) writeStarts(b *strings.Builder) {
	if len(r.Starts) == 0 {
		return
	}
	b.WriteString("**start**: from the start of the process to the first correct answer.\n\n")
	var rows []row
	for i, state := range []string{"empty", "warm"} {
		all := slices.DeleteFunc(slices.Clone(r.Starts), func(m startResult) bool { return m.Cache != state })
		rows = append(rows, row{float64(i), []string{
			state + " code cache", fmt.Sprintf("%.0f", medianOf(all, func(m startResult) float64 { return m.StaticMillis })),
			fmt.Sprintf("%.0f", medianOf(all, func(m startResult) float64 { return m.RoutedMillis })),
		}})
	}
	writeRows(b, []string{"Signpost", "static name ms", "routed name ms"}, rows)
}

func (r report) writeSaves(b *strings.Builder) {
	if len(r.Saves) == 0 {
		return
	}
	fmt.Fprintf(b, "**save**: a zone of %d records edited; time from the end of the write to the new answer.\n\n", saveHosts)
	var rows []row
	for i, m := range r.Saves {
		rows = append(rows, row{float64(i), []string{m.Way, diag.Thousands(m.Edits), fmt.Sprintf("%.1f", m.MedianMillis), fmt.Sprintf("%.1f", m.MaxMillis)}})
	}
	writeRows(b, []string{"Signpost", "edits", "median ms", "max ms"}, rows)
}

func (r report) writeNotes(b *strings.Builder) {
	fmt.Fprintf(b, "Machine: %s. %s.\n", r.Machine, r.Settings)
	var versions []string
	for _, s := range r.Servers {
		if s.Version != "" {
			versions = append(versions, s.Title+" "+s.Version)
		}
	}
	fmt.Fprintf(b, "Servers: %s; as many workers as cores each, logging and rate limiting off.\n", strings.Join(versions, ", "))
	b.WriteString("CPU is the server's own, all its threads and processes, over answered queries. Memory is proportional set size (PSS); its peak is VmHWM of a server " +
		"that is one process, else the highest PSS seen every 100 ms. A query unanswered for 1 s while reloading is lost, and counts as 1 s in p99; " +
		"\"while reloading\" is from the save to the new answer, and at least 1 s. Left out of its times are queries that were under way while the machine " +
		"itself stood still: a real-time thread on one of its processors woke more than 0.5 ms late.\n")
	for _, note := range r.Notes {
		fmt.Fprintf(b, "- %s\n", note)
	}
}

// medianOf is the median of one figure.
func medianOf[T any](all []T, figure func(T) float64) float64 {
	values := make([]float64, len(all))
	for i, m := range all {
		values[i] = figure(m)
	}
	return median(values)
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
