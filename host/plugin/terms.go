package plugin

import (
	"net/netip"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Terms are what annotations may call by name, and what signpost.yaml says of the plugins. The zero value has no names.
type Terms struct {
	Fuel        map[string]uint64 // of a decision, by plugin: instead of the limit that its module was loaded with
	Regions     *geo.Regions
	Collections map[string][]netip.Prefix
}

// parse converts one value, with the names of Terms. The region is what a place means.
func (t *Terms) parse(about *abi.Attribute, text string) (value abi.Value, region geo.Region, message string) {
	switch about.Type {
	case abi.TypePlace:
		if region, ok := t.Regions.Find(text); ok {
			return abi.Value{Bits: abi.PlaceBits(region.Latitude, region.Longitude), Set: true}, region, ""
		}
		if value, message = about.Parse(text); message != "" {
			return value, region, message + diag.DidYouMean(text, t.Regions.Names())
		}
		region.Latitude, region.Longitude, _ = abi.ParseCoordinates(text)
		return value, region, ""
	case abi.TypeNetworks:
		value, message = t.networks(about, text)
		return value, region, message
	}
	if value, message = about.Parse(text); message != "" {
		message += diag.DidYouMean(text, about.Words)
	}
	return value, region, message
}

// networks is parse for prefixes, of which some may be collections.
func (t *Terms) networks(about *abi.Attribute, text string) (abi.Value, string) {
	var raw []byte
	for _, word := range strings.Split(text, ",") {
		if collection, ok := t.Collections[word]; ok {
			for _, network := range collection {
				raw = abi.AppendNetwork(raw, network)
			}
			continue
		}
		value, message := about.Parse(word)
		if message != "" {
			names := make([]string, 0, len(t.Collections))
			for name := range t.Collections {
				names = append(names, name)
			}
			slices.Sort(names)
			return abi.Value{}, message + diag.DidYouMean(word, names)
		}
		raw = append(raw, value.Text...)
	}
	return abi.Value{Text: string(raw), Set: true}, ""
}

// share gives all candidates the one value of an attribute that is shared: what the first line says that has the key.
func (r *routing) share(p *plugin, about *abi.Attribute) {
	var first policy.Attr
	for i := range r.values {
		attr, ok := r.values[i][about.Name]
		switch {
		case !ok:
		case first.Key == "":
			first = attr
		case first.Value != attr.Value:
			r.diags.Errorf(attr.ValuePos, "%s: %s %q differs from %q on %s: it is one for all candidates of a name and type",
				p.about.Name, about.Name, attr.Value, first.Value, line(first.KeyPos, attr.KeyPos))
		}
	}
	if first.Key == "" {
		return
	}
	for i := range r.values {
		if _, ok := r.values[i][about.Name]; !ok {
			r.values[i][about.Name] = first
		}
	}
}

// convert types every attribute of one plugin, for all candidates.
func (r *routing) convert(p *plugin) []abi.ConfigCandidate {
	candidates := make([]abi.ConfigCandidate, len(r.spec.Candidates))
	values := make([]abi.Value, len(candidates)*len(p.about.Attributes))
	for j := range p.about.Attributes {
		if p.about.Attributes[j].Shared {
			r.share(p, &p.about.Attributes[j])
		}
	}
	place := -1 // the attribute whose value latency is about
	if p.wants&policy.WantsLatency != 0 && r.policy.Regions == nil {
		r.policy.Regions = make([]geo.Region, len(candidates))
		place = slices.IndexFunc(p.about.Attributes, func(a abi.Attribute) bool { return a.Type == abi.TypePlace })
	}
	for i := range candidates {
		candidates[i] = abi.ConfigCandidate{ID: r.policy.IDs[i], Values: values[:len(p.about.Attributes)]}
		values = values[len(p.about.Attributes):]
		for j := range p.about.Attributes {
			region := r.convertOne(p, i, j, &candidates[i].Values[j])
			if j == place {
				r.policy.Regions[i] = region
			}
		}
	}
	return candidates
}

// convertOne types one attribute of one candidate.
func (r *routing) convertOne(p *plugin, i, j int, value *abi.Value) (region geo.Region) {
	about := &p.about.Attributes[j]
	var message string
	if attr, ok := r.values[i][about.Name]; ok {
		if *value, region, message = r.terms.parse(about, attr.Value); message != "" && (i == 0 || !about.Shared) { // all have the one value
			r.diags.Errorf(attr.ValuePos, "%s: %s", p.about.Name, message)
		}
	} else if *value, message = about.Missing(); message != "" && !r.mistaken[i] && (i == 0 || !about.Shared) {
		r.diags.Errorf(r.spec.Candidates[i].ChainPos, "%s: %s", p.about.Name, message)
	}
	return region
}
