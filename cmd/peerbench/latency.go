package main

import (
	"slices"
	"time"
)

// percentile returns the smallest value that at least p of all values (0 < p ≤ 1) do not exceed; 0 of none.
// It sorts values.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	at := int(p*float64(len(values))+0.999999) - 1
	return values[min(max(at, 0), len(values)-1)]
}

// median returns the middle value, the mean of the two middle ones of an even count, and 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
