package config

import (
	"math"
	"net/netip"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/geo"
)

// collectionMax bounds one collection: a candidate's networks have to fit into a plugin's memory.
const collectionMax = 65_536

func setFile(field func(*parser) *File) setter {
	return setFileOf(func(p *parser, _ string) *File { return field(p) })
}

func setFileOf(field func(*parser, string) *File) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "a path")
		clean := path.Clean(filepath.ToSlash(raw))
		switch {
		case !ok:
		case raw == "":
			p.diags.Errorf(v.pos, "%s is empty; leave the line out for none", v.key)
		case strings.ContainsRune(raw, 0) || clean == ".":
			p.diags.Errorf(v.pos, "%s: %q is no file", v.key, raw)
		case clean == ".." || strings.HasPrefix(clean, "../"):
			p.diags.Errorf(v.pos, "%s: %q leaves the data directory; a file elsewhere needs its whole path, from / on", v.key, raw)
		default:
			*field(p, name) = File{clean, v.pos}
		}
	}
}

func openRegion(p *parser, name string, where value) {
	p.seen["region "+name] = where.pos
	p.regions[name] = &geo.Region{Name: name, Latitude: math.NaN(), Longitude: math.NaN()}
}

// finishRegions takes over the regions that have both coordinates.
func (p *parser) finishRegions() {
	for name, region := range p.regions {
		switch {
		case !math.IsNaN(region.Latitude) && !math.IsNaN(region.Longitude):
			p.config.Latency.Regions[name] = *region
		case p.seen["degrees "+name].Line == 0:
			p.diags.Errorf(p.seen["region "+name], "latency.regions.%s needs both lat and lon, such as { lat: 52.1, lon: 5.2 }", name)
		}
	}
}

// degrees reads a coordinate of at most so many degrees to either side.
func degrees(limit float64, field func(*parser, string) *float64) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "degrees")
		if !ok {
			p.seen["degrees "+name] = v.pos // one message is enough
			return
		}
		n, err := strconv.ParseFloat(raw, 64)
		switch {
		case err != nil || math.IsNaN(n):
			p.diags.Errorf(v.pos, "%s: %q is not degrees such as 52.1 or -0.13", v.key, raw)
		case math.Abs(n) > limit:
			p.diags.Errorf(v.pos, "%s: %s is outside -%g..%g", v.key, raw, limit, limit)
		default:
			*field(p, name) = n
			return
		}
		p.seen["degrees "+name] = v.pos
	}
}

func setCollection(p *parser, name string, v value) {
	if list, ok := v.node.(*ast.SequenceNode); ok && len(list.Values) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; a collection has at least one prefix", v.key)
	}
	networks := p.prefixes(v)
	if len(networks) > collectionMax {
		p.diags.Errorf(v.pos, "%s has %d prefixes, more than %d", v.key, len(networks), collectionMax)
		networks = []netip.Prefix{}
	}
	p.config.Collections[name] = networks
}
