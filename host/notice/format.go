package notice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"signpost/host/event"
)

// format is how a webhook is told.
type format struct {
	encode  func(batch []event.Event, lost int, now time.Time) ([]byte, error) // nil: there is nothing to tell
	address func(*url.URL) string
	repeats bool // what stands is to be told again and again
}

// formatOf returns one of config.WebhookFormats.
func formatOf(name, instance string) format {
	as := func(u *url.URL) string { return u.String() }
	switch name {
	case "alertmanager":
		return format{repeats: true, address: alertsAddress, encode: func(batch []event.Event, _ int, now time.Time) ([]byte, error) {
			return encodeAlerts(batch, instance, now)
		}}
	case "slack":
		return format{address: as, encode: encodeSlack}
	}
	return format{address: as, encode: func(batch []event.Event, lost int, now time.Time) ([]byte, error) {
		return marshal(Body{Version: 1, Instance: instance, Sent: now, Lost: lost, Notices: batch})
	}}
}

// Body is what a webhook of the format json gets.
type Body struct {
	Version  int           `json:"version"` // of this format
	Instance string        `json:"instance"`
	Sent     time.Time     `json:"sent"`
	Lost     int           `json:"lost"`    // notices before these that the receiver will never get, because too many waited
	Notices  []event.Event `json:"notices"` // the oldest first
}

func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return text.Bytes(), err
}

// alert is one of Alertmanager's API v2. The labels say which it is, so they are the same when it ends.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    *time.Time        `json:"startsAt,omitempty"` // left out of one that ends: Alertmanager knows it
	EndsAt      time.Time         `json:"endsAt"`
}

// alertLife is how long Alertmanager takes an alert as firing that is not repeated: four repetitions, as Prometheus has it.
const alertLife = 4 * time.Minute

// alertNames are the names of alerts, by the kind of event.
var alertNames = map[string]string{
	event.Candidate: "SignpostCandidateDown", event.Policy: "SignpostAllDown", event.Flapping: "SignpostCandidateFlapping",
}

// alertsPath is where Alertmanager takes alerts, behind its route prefix.
const alertsPath = "/api/v2/alerts"

func alertsAddress(u *url.URL) string {
	if strings.HasSuffix(u.Path, alertsPath) {
		return u.String()
	}
	return u.JoinPath(alertsPath).String()
}

// encodeAlerts makes an alert of the latest event about each candidate and policy.
func encodeAlerts(batch []event.Event, instance string, now time.Time) ([]byte, error) {
	var list []alert
	at := map[string]int{}
	for i := range batch {
		e := &batch[i]
		if e.Kind == event.Candidate && e.From == e.To && e.To != "down" {
			continue // its share changed, it did not
		}
		one := alertOf(e, instance, now)
		key := e.Key()
		if have, known := at[key]; known {
			list[have] = one
			continue
		}
		at[key] = len(list)
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return marshal(list)
}

func alertOf(e *event.Event, instance string, now time.Time) alert {
	severity := event.Warning
	if e.Kind == event.Policy {
		severity = event.Critical
	}
	one := alert{
		Labels: map[string]string{
			"alertname": alertNames[e.Kind], "severity": severity, "instance": instance, "view": e.View, "name": strings.TrimSuffix(e.Name, "."), "type": e.Type,
		},
		Annotations: map[string]string{"summary": e.Who() + " " + e.To, "description": e.Text},
		EndsAt:      e.At,
	}
	for label, value := range map[string]string{"candidate": e.ID, "check": e.Check} {
		if value != "" {
			one.Labels[label] = value
		}
	}
	firing := !e.Resolved
	if e.Kind == event.Candidate {
		firing = e.To == "down"
	}
	if firing {
		one.StartsAt, one.EndsAt = &e.At, now.Add(alertLife)
	}
	return one
}

// slackLinesMax is how many notices one message shows.
const slackLinesMax = 20

var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// encodeSlack makes one message, which Mattermost and others take, too.
func encodeSlack(batch []event.Event, lost int, _ time.Time) ([]byte, error) {
	var text strings.Builder
	for i := range batch[:min(len(batch), slackLinesMax)] {
		e := &batch[i]
		mark := "🟠"
		switch {
		case e.Resolved:
			mark = "🟢"
		case e.Severity == event.Critical:
			mark = "🔴"
		}
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s %s %s", mark, e.At.UTC().Format("15:04:05 UTC"), slackEscape.Replace(e.Text))
	}
	if more := max(len(batch)-slackLinesMax, 0) + lost; more > 0 {
		fmt.Fprintf(&text, "\n… and %d more: signpost timeline", more)
	}
	return marshal(map[string]string{"text": text.String()})
}
