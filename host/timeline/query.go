package timeline

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signpost/host/event"
	"signpost/host/reply"
)

// limitDefault is how many events GET /timeline answers unless it is told.
const limitDefault = 1000

// wants tells whether e is asked for.
func (q *Query) wants(e *event.Event) bool {
	name := e.Name
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	return (q.Name == "" || match(q.Name, name)) && (q.View == "" || match(q.View, e.View)) && (q.Check == "" || match(q.Check, e.Check)) &&
		(q.Since.IsZero() || !e.At.Before(q.Since)) && (q.Until.IsZero() || e.At.Before(q.Until))
}

// match tells whether text is what a pattern says. It takes time in proportion to both lengths multiplied, at worst.
func match(pattern, text string) bool {
	star, retry := -1, 0 // where the latest * stands, and where in text it ends so far
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// ParseQuery reads the parameters of GET /timeline: name, view and check, which may be patterns; since and until, a time as RFC 3339 has it
// or a duration before now; after; limit. The error names the parameter.
func ParseQuery(values url.Values, now time.Time) (q Query, err error) {
	name := strings.ToLower(values.Get("name"))
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	q = Query{Name: name, View: values.Get("view"), Check: values.Get("check"), Limit: limitDefault}
	if q.Since, err = parseTime("since", values.Get("since"), now); err != nil {
		return q, err
	}
	if q.Until, err = parseTime("until", values.Get("until"), now); err != nil {
		return q, err
	}
	if raw := values.Get("after"); raw != "" {
		if q.After, err = strconv.ParseUint(raw, 10, 64); err != nil {
			return q, fmt.Errorf("after %q is no number of an event", raw)
		}
	}
	if raw := values.Get("limit"); raw != "" {
		if q.Limit, err = strconv.Atoi(raw); err != nil || q.Limit < 1 {
			return q, fmt.Errorf("limit %q is no number from 1", raw)
		}
	}
	return q, nil
}

// parseTime reads a time, or a duration before now; "" is the zero time.
func parseTime(name, raw string, now time.Time) (time.Time, error) {
	if raw == "" {
		return time.Time{}, nil
	}
	if d, err := ParseAgo(raw); err == nil {
		return now.Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339Nano, raw)
	if err != nil {
		return at, fmt.Errorf("%s %q is neither a duration such as 2h or 3d nor a time such as %s", name, raw, now.UTC().Format(time.RFC3339))
	}
	return at, nil
}

// ParseAgo reads a duration, in which d stands for days too.
func ParseAgo(raw string) (time.Duration, error) {
	const daysMax = 36500
	days, rest, found := strings.Cut(raw, "d")
	if !found {
		d, err := time.ParseDuration(raw)
		if err == nil && d < 0 {
			err = fmt.Errorf("%q is negative", raw)
		}
		return d, err
	}
	count, err := strconv.ParseUint(days, 10, 32)
	if err != nil || count > daysMax {
		return 0, fmt.Errorf("%q is no number of days", days)
	}
	d := time.Duration(count) * 24 * time.Hour
	if rest == "" {
		return d, nil
	}
	hours, err := time.ParseDuration(rest)
	return d + max(hours, 0), err
}

// ServeHTTP answers GET /timeline with a Page, or with a reply.Refusal.
func (t *Timeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := ParseQuery(r.URL.Query(), time.Now())
	if err != nil {
		reply.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	reply.JSON(w, http.StatusOK, t.Find(q))
}
