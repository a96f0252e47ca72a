package notice

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/event"
	"signpost/host/policy"
	"signpost/host/testbed"
)

// alertsOf reads what Alertmanager gets.
func alertsOf(t *testing.T, body []byte) (list []alert) {
	t.Helper()
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return list
}

// Protects what Alertmanager needs: the labels of an alert that ends are those of the one that fires, an alert of each subject once, and an end
// in the future while it fires.
func TestAlerts(t *testing.T) {
	f := formatOf("alertmanager", "ns1")
	now := time.Unix(1_800_000_010, 0).UTC()
	up := change(1, policy.Down, policy.Up)
	slow := change(3, policy.Up, policy.Up)
	policyDown := down(0)
	policyDown.Kind, policyDown.ID, policyDown.Severity, policyDown.Check = event.Policy, "", event.Critical, ""
	body, err := f.encode([]event.Event{down(1), down(2), up, slow, policyDown, event.Flaps(&up, 7, false)}, 0, now)
	if err != nil {
		t.Fatal(err)
	}
	list := alertsOf(t, body)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprint(a.Labels["alertname"], " ", a.Labels["candidate"], " ", a.Labels["severity"], " ", a.EndsAt.After(now), " ", a.StartsAt != nil))
	}
	want := []string{"SignpostCandidateDown eu-1 warning false false", "SignpostCandidateDown eu-2 warning true true", "SignpostAllDown  critical true true",
		"SignpostCandidateFlapping eu-1 warning true true"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	first, err := f.encode([]event.Event{down(1)}, 0, now)
	if err != nil {
		t.Fatal(err)
	}
	firing := alertsOf(t, first)[0]
	if !reflect.DeepEqual(firing.Labels, list[0].Labels) || firing.Labels["name"] != "app.example.com" || firing.Labels["check"] != "web" || firing.Labels["instance"] != "ns1" {
		t.Errorf("got labels %v while it fires, %v when it ends", firing.Labels, list[0].Labels)
	}
	if !strings.Contains(firing.Annotations["description"], "connect refused") || !firing.EndsAt.Equal(now.Add(alertLife)) {
		t.Errorf("got %+v", firing)
	}
	if body, err := f.encode([]event.Event{slow}, 0, now); body != nil || err != nil {
		t.Errorf("got %s, %v for a share that changed, want nothing to tell", body, err)
	}
	for raw, want := range map[string]string{
		"http://am:9093": "http://am:9093/api/v2/alerts", "http://am/prefix/": "http://am/prefix/api/v2/alerts", "https://am/api/v2/alerts": "https://am/api/v2/alerts",
	} {
		u, err := url.Parse(raw)
		if err != nil || f.address(u) != want {
			t.Errorf("%s: got %s, %v, want %s", raw, f.address(u), err, want)
		}
	}
}

// Protects alerts from ending by themselves: what stands is told again and again, from the start on, and no longer than it stands.
func TestAlertsRepeat(t *testing.T) {
	t.Parallel()
	got := receive(t, nil)
	var standing atomic.Int32
	standing.Store(150)
	o := Options{Refresh: 20 * time.Millisecond, Standing: func() (list []event.Event) {
		for n := range int(standing.Load()) {
			list = append(list, down(n))
		}
		return list
	}}
	teller, _, _ := tell(t, o, got.webhook("alertmanager"))
	testbed.Await(t, "a repetition", func() bool { return len(got.seen()) >= 4 })
	standing.Store(0)
	teller.Close()
	seen := got.seen()
	if seen[0].path != alertsPath || len(alertsOf(t, seen[0].body)) != 100 || len(alertsOf(t, seen[1].body)) != 50 || len(alertsOf(t, seen[2].body)) != 100 {
		t.Errorf("got %s with %d, %d, %d alerts; want %s with 100, 50, 100", seen[0].path,
			len(alertsOf(t, seen[0].body)), len(alertsOf(t, seen[1].body)), len(alertsOf(t, seen[2].body)), alertsPath)
	}
}

// Protects people in a chat: one message, nothing that the chat takes for markup, and not more lines than anybody reads.
func TestSlack(t *testing.T) {
	odd := down(1)
	odd.Text = "a <b> & c"
	critical := down(2)
	critical.Severity = event.Critical
	list := []event.Event{odd, critical, change(3, policy.Down, policy.Up)}
	body, err := formatOf("slack", "ns1").encode(list, 0, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var message struct{ Text string }
	if err := json.Unmarshal(body, &message); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_800_000_000, 0).UTC().Format("15:04:05 UTC")
	want := "🟠 " + at + " a &lt;b&gt; &amp; c\n🔴 " + at + " app.example.com A eu-2 down: connect refused (3/3)\n🟢 " + at + " app.example.com A eu-3 up: connect refused (3/3)"
	if message.Text != want {
		t.Errorf("got %q\nwant %q", message.Text, want)
	}
	list = nil
	for n := range 100 {
		list = append(list, down(n))
	}
	body, err = formatOf("slack", "ns1").encode(list, 5, time.Time{})
	if err != nil || strings.Count(string(body), `\n`) != slackLinesMax || !strings.Contains(string(body), "and 85 more: signpost timeline") {
		t.Errorf("got %s, %v", body, err)
	}
}
