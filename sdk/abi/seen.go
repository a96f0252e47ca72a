//go:build !wasip1

package abi

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// What follows is how tests and golden files write what a judge is told. Guests have no use for it.

// HealthWords are the states as people write them.
var HealthWords = [...]string{HealthUnknown: "unknown", HealthUp: "up", HealthDown: "down"}

// ParseHealth reads a state, and behind a slash for how long it has stood: "down/20s".
func ParseHealth(text string) (health uint8, heldMillis uint32, ok bool) {
	word, held, said := strings.Cut(text, "/")
	if said {
		length, err := time.ParseDuration(held)
		if err != nil || length < 0 {
			return 0, 0, false
		}
		heldMillis = uint32(min(length.Milliseconds(), math.MaxUint32))
	}
	for i, name := range HealthWords {
		if name == word {
			return uint8(i), heldMillis, true
		}
	}
	return 0, 0, false
}

// HealthText writes a state so that ParseHealth reads it.
func HealthText(health uint8, heldMillis uint32) string {
	if heldMillis == 0 {
		return HealthWords[health]
	}
	return HealthWords[health] + "/" + DurationText(time.Duration(heldMillis)*time.Millisecond)
}

// usualTook is how long an attempt took that does not say, and usualApart how far attempts are apart.
const (
	usualTook  = 1000
	usualApart = time.Second
)

// ParseVantage reads what one vantage point saw: its own verdict if it has one, as ParseHealth does, then its attempts, the latest first. A message
// says what is wrong.
//
// A success is + and a failure -. 120ms and +120ms are a success that took so long, -2s/503 is a failure that did, with a status of HTTP, and -*12
// twelve of a kind. Those of + and - alone may be written together. @10s says how far the attempts are apart, 1s if nobody says so.
func ParseVantage(text string) (v Vantage, message string) {
	apart := usualApart
	for i, word := range strings.Fields(text) {
		if health, held, ok := ParseHealth(word); ok && i == 0 {
			v.Health, v.HeldMillis = health, held
			continue
		}
		if every, ok := strings.CutPrefix(word, "@"); ok {
			var err error
			if apart, err = time.ParseDuration(every); err != nil || apart < 0 {
				return v, quote(word) + " is no time, as @10s is"
			}
			continue
		}
		parts := []string{word}
		if strings.Trim(word, "+-") == "" {
			parts = strings.Split(word, "")
		}
		for _, part := range parts {
			attempt, count, ok := parseAttempt(part)
			if !ok {
				return v, quote(part) + " is no attempt, as +, -, 120ms, -2s/503 and +*12 are"
			}
			if int(v.AttemptCount)+count > AttemptMax {
				return v, "there are more than " + strconv.Itoa(AttemptMax) + " attempts"
			}
			for range count {
				v.Attempts[v.AttemptCount] = attempt
				v.AttemptCount++
			}
		}
	}
	for i := range v.AttemptCount {
		v.Attempts[i].AgeMillis = uint32(min(int64(i)*apart.Milliseconds(), math.MaxUint32))
	}
	return v, ""
}

func parseAttempt(word string) (a Attempt, count int, ok bool) {
	a, count = Attempt{TookMicros: usualTook, OK: 1}, 1
	word, times, said := strings.Cut(word, "*")
	if said {
		var err error
		if count, err = strconv.Atoi(times); err != nil || count < 1 {
			return a, 0, false
		}
	}
	word, code, said := strings.Cut(word, "/")
	if said {
		number, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			return a, 0, false
		}
		a.Code = uint16(number)
	}
	took, failed := strings.CutPrefix(word, "-")
	if failed {
		a.OK = 0
	} else if took = strings.TrimPrefix(word, "+"); word == "" {
		return a, 0, false
	}
	if took == "" {
		return a, count, true
	}
	length, err := time.ParseDuration(took)
	if err != nil || length < 0 || took[0] == '-' || took[0] == '+' {
		return a, 0, false
	}
	a.TookMicros = uint32(min(length.Microseconds(), math.MaxUint32))
	return a, count, true
}

// VantageText writes a vantage point so that ParseVantage reads it: the attempts are as far apart as the first two.
func VantageText(v *Vantage) string {
	var words []string
	if v.Health != HealthUnknown || v.HeldMillis > 0 || v.AttemptCount == 0 {
		words = append(words, HealthText(v.Health, v.HeldMillis))
	}
	if v.AttemptCount > 1 && v.Attempts[1].AgeMillis != uint32(usualApart.Milliseconds()) {
		words = append(words, "@"+DurationText(time.Duration(v.Attempts[1].AgeMillis)*time.Millisecond))
	}
	for i := uint32(0); i < v.AttemptCount; {
		word := attemptText(&v.Attempts[i])
		count := uint32(1)
		for ; i+count < v.AttemptCount && attemptText(&v.Attempts[i+count]) == word; count++ {
		}
		if i += count; count > 1 {
			word += "*" + strconv.Itoa(int(count))
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func attemptText(a *Attempt) string {
	text := "-"
	if a.OK != 0 {
		text = "+"
	}
	if a.TookMicros != usualTook {
		text += DurationText(time.Duration(a.TookMicros) * time.Microsecond)
	}
	if a.Code != 0 {
		text += "/" + strconv.Itoa(int(a.Code))
	}
	return text
}
