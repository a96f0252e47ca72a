package geolocation

import (
	"strconv"
	"strings"

	"signpost/sdk"
)

// continents and countries are codes of two letters, one behind the other. The countries are those of ISO 3166-1, and XK, which databases
// of addresses use for Kosovo.
const (
	continents = "AFANASEUNAOCSA"
	countries  = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ" +
		"DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJP" +
		"KEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOM" +
		"PAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ" +
		"UAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
)

// within tells whether a list has the code.
func within(list string, code sdk.Code) bool {
	for i := 0; i < len(list); i += 2 {
		if list[i] == code[0] && list[i+1] == code[1] {
			return true
		}
	}
	return false
}

// countryOf returns the code that text spells, or says what is wrong with it.
func countryOf(text string) (code sdk.Code, message string) {
	code, ok := sdk.CodeOf(text)
	ok = ok && len(text) == 2
	if ok && within(countries, code) {
		return code, ""
	}
	message = "country " + strconv.Quote(text) + " is no two-letter code of ISO 3166-1"
	switch upper := strings.ToUpper(text); {
	case upper == "UK":
		message += ` (did you mean "GB"?)`
	case upper == "EL":
		message += ` (did you mean "GR"?)`
	case ok && within(continents, code):
		message += " but a continent: continent=" + upper
	}
	return code, message
}

// continentOf returns the code that text spells, or says what is wrong with it.
func continentOf(text string) (code sdk.Code, message string) {
	code, ok := sdk.CodeOf(text)
	ok = ok && len(text) == 2
	if ok && within(continents, code) {
		return code, ""
	}
	message = "continent " + strconv.Quote(text) + " is none of AF, AN, AS, EU, NA, OC, SA"
	if ok && within(countries, code) {
		message += " but a country: country=" + strings.ToUpper(text)
	}
	return code, message
}
