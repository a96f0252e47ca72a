package host

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/load"
	"signpost/host/wire"
	"signpost/host/zone"
)

// welcome says what is served and where.
func (h *Host) welcome(took time.Duration) {
	status := h.loader.Status()
	if h.options.Out == nil {
		h.options.Log.Info("serving", "dir", status.Dir, "version", Version, "zones", len(status.Zones), "records", status.Records(),
			"views", len(status.Config.Views), "listen", h.listeners.addrs(), "errors", status.Diagnostics.Errors(), "took", took)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Signpost %s serves %s (loaded in %v)\n", Version, h.options.Dir, took.Round(time.Millisecond))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  zones\t%s\n", zonesText(status))
	for i, view := range status.Config.Views {
		label := ""
		if i == 0 {
			label = "views"
		}
		fmt.Fprintf(w, "  %s\t%s\n", label, viewText(view, status))
	}
	if len(status.Data) > 0 {
		fmt.Fprintf(w, "  clients\t%s\n", dataText(status.Data))
	}
	fmt.Fprintf(w, "  plugins\t%s\n", h.pluginsText())
	fmt.Fprintf(w, "  listening\t%s (UDP and TCP)\n", joinAddrs(h.listeners.addrs()))
	if places := h.desk.places(); len(places) > 0 {
		fmt.Fprintf(w, "  admin\t%s (status, health, metrics)\n", strings.Join(places, ", "))
	}
	if h.queryLog(status.Config) != "" {
		fmt.Fprintf(w, "  query log\t%s\n", h.queryLog(status.Config))
	}
	if errors := status.Diagnostics.Errors(); errors > 0 {
		fmt.Fprintf(w, "  errors\t%s in the files, see above; signpost check %s lists all\n", diag.Count(errors, "error", "errors"), h.options.Dir)
	}
	fmt.Fprintf(w, "  try\t%s\n", h.digLine(status))
	_ = w.Flush() // a strings.Builder takes everything
	_, _ = io.WriteString(h.options.Out, b.String())
}

func zonesText(status *load.Status) string {
	if len(status.Zones) == 0 {
		return "none yet: save a file as NAME.zone in the directory, for example example.com.zone"
	}
	text := fmt.Sprintf("%s with %s", diag.Thousands(len(status.Zones)), diag.Count(status.Records(), "record", "records"))
	routes, broken := 0, 0
	for _, z := range status.Zones {
		routes += z.Routes
		if z.Broken {
			broken++
		}
	}
	if routes > 0 {
		text += fmt.Sprintf(", %s", diag.Count(routes, "routed name", "routed names"))
	}
	if broken > 0 {
		text += fmt.Sprintf("; %d cannot be loaded and answer SERVFAIL", broken)
	}
	return text
}

// dataText says what is known of clients.
func dataText(data []load.Data) string {
	var parts []string
	for _, d := range data {
		if d.Built.IsZero() {
			parts = append(parts, fmt.Sprintf("%s with %s", d.Path, diag.Count(d.Rows, "row", "rows")))
		} else {
			parts = append(parts, fmt.Sprintf("%s (%s of %s)", d.Path, d.Type, d.Built.Format(time.DateOnly)))
		}
	}
	return strings.Join(parts, ", ")
}

// prefixesShown bounds the clients of a view in its line.
const prefixesShown = 4

func viewText(view config.View, status *load.Status) string {
	zones, place := 0, view.Name+"/"
	if view.Name == config.PublicView {
		place = "the directory itself"
	}
	for _, z := range status.Zones {
		if z.View == view.Name {
			zones++
		}
	}
	clients := "everybody"
	if len(status.Config.Views) > 1 && len(view.Clients) == 0 {
		clients = "everybody else"
	}
	if len(view.Clients) > 0 {
		clients = strings.Join(texts(view.Clients[:min(len(view.Clients), prefixesShown)]), ", ")
	}
	if more := len(view.Clients) - prefixesShown; more > 0 {
		clients += fmt.Sprintf(" and %d more", more)
	}
	if len(view.Listen) > 0 {
		clients += " at " + strings.Join(view.Listen, ", ")
	}
	if !slices.Equal(status.Config.ViewPolicy, []string{config.DefaultViewPolicy}) {
		clients = "whom " + strings.Join(status.Config.ViewPolicy, "+") + " chooses"
	}
	return fmt.Sprintf("%s: for %s, %s in %s", view.Name, clients, diag.Count(zones, "zone", "zones"), place)
}

// cachedWait is how long the text waits for plugins, which take less if their compiled code was kept. Questions are answered meanwhile.
const cachedWait = 300 * time.Millisecond

func (h *Host) pluginsText() string {
	select {
	case <-h.plugins.Ready():
	case <-time.After(cachedWait):
		return "compiling; routed names answer in a moment"
	}
	if err := h.plugins.Err(); err != nil {
		return "none: " + err.Error()
	}
	builtin, parts := 0, []string{""}
	for _, p := range h.plugins.Plugins() {
		if p.Builtin {
			builtin++
		} else {
			parts = append(parts, p.Name+" "+p.Version)
		}
	}
	parts[0] = fmt.Sprintf("%d built in", builtin)
	return strings.Join(parts, ", ")
}

func joinAddrs(addrs []netip.AddrPort) string { return strings.Join(texts(addrs), ", ") }

func texts[T fmt.Stringer](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.String()
	}
	return list
}

// digLine is a command that gets an answer: for a name that the view of this machine's own questions has, an address if possible.
func (h *Host) digLine(status *load.Status) string {
	addr := netip.AddrPortFrom(netip.IPv4Unspecified(), 53)
	if addrs := h.listeners.addrs(); len(addrs) > 0 {
		addr = addrs[0]
	}
	ip := addr.Addr()
	if ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if addr.Addr().Is6() {
			ip = netip.IPv6Loopback()
		}
	}
	command := fmt.Sprintf("dig @%s -p %d", ip, addr.Port())
	snapshot := h.store.Load()
	for _, view := range snapshot.Views {
		if !view.Takes(ip) || view.Listeners != nil || len(view.Zones) == 0 {
			continue
		}
		name, typ := exampleQuestion(view)
		return command + " " + cmp.Or(strings.TrimSuffix(name, "."), ".") + " " + typ
	}
	return command + " example.com SOA"
}

// examplePrefixes are tried in this order before a zone's own name.
var examplePrefixes = []string{"\x03www", "\x03app", "\x03api", ""}

// exampleQuestion finds a question that is answered.
func exampleQuestion(view *zone.View) (name, typ string) {
	var question wire.Name
	var sums zone.Sums
	var hit zone.Hit
	for _, z := range view.Zones {
		for _, prefix := range examplePrefixes {
			raw := append([]byte(prefix), z.Origin...)
			if len(raw) > wire.NameLenMax {
				continue
			}
			question.Set(raw)
			if view.Find(&question, wire.TypeA, &sums, &hit); hit.Kind == zone.Answer {
				return load.NameText(raw), "A"
			}
		}
	}
	for _, z := range view.Zones {
		if !z.Broken {
			return load.NameText(z.Origin), "SOA"
		}
	}
	return "example.com", "SOA"
}
