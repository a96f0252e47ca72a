package event

import (
	"strings"
	"testing"
	"time"

	"signpost/host/health"
	"signpost/host/policy"
)

// Protects what people read at night: who, what, why, who said so, and what it did to the answers.
func TestText(t *testing.T) {
	key := health.Key{View: "public", Name: "app.example.com.", Type: 1, ID: "eu"}
	down := health.Change{Key: key, From: policy.Up, To: policy.Down, FromShare: 100, ToShare: 100, Why: "connect refused (3/3)", LiveAfter: 2, Of: 3}
	up := down
	up.From, up.To, up.Why = policy.Down, policy.Up, "200 OK (3/3)"
	forced := down
	forced.Override = health.Override{Force: health.ForceDown, By: "ann@ops"}
	forced.Why, forced.View = "disk", "internal"
	slow := up
	slow.ToShare, slow.Why = 40, "slow start"
	brown := slow
	brown.From, brown.FromShare, brown.Why = policy.Up, 100, "1.2 s"
	drains := forced
	drains.To, drains.ToShare, drains.Override.Force, drains.View = policy.Up, 95, health.ForceDrain, "public"
	drained := drains
	drained.To, drained.ToShare = policy.Down, 0
	all := down
	all.ID, all.LiveAfter, all.ToDistress, all.Why = "", 0, health.FailOpen, "none of 3 candidates live: all are taken as up"
	again := all
	again.From, again.To, again.FromDistress, again.ToDistress, again.Why = policy.Down, policy.Up, health.FailOpen, health.Calm, "2 of 3 candidates live"
	view := down
	view.View, view.Name, view.Type, view.ID = "", "views.", 0, "internal"
	odd := down
	odd.Name, odd.Why = ".", "line\nbreak \x1b[2J"
	to := func(clients int, moves ...Move) *Moved {
		m := &Moved{Moves: moves, Clients: clients}
		for _, one := range moves {
			m.Percent += one.Percent
		}
		return m
	}
	for _, c := range []struct {
		change   health.Change
		moved    *Moved
		severity string
		resolved bool
		want     string
	}{
		{down, to(0, Move{8.12, "eu", "us"}), Warning, false, "app.example.com A eu down: connect refused (3/3); 8.1 % of app.example.com moved to us"},
		{down, to(700, Move{50, "eu", "us"}, Move{20, "eu", "ap"}, Move{0.01, "eu", "sa"}, Move{0.01, "eu", "af"}), Warning, false,
			"app.example.com A eu down: connect refused (3/3); about 70.0 % of app.example.com moved to us (50.0 %), ap (20.0 %), sa (less than 0.1 %) and 1 more"},
		{down, to(0), Warning, false, "app.example.com A eu down: connect refused (3/3); no answer moved"},
		{down, &Moved{Note: "300 changes at once, so nobody looked what moved"}, Warning, false,
			"app.example.com A eu down: connect refused (3/3); 300 changes at once, so nobody looked what moved"},
		{up, to(0, Move{100, "us", "eu"}), Info, true, "app.example.com A eu up: 200 OK (3/3); 100 % of app.example.com moved from us"},
		{up, to(0, Move{10, "us", "eu"}, Move{5, "ap", "eu"}), Info, true, "app.example.com A eu up: 200 OK (3/3); 15.0 % of app.example.com moved from us (10.0 %), ap (5.0 %)"},
		{down, to(0, Move{10, "us", "ap"}, Move{5, "eu", "us"}), Warning, false,
			"app.example.com A eu down: connect refused (3/3); 15.0 % of app.example.com moved from us to ap (10.0 %), from eu to us (5.0 %)"},
		{forced, nil, Warning, false, "app.example.com A eu (view internal) down, says ann@ops: disk"},
		{slow, nil, Info, true, "app.example.com A eu up at 40 % of its weight: slow start"},
		{brown, nil, Warning, false, "app.example.com A eu at 40 % of its weight: 1.2 s"},
		{drains, nil, Warning, false, "app.example.com A eu drains, at 95 % of its weight, says ann@ops: disk"},
		{drained, nil, Warning, false, "app.example.com A eu drained, says ann@ops: disk"},
		{all, nil, Critical, false, "app.example.com A: none of 3 candidates live: all are taken as up"},
		{again, nil, Critical, true, "app.example.com A answered as usual again: 2 of 3 candidates live"},
		{view, nil, Warning, false, "views internal down: connect refused (3/3)"},
		{odd, nil, Warning, false, `. A eu down: line\nbreak \x1b[2J`},
	} {
		e := Of(&c.change, c.moved)
		if e.Text != c.want || e.Severity != c.severity || e.Resolved != c.resolved {
			t.Errorf("got  %s, %v, %q\nwant %s, %v, %q", e.Severity, e.Resolved, e.Text, c.severity, c.resolved, c.want)
		}
	}
}

// Protects what is not told one by one: first verdicts that change nothing, and the middle of a drain.
func TestKinds(t *testing.T) {
	change := health.Change{Key: health.Key{Name: "a.", ID: "x"}, From: policy.Unknown, To: policy.Up, FromShare: 100, ToShare: 100}
	if e := Of(&change, nil); !e.First() || e.Step() {
		t.Errorf("got %+v, want a first verdict", e)
	}
	change.Override.Force = health.ForceUp
	if e := Of(&change, nil); e.First() {
		t.Errorf("got %+v for an operator's word", e)
	}
	change = health.Change{Key: change.Key, From: policy.Up, To: policy.Up, FromShare: 95, ToShare: 90, Override: health.Override{Force: health.ForceDrain}}
	if e := Of(&change, nil); !e.Step() {
		t.Errorf("got %+v, want a step", e)
	}
	change.FromShare = 100
	if e := Of(&change, nil); e.Step() {
		t.Errorf("got %+v, want the beginning of a drain", e)
	}
	change.Override, change.FromShare, change.ToShare = health.Override{}, 20, 25
	if e := Of(&change, nil); !e.Step() {
		t.Errorf("got %+v, want a step of a slow start", e)
	}
	change.ToShare = 100
	if e := Of(&change, nil); e.Step() {
		t.Errorf("got %+v, want the end of a slow start", e)
	}
	e := Of(&health.Change{Key: change.Key, At: time.Unix(1, 0), From: policy.Up, To: policy.Down}, nil)
	flaps, calm := Flaps(&e, 7, false), Flaps(&e, 1, true)
	if flaps.Resolved || !calm.Resolved || flaps.Key() != calm.Key() || flaps.Key() == e.Key() ||
		!strings.Contains(flaps.Text, "flaps: 7 changes in the last hour, now down") || !strings.Contains(calm.Text, "does not flap any more: down, 1 change in") {
		t.Errorf("got %+v and %+v", flaps, calm)
	}
}
