package geolocation

import (
	"strconv"
	"strings"

	"signpost/sdk"
)

// attributes are what a line may say.
type attributes struct {
	continent, country, subdivision, asn sdk.Text
	everywhere                           sdk.Bool
}

// read appends the regions of one candidate to all, or refuses it.
func (a *attributes) read(c *sdk.Policy, i int, all []served) []served {
	before := len(all)
	add := func(r region) { all = append(all, served{r, i}) }
	for _, text := range a.asn.List(c, i) {
		digits := strings.TrimPrefix(strings.ToUpper(text), "AS")
		asn, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || asn == 0 {
			a.asn.Refuse(c, i, "asn "+strconv.Quote(text)+" is not the number of an autonomous system, as 64496")
		}
		add(system | region(asn))
	}
	for _, text := range a.continent.List(c, i) {
		code, message := continentOf(text)
		if message != "" {
			a.continent.Refuse(c, i, message)
		}
		add(continent | region(number(code)))
	}
	countries := a.countries(c, i)
	if subdivisions := a.subdivision.List(c, i); len(subdivisions) > 0 {
		a.subdivisions(c, i, countries, subdivisions, add)
	} else {
		for _, code := range countries {
			add(country | region(number(code)))
		}
	}
	if a.everywhere.Of(c, i) {
		add(everywhere)
	}
	if len(all) == before {
		c.Refuse(i, "no region: a candidate has continent, country, subdivision, asn or default=yes")
	}
	return all
}

func (a *attributes) countries(c *sdk.Policy, i int) (codes []sdk.Code) {
	for _, text := range a.country.List(c, i) {
		code, message := countryOf(text)
		if message != "" {
			a.country.Refuse(c, i, message)
		}
		codes = append(codes, code)
	}
	return codes
}

// subdivisions adds the subdivisions of the candidate's country, which is then no region itself.
func (a *attributes) subdivisions(c *sdk.Policy, i int, countries []sdk.Code, list []string, add func(region)) {
	if len(countries) != 1 {
		a.subdivision.Refuse(c, i, "subdivision needs the one country that it is of, as in country=US subdivision=CA")
		countries = []sdk.Code{{}}
	}
	for _, text := range list {
		code, ok := sdk.CodeOf(text)
		if before, after, full := strings.Cut(text, "-"); full {
			a.subdivision.Refuse(c, i, "subdivision "+strconv.Quote(text)+" is written country="+before+" subdivision="+after)
		} else if !ok || len(text) > 3 {
			a.subdivision.Refuse(c, i, "subdivision "+strconv.Quote(text)+" is not a code of ISO 3166-2: one to three letters and digits")
		}
		add(subdivision | region(number(countries[0]))<<16 | region(number(code)))
	}
}
