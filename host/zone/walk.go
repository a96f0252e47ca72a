package zone

// All visits the nodes of the zone in no order: empty non-terminals and what lies below a cut too, hashed owners of NSEC3 not.
func (z *Zone) All(visit func(Node)) {
	for _, slot := range z.index.slots {
		if start := uint32(slot); start != 0 {
			if node := Node(z.arena[start:]); node.flags()&nodeHash == 0 {
				visit(node)
			}
		}
	}
}

// Node finds the node of a name, given without the origin, in lower case; nil if there is none. It is for readers that have time.
func (z *Zone) Node(relative []byte) Node {
	name := append(append(make([]byte, 0, len(relative)+len(z.Origin)), relative...), z.Origin...)
	return z.lookup(name, hashName(name))
}
