package geo

import "math"

// earthRadius is the mean one (IUGG R1), in kilometres.
const earthRadius = 6371.0088

// microsPerKilometre turns the great circle between two places into an estimated round trip. Light takes 5 µs a kilometre in fibre (two thirds of
// its speed in a vacuum), so 10 there and back, and paths are about half as long again as the great circle: 15. That is 4/9 of the speed of light,
// the speed that geolocation by delay found for real paths (Katz-Bassett and others, IMC 2006, "Towards IP geolocation using delay and topology
// measurements").
//
// microsOfAccess is added for the client's own line, which every measured round trip has in it: without it a table that lacks a region would make
// that region look near. 5 ms is on the low side for cable and fibre. It does not change the order of estimates.
const (
	microsPerKilometre = 15
	microsOfAccess     = 5000
)

// vector is a place as a point on the unit sphere.
type vector struct{ x, y, z float64 }

func vectorOf(latitude, longitude float64) vector {
	sinLat, cosLat := math.Sincos(latitude * (math.Pi / 180))
	sinLon, cosLon := math.Sincos(longitude * (math.Pi / 180))
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// kilometres is the great-circle distance, by the haversine formula: half the chord is the sine of half the angle.
func (a vector) kilometres(b vector) float64 {
	x, y, z := a.x-b.x, a.y-b.y, a.z-b.z
	return 2 * earthRadius * math.Asin(min(1, math.Sqrt(x*x+y*y+z*z)/2))
}

// estimate is the round trip over so many kilometres.
func estimate(kilometres float64) uint32 {
	return microsOfAccess + uint32(kilometres*microsPerKilometre)
}
