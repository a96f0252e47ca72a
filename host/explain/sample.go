package explain

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"signpost/host/config"
)

// Client is a network whose answers are compared, and how much it counts.
type Client struct {
	Network netip.Prefix
	Weight  float64
}

// knownMax bounds the networks of one source that a sample takes.
const knownMax = 512

// Sample is the clients that diff looks at unless it is told others, each with the same weight: two /24 of each /8 of public IPv4 space, a /48
// of each of 72 parts of public IPv6 space, one network of each place in the databases, the clients of the views, the collections, and every
// network that stands in an annotation.
func Sample(servers ...*Server) []Client {
	var list []Client
	seen := map[netip.Prefix]bool{}
	add := func(p netip.Prefix) {
		if p = p.Masked(); !seen[p] {
			seen[p] = true
			list = append(list, Client{p, 1})
		}
	}
	for first := 1; first < 224; first++ {
		if first != 10 && first != 127 {
			add(netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(first), 32}), 24))
			add(netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(first), 160}), 24))
		}
	}
	for _, block := range []struct{ first, step, count int }{
		{0x20010200, 0x200 << 3, 32}, {0x24000000, 0x200000, 8}, {0x26000000, 0x200000, 8}, {0x28000000, 0x200000, 8}, {0x2A000000, 0x200000, 8}, {0x2C000000, 0x200000, 8},
	} {
		for i := range block.count {
			high := uint32(block.first + i*block.step)
			add(netip.PrefixFrom(netip.AddrFrom16([16]byte{byte(high >> 24), byte(high >> 16), byte(high >> 8), byte(high)}), 48))
		}
	}
	for _, s := range servers {
		for _, p := range s.knownNetworks() {
			add(p)
		}
	}
	return list
}

// knownNetworks are those that the files name.
func (s *Server) knownNetworks() (list []netip.Prefix) {
	snap := s.Store.Load()
	list = append(list, snap.Geo.Networks(knownMax)...)
	limit := func(networks []netip.Prefix) { list = append(list, networks[:min(len(networks), knownMax)]...) }
	for _, view := range snap.Views {
		limit(view.Clients)
		for _, z := range view.Zones {
			for _, p := range z.Policies {
				if p == nil {
					continue
				}
				for _, note := range p.Notes {
					limit(networksIn(note.Attrs, snap.Config))
				}
			}
		}
	}
	return list
}

// networksIn finds the networks that values of annotations name, themselves or as a collection.
func networksIn(attrs []string, cfg *config.Config) (list []netip.Prefix) {
	for _, attr := range attrs {
		_, value, _ := strings.Cut(attr, "=")
		for _, word := range strings.Split(value, ",") {
			if collection, ok := cfg.Collections[word]; ok {
				list = append(list, collection...)
			} else if strings.ContainsAny(word, "./:") {
				if p, err := parseClient(word); err == nil {
					list = append(list, p)
				}
			}
		}
	}
	return list
}

// ParseClients reads a file of clients: one address or prefix a line, behind it a weight if it is not 1; # begins a comment.
func ParseClients(text string) ([]Client, error) {
	text = strings.TrimPrefix(text, "\ufeff") // of editors that mark UTF-8
	var list []Client
	for number, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		network, err := parseClient(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		c := Client{network, 1}
		if len(fields) > 1 {
			if c.Weight, err = strconv.ParseFloat(fields[1], 64); err != nil || !(c.Weight > 0 && c.Weight < 1e18) {
				return nil, fmt.Errorf("line %d: weight %q is no number above 0", number+1, fields[1])
			}
		}
		if len(fields) > 2 {
			return nil, fmt.Errorf("line %d: %q behind the weight", number+1, fields[2])
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no client")
	}
	return list, nil
}
