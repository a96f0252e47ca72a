// Package conformance holds no code, only the differential test: Signpost, NSD, Knot and BIND answer the same questions about the
// same awkward zones, and every section of every answer is compared.
//
// Plane: none (tests). Floor: 6. Journey: the whole of "one query", seen from outside through the real binary.
package conformance
