// Package geo knows where networks and regions are, and how far from each other.
//
// Plane: both. Floor: 0. Journey of a query: step 4 (the facts of a decision); of an edit: step 3 (the regions that annotations name).
package geo

//go:generate go run ./sample

// Place is where a network is. The zero value is a place that is not known.
type Place struct {
	Continent   [2]byte // AF AN AS EU NA OC SA; zero: unknown
	Country     [2]byte // ISO 3166-1 alpha-2; zero: unknown
	Subdivision [4]byte // ISO 3166-2, what stands behind the country's hyphen, zeros behind it
	ASN         uint32  // number of the autonomous system; 0: unknown
	Located     bool    // Latitude and Longitude are known
	Latitude    float64 // degrees north
	Longitude   float64 // degrees east
}

// Region is a place that annotations name: a cloud provider's region, or one of signpost.yaml.
type Region struct {
	Name                string // "": coordinates without a name
	Latitude, Longitude float64
}

// Source tells where a Latency is from; its values are those of sdk/abi.
type Source uint8

// Unknown: there is none. Measured: the table of measurements. Distance: the great circle. Probed: the server's own probes.
const (
	Unknown Source = iota
	Measured
	Distance
	Probed
)

// String names the source for people.
func (s Source) String() string { return [...]string{"unknown", "measured", "distance", "probe"}[s] }

// Latency is a round trip between a client's network and a region.
type Latency struct {
	Micros uint32 // 0 if Source is Unknown
	Source Source
}
