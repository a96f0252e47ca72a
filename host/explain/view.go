package explain

import (
	"fmt"
	"net/netip"
	"strings"

	"signpost/host/answer"
	"signpost/host/policy"
	"signpost/host/zone"
)

// view tells why the client is given the view that its name was found in.
func (w *walk) view(t *answer.Trace) *View {
	snap := w.server.Store.Load()
	out := &View{}
	for i := range t.Views {
		fork := &t.Views[i]
		if i == 0 {
			out.Chain = w.chain(fork.Policy, &fork.Decision)
		}
		if fork.Taken >= 0 {
			out.Asked = append(out.Asked, fork.Policy.IDs[fork.Taken])
		}
	}
	out.Down = fallen(t, snap)
	if t.View == nil {
		out.Why = "no view that the client sees has a zone for the name"
		if len(snap.Views) > 1 && len(out.Asked) == 0 {
			out.Why = fmt.Sprintf("no view is for %v", w.client.source)
		}
		return out
	}
	out.Name, out.Fallthrough = t.View.Name, t.View.Fallthrough
	out.Why = "it is for everybody"
	if snap.Choice != nil {
		out.Why = reasonOf(t, snap, w.client.source)
	}
	if len(t.View.Keys) > 0 {
		out.Why += ", and signed with " + t.Key
	}
	if last := len(out.Asked) - 1; last > 0 {
		out.Why += "; before it, " + strings.Join(out.Asked[:last], " and ") + map[bool]string{true: " does", false: " do"}[last == 1] + " not have the name"
	}
	if len(out.Down) > 0 {
		out.Why += "; down, and so behind the others: " + strings.Join(out.Down, ", ")
	}
	return out
}

// fallen names the views that are down, or that the question takes for down.
func fallen(t *answer.Trace, snap *zone.Snapshot) (names []string) {
	if snap.Choice == nil || snap.Choice.Policy == nil {
		return nil
	}
	p := snap.Choice.Policy
	for i, name := range p.IDs {
		if t.Down[name] || p.Slots != nil && p.Slots[i].Health() == policy.Down {
			names = append(names, name)
		}
	}
	return names
}

// reasonOf says which rule gave the client the view: its clients where that is the rule, or else what the plugin said.
func reasonOf(t *answer.Trace, snap *zone.Snapshot, source netip.Addr) string {
	if !snap.Choice.Native && len(t.Views) > 0 {
		last := &t.Views[len(t.Views)-1]
		return fmt.Sprintf("%s gives it weight %d of %d", strings.Join(last.Policy.Chain, "+"), last.Decision.Weights[max(last.Taken, 0)], last.Decision.Total)
	}
	var longest netip.Prefix
	if len(t.View.Keys) > 0 && len(t.View.Clients) == 0 {
		return "it is for a key"
	}
	for _, prefix := range t.View.Clients {
		if prefix.Contains(source) && (!longest.IsValid() || prefix.Bits() > longest.Bits()) {
			longest = prefix
		}
	}
	if !longest.IsValid() {
		return "it is for everybody"
	}
	return fmt.Sprintf("its clients %v hold %v", longest, source)
}
