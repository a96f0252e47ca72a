package zone

import "signpost/host/wire"

// Kind is what a zone says to a question (RFC 1034 §4.3.2).
type Kind uint8

// The kinds of hits.
const (
	Outside    Kind = iota // no zone of the view holds the name
	Broken                 // its zone was never loaded well
	Answer                 // Set answers
	NoData                 // the name exists, the type does not (also for empty non-terminals)
	NameError              // the name does not exist
	Delegation             // Cut's NS set refers elsewhere
	CNAME                  // Set holds the CNAME to follow
	DNAME                  // Set, of Node, rewrites the name (RFC 6672)
	ALIAS                  // Set holds the ALIAS whose target's addresses answer
	Many                   // type ANY or RRSIG at Node, which owns something
	Undecided              // which view to ask is not known; Find never says so
)

// Hit is what Find found. Its slices are views of the zone.
type Hit struct {
	Kind     Kind
	Wildcard bool // Node is "*" and stands for the name (RFC 4592)
	Zone     *Zone
	Node     Node  // the owner: the name itself, the wildcard, the cut or the DNAME's owner; nil for NameError
	Set      RRset // of Answer, CNAME, DNAME, ALIAS, Delegation (the NS set)
	Labels   int   // of Node's name as it stands in the question; for NameError and wildcards of the closest encloser
}

// Find answers one question from the view. sums is scratch space.
func (v *View) Find(name *wire.Name, qtype uint16, sums *Sums, hit *Hit) {
	sums.Hash(name)
	v.FindHashed(name, qtype, sums, hit)
}

// Hash prepares FindHashed for a name.
func (s *Sums) Hash(name *wire.Name) { hashes(name, (*[wire.LabelCountMax + 1]uint64)(s)) }

// FindHashed is Find with the sums of the name, for one that is looked up in several views.
func (v *View) FindHashed(name *wire.Name, qtype uint16, sums *Sums, hit *Hit) {
	z := v.zoneOf(name, sums, name.Labels)
	if z == nil {
		*hit = Hit{Kind: Outside}
		return
	}
	if qtype == wire.TypeDS && z.Labels == name.Labels && name.Labels > 0 {
		// RFC 4035 §3.1.4.1: DS belongs to the parent's side of the cut.
		if parent := v.zoneOf(name, sums, name.Labels-1); parent != nil {
			z = parent
		}
	}
	z.find(name, qtype, sums, hit)
}

// find answers from a zone that holds the name.
func (z *Zone) find(name *wire.Name, qtype uint16, sums *Sums, hit *Hit) {
	hit.Zone, hit.Labels, hit.Wildcard, hit.Set = z, name.Labels, false, nil
	if z.Broken {
		hit.Kind, hit.Node = Broken, nil
		return
	}
	node := z.lookup(name.Bytes(), sums[name.Labels])
	if node != nil {
		if flags := node.flags(); flags&(nodeCut|nodeOccluded) == 0 {
			hit.Node = node
			node.pick(flags, qtype, hit)
			return
		}
	}
	z.findBelow(name, qtype, sums, hit, node)
}

// pick chooses what a node that the zone is authoritative for says to qtype.
func (n Node) pick(flags, qtype uint16, hit *Hit) {
	set := n.RRset(qtype)
	switch {
	case set != nil:
		hit.Kind, hit.Set = Answer, set
	case (qtype == wire.TypeANY || qtype == wire.TypeRRSIG) && n.RRsets() > 0:
		hit.Kind = Many
	case flags&nodeCNAME != 0 && qtype != wire.TypeNSEC: // NSEC stands beside a CNAME (RFC 4034 §4)
		hit.Kind, hit.Set = CNAME, n.RRset(wire.TypeCNAME)
	case flags&nodeALIAS != 0 && (qtype == wire.TypeA || qtype == wire.TypeAAAA):
		hit.Kind, hit.Set = ALIAS, n.RRset(wire.TypeALIAS)
	default:
		hit.Kind = NoData
	}
}

// findBelow handles names that do not exist or lie at or below a cut or a DNAME. node is the name's own node or nil.
func (z *Zone) findBelow(name *wire.Name, qtype uint16, sums *Sums, hit *Hit, node Node) {
	encloser, labels := node, name.Labels
	if node == nil {
		encloser, labels = z.closestEncloser(name, sums)
	}
	flags := encloser.flags()
	if flags&(nodeCut|nodeOccluded) != 0 {
		encloser, labels = z.topCut(name, sums, labels)
		flags = encloser.flags()
	}
	hit.Node, hit.Labels = encloser, labels
	switch {
	case flags&nodeCut != 0 && labels == name.Labels && qtype == wire.TypeDS:
		encloser.pick(flags, qtype, hit)
		return
	case flags&nodeCut != 0:
		hit.Kind, hit.Set = Delegation, encloser.RRset(wire.TypeNS)
		return
	case flags&nodeDNAME != 0:
		hit.Kind, hit.Set = DNAME, encloser.RRset(wire.TypeDNAME)
		return
	case flags&nodeWildcard == 0:
		hit.Kind, hit.Node = NameError, nil
		return
	}
	hit.Wildcard = true
	hit.Node = z.wildcard(name, labels, sums)
	if flags = hit.Node.flags(); flags&nodeCut != 0 {
		hit.Kind, hit.Set = Delegation, hit.Node.RRset(wire.TypeNS)
		return
	}
	hit.Node.pick(flags, qtype, hit)
}

// closestEncloser finds the deepest existing ancestor of a name that does not exist. Every ancestor of a node is a node, so
// the search halves the number of labels: seven look-ups at most.
func (z *Zone) closestEncloser(name *wire.Name, sums *Sums) (Node, int) {
	found, labels := z.Apex(), z.Labels
	low, high := z.Labels+1, name.Labels-1 // the encloser may have low..high labels, or be found
	middle := high                         // most often it is the parent
	for low <= high {
		if node := z.lookup(name.Suffix(middle), sums[middle]); node != nil {
			found, labels, low = node, middle, middle+1
		} else {
			high = middle - 1
		}
		middle = (low + high) / 2
	}
	return found, labels
}

// topCut finds the highest cut or DNAME above or at the node of name's last labels.
func (z *Zone) topCut(name *wire.Name, sums *Sums, labels int) (Node, int) {
	for above := z.Labels; above < labels; above++ {
		node := z.lookup(name.Suffix(above), sums[above])
		if node.flags()&(nodeCut|nodeDNAME) != 0 {
			return node, above
		}
	}
	return z.lookup(name.Suffix(labels), sums[labels]), labels
}

// wildcard is the node "*" below the node of name's last labels, which has the flag that says it exists.
func (z *Zone) wildcard(name *wire.Name, labels int, sums *Sums) Node {
	var buf [wire.NameLenMax + 2]byte
	buf[0], buf[1] = 1, '*'
	suffix := name.Suffix(labels)
	length := 2 + copy(buf[2:], suffix)
	return z.lookup(buf[:length], hashLabel(sums[labels], wildcardLabel[:], 2))
}

// wildcardLabel is "*" with room for an eight-byte load.
var wildcardLabel = [8]byte{1, '*'}
