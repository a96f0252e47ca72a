package geolocation

import (
	"strconv"
	"strings"

	"signpost/sdk"
)

// countries are the codes of ISO 3166-1, and XK, which databases of addresses use for Kosovo: by the first letter the second ones.
var countries = [26]string{
	"DEFGILMOQRSTUWXZ", "ABDEFGHIJLMNOQRSTVWYZ", "ACDFGHIKLMNORUVWXYZ", "EJKMOZ", "CEGHRST", "IJKMOR",
	"ABDEFGHILMNPQRSTUWY", "KMNRTU", "DELMNOQRST", "EMOP", "EGHIMNPRWYZ", "ABCIKRSTUVY", "ACDEFGHKLMNOPQRSTUVWXYZ",
	"ACEFGILOPRUZ", "M", "AEFGHKLMNRSTWY", "A", "EOSUW", "ABCDEGHIJKLMNORSTVXYZ", "CDFGHJKLMNORTVWZ", "AGMSYZ", "ACEGINU",
	"FS", "K", "ET", "AMW",
}

// continents are likewise AF AN AS EU NA OC SA.
var continents = [26]string{"FNS", "", "", "", "U", "", "", "", "", "", "", "", "", "A", "C", "", "", "", "A", "", "", "", "", "", "", ""}

// within tells whether a list has the code.
func within(list *[26]string, code sdk.Code) bool {
	first := code[0] - 'A'
	return int(first) < len(list) && strings.IndexByte(list[first], code[1]) >= 0
}

// countryOf returns the code that text spells, or says what is wrong with it.
//
//go:noinline
func countryOf(text string) (code sdk.Code, message string) {
	code, ok := sdk.CodeOf(text)
	ok = ok && len(text) == 2
	if ok && within(&countries, code) {
		return code, ""
	}
	return code, noCountry(text, ok && within(&continents, code))
}

//go:noinline
func noCountry(text string, isContinent bool) string {
	message := "country " + strconv.Quote(text) + " is no two-letter code of ISO 3166-1"
	switch upper := strings.ToUpper(text); {
	case upper == "UK":
		message += ` (did you mean "GB"?)`
	case upper == "EL":
		message += ` (did you mean "GR"?)`
	case isContinent:
		message += " but a continent: continent=" + upper
	}
	return message
}

// continentOf returns the code that text spells, or says what is wrong with it.
//
//go:noinline
func continentOf(text string) (code sdk.Code, message string) {
	code, ok := sdk.CodeOf(text)
	ok = ok && len(text) == 2
	if ok && within(&continents, code) {
		return code, ""
	}
	return code, noContinent(text, ok && within(&countries, code))
}

//go:noinline
func noContinent(text string, isCountry bool) string {
	message := "continent " + strconv.Quote(text) + " is none of AF, AN, AS, EU, NA, OC, SA"
	if isCountry {
		message += " but a country: country=" + strings.ToUpper(text)
	}
	return message
}

// subdivisionOf returns the code that text spells, or says what is wrong with it.
//
//go:noinline
func subdivisionOf(text string) (code sdk.Code, message string) {
	code, ok := sdk.CodeOf(text)
	if before, after, full := strings.Cut(text, "-"); full {
		return code, "subdivision " + strconv.Quote(text) + " is written country=" + before + " subdivision=" + after
	}
	if !ok || len(text) > 3 {
		return code, "subdivision " + strconv.Quote(text) + " is not a code of ISO 3166-2: one to three letters and digits"
	}
	return code, ""
}

// systemOf returns the number that text spells, as 64496 or AS64496; 0 if it is none.
//
//go:noinline
func systemOf(text string) uint32 {
	if len(text) > 2 && (text[:2] == "AS" || text[:2] == "as") {
		text = text[2:]
	}
	number := uint64(0)
	for i := range len(text) {
		digit := text[i] - '0'
		if number = number*10 + uint64(digit); digit > 9 || number > 1<<32-1 {
			return 0
		}
	}
	return uint32(number)
}
