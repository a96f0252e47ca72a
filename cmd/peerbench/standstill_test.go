package main

import (
	"testing"
	"time"
)

func TestOutsideLeavesOutWhatWaitedWhileTheMachineStoodStill(t *testing.T) {
	zero := time.Unix(1000, 0)
	at := func(millis float64) time.Time { return zero.Add(time.Duration(millis * 1e6)) }
	samples := []sample{
		{at(0), time.Millisecond},     // answered before
		{at(4), 2 * time.Millisecond}, // waited at 5
		{at(5.5), time.Millisecond},   // sent meanwhile
		{at(5.6), 0},                  // lost
		{at(8), time.Millisecond},
	}
	got := outside(samples, []standstill{{at(5), at(7)}})
	want := []sample{samples[0], samples[3], samples[4]}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("sample %d: got %v, want %v", i, got[i], want[i])
		}
	}
}
