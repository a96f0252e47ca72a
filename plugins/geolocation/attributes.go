package geolocation

import (
	"strconv"

	"signpost/sdk"
)

// attributes are what a line may say.
type attributes struct {
	continent, country, subdivision, asn sdk.Text
	everywhere                           sdk.Bool
}

// read adds the regions of one candidate to all, or refuses it. The attributes have functions of their own because a guest pays for a loop by
// the size of the function around it.
func (a *attributes) read(c *sdk.Policy, i int, all *regions) {
	before := len(*all)
	a.systems(c, i, all)
	a.continents(c, i, all)
	a.countries(c, i, all)
	if a.everywhere.Of(c, i) {
		all.add(served{everywhere, i})
	}
	if len(*all) == before {
		c.Refuse(i, "no region: a candidate has continent, country, subdivision, asn or default=yes")
	}
}

//go:noinline
func (a *attributes) systems(c *sdk.Policy, i int, all *regions) {
	for part := a.asn.List(c, i); part.Next(); {
		asn := systemOf(part.Text)
		if asn == 0 {
			a.asn.Refuse(c, i, "asn "+strconv.Quote(part.Text)+" is not the number of an autonomous system, as 64496")
		}
		all.add(served{system | region(asn), i})
	}
}

//go:noinline
func (a *attributes) continents(c *sdk.Policy, i int, all *regions) {
	for part := a.continent.List(c, i); part.Next(); {
		code, message := continentOf(part.Text)
		if message != "" {
			a.continent.Refuse(c, i, message)
		}
		all.add(served{continent | region(number(code)), i})
	}
}

// countries adds the candidate's countries, or the subdivisions of its one country, which is then no region itself.
//
//go:noinline
func (a *attributes) countries(c *sdk.Policy, i int, all *regions) {
	divided, count := a.subdivision.Of(c, i) != "", 0
	var last sdk.Code
	for part := a.country.List(c, i); part.Next(); count++ {
		code, message := countryOf(part.Text)
		if message != "" {
			a.country.Refuse(c, i, message)
		}
		last = code
		if !divided {
			all.add(served{country | region(number(code)), i})
		}
	}
	if divided && count != 1 {
		a.subdivision.Refuse(c, i, "subdivision needs the one country that it is of, as in country=US subdivision=CA")
	}
	for part := a.subdivision.List(c, i); part.Next(); {
		code, message := subdivisionOf(part.Text)
		if message != "" {
			a.subdivision.Refuse(c, i, message)
		}
		all.add(served{subdivision | region(number(last))<<16 | region(number(code)), i})
	}
}
