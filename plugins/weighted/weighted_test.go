package weighted

import (
	"slices"
	"strconv"
	"testing"

	"signpost/sdk"
)

// Route 53's rules for weighted records; host/plugin runs the same table on the real guest.
func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name    string
		weights []int
		given   sdk.Given
		want    []uint32
	}{
		{"shares", []int{90, 10}, sdk.Given{}, []uint32{90, 10}},
		{"largest", []int{255, 1, 255}, sdk.Given{}, []uint32{255, 1, 255}},
		{"one", []int{7}, sdk.Given{}, []uint32{7}},
		{"down loses its share", []int{90, 10}, sdk.Given{Down: []int{0}}, []uint32{0, 10}},
		{"zero waits", []int{5, 0}, sdk.Given{}, []uint32{5, 0}},
		{"zero answers when the others are down", []int{5, 0, 0}, sdk.Given{Down: []int{0}}, []uint32{0, 1, 1}},
		{"all zero is equal", []int{0, 0, 0}, sdk.Given{}, []uint32{1, 1, 1}},
		{"ruled out by the chain", []int{90, 10, 0}, sdk.Given{Before: []uint32{0, 0, 3}}, []uint32{0, 0, 1}},
		{"incoming shares are multiplied by the host", []int{90, 10}, sdk.Given{Before: []uint32{1, 9}}, []uint32{90, 10}},
	} {
		var lines []string
		for _, weight := range c.weights {
			lines = append(lines, "weight="+strconv.Itoa(weight))
		}
		trial, problems := sdk.Try(Plugin(), lines...)
		if trial == nil {
			t.Fatalf("%s: refused: %q", c.name, problems)
		}
		if got := trial.Decide(c.given); !slices.Equal(got.Weights, c.want) || got.Pick != 0 {
			t.Errorf("%s: %v %+v: got %+v, want weights %v", c.name, c.weights, c.given, got, c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"weight=256", "weighted: weight 256 is outside 0..255"},
		{"weight=-1", "weighted: weight -1 is outside 0..255"},
		{"weight=ten", `weighted: weight "ten" is not a whole number in 0..255`},
		{"weight=1.5", `weighted: weight "1.5" is not a whole number in 0..255`},
		{"weight=99999999999999999999", "weighted: weight 99999999999999999999 is outside 0..255"},
		{"", "weighted: weight is missing, as in weight=1"},
	} {
		if _, got := sdk.Try(Plugin(), "weight=1", c.line); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
	}
}
