package geo

import "math/rand/v2"

// Data is all that is known about clients' networks, of one generation. It is immutable and may be shared; a nil one knows nothing.
type Data struct {
	database *Database // of places
	networks *Database // of autonomous systems
	table    *Table
	id       uint64 // so that what was cached of another Data is known without a pointer that keeps it alive
}

// NewData puts together what there is; each part may be nil. networks is a second database, of which only the number of the autonomous
// system is used; it goes before that of database.
func NewData(database, networks *Database, table *Table) *Data {
	return &Data{database, networks, table, rand.Uint64() | 1}
}
