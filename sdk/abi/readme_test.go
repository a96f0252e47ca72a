package abi

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Protects authors who have only the page: every place that sdk/README.md names is where the layouts have it.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, found := strings.Cut(string(text), "## ABI v1")
	if !found {
		t.Fatal("no section ABI v1")
	}
	sections := strings.Split(page, "\n### ")
	section := func(title string) string {
		for _, s := range sections {
			if strings.HasPrefix(s, title) {
				return s
			}
		}
		t.Fatalf("no section %s", title)
		return ""
	}
	for title, rows := range map[string][]string{
		"decide": {at(CandidateCountOff), at(FamilyOff), at(PrefixLenOff), at(AddressOff), at(ContinentOff), at(CountryOff), at(SubdivisionOff),
			at(ASNOff), at(LocatedOff), at(LatitudeOff), at(LongitudeOff),
			each(CandidatesOff+WeightOff, CandidateLen, "i"), each(CandidatesOff+HealthOff, CandidateLen, "i"),
			each(CandidatesOff+LatencySourceOff, CandidateLen, "i"), each(CandidatesOff+LatencyMicrosOff, CandidateLen, "i"),
			at(PickOff), at(TTLCapOff), at(Scope4Off), at(Scope6Off), each(WeightsOff, 4, "i")},
		"judge": {at(VantageCountOff), at(BeforeOff), at(PriorOff), at(HeldOff),
			each(VantagesOff+AttemptCountOff, VantageLen, "v"), each(VantagesOff+VantageHealthOff, VantageLen, "v"), each(VantagesOff+VantageHeldOff, VantageLen, "v"),
			attempt(AttemptAgeOff), attempt(AttemptTookOff), attempt(AttemptCodeOff), attempt(AttemptOKOff),
			at(VerdictHealthOff), at(VerdictShareOff), at(VerdictReasonOff), at(VerdictValueOff)},
		"filter": {at(QuestionTypeOff), at(QuestionClassOff), at(TransportOff), at(FlagsOff), at(QuestionNameLenOff), at(LabelCountOff), at(QuestionNameOff),
			at(ActionOff), at(FilterScope4Off), at(FilterScope6Off), at(RulingNameLenOff), at(RulingTTLOff), at(RecordLenOff), at(RulingNameOff), at(RecordsOff)},
		"What a module exports": {"`" + ExportMarker + "`", "`" + ExportDescribe + "`", "`" + ExportAlloc + "`", "`" + ExportConfigure + "`", "`" + ExportDecide + "`",
			"`" + ExportJudgeFrame + "`", "`" + ExportJudge + "`", "`" + ExportFilterFrame + "`", "`" + ExportFilter + "`", "`" + ExportInitialize + "`",
			thousands(FrameLen), thousands(JudgeFrameLen), thousands(FilterFrameLen)},
		"Manifest": {"`" + KindRouting + "`", "`" + KindHealth + "`", "`" + KindFilter + "`", "`" + WantClient + "`", "`" + WantGeo + "`", "`" + WantLatency + "`",
			"`" + TypeInt + "`", "`" + TypeFloat + "`", "`" + TypeBool + "`", "`" + TypeWord + "`", "`" + TypeText + "`", "`" + TypePlace + "`", "`" + TypeNetworks + "`",
			"`" + TypeDuration + "`"},
	} {
		s := section(title)
		for _, row := range rows {
			if !strings.Contains(s, row) {
				t.Errorf("section %s: got no %q", title, row)
			}
		}
	}
}

func at(offset int) string { return fmt.Sprintf("\n| %d ", offset) }

func each(offset, stride int, index string) string {
	return fmt.Sprintf("\n| %d + %d %s |", offset, stride, index)
}

func attempt(offset int) string {
	return fmt.Sprintf("\n| %d + %d v + %d a |", VantagesOff+AttemptsOff+offset, VantageLen, AttemptLen)
}

func thousands(n int) string { return fmt.Sprintf("%d,%03d bytes", n/1000, n%1000) }
