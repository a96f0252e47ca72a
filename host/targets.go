package host

import (
	"errors"

	"signpost/host/admin"
	"signpost/host/health"
	"signpost/host/probe"
)

// targets are what the checks know of their endpoints.
func (h *Host) targets() []admin.Target {
	probed := h.probes.Targets()
	list := make([]admin.Target, 0, len(probed))
	for i := range probed {
		list = append(list, targetOf(&probed[i]))
	}
	return list
}

func targetOf(t *probe.Target) admin.Target {
	out := admin.Target{
		Check: t.Check, Kind: t.Kind, Endpoint: t.Endpoint, Probes: t.Probes, Judge: t.Judge, State: t.State.String(), Share: int(t.Share), Since: t.Since,
		Why: t.Why, LastError: t.LastError, NoData: t.NoData, RTTMillis: millisOf(t.RTT), Attempts: t.Attempts, Failed: t.Failed, Recent: t.Recent, Of: t.Of,
		Users: make([]admin.TargetUse, 0, len(t.Users)), UserCount: t.UserCount,
	}
	if !t.Last.IsZero() {
		out.Last = &t.Last
	}
	for _, u := range t.Users {
		out.Users = append(out.Users, admin.TargetUse{View: u.View, Name: u.Name, Type: health.TypeName(u.Type), ID: u.ID})
	}
	return out
}

// pusher takes reports of push checks for the admin server.
type pusher struct{ probes *probe.Scheduler }

// Guarded implements admin.Pusher.
func (p pusher) Guarded(name, token string) (bool, error) {
	guarded, err := p.probes.Guarded(name, token)
	return guarded, refusalOf(err)
}

// Push implements admin.Pusher.
func (p pusher) Push(name, token string, ok bool, text string) error {
	return refusalOf(p.probes.Push(name, probe.Report{Down: !ok, Text: text, Token: token}))
}

// refusalOf has the admin server know why a report was not taken; the text stays.
func refusalOf(err error) error {
	switch {
	case errors.Is(err, probe.ErrNoPush):
		return refusedPush{err, admin.ErrNoPush}
	case errors.Is(err, probe.ErrPushToken):
		return admin.ErrPushToken
	}
	return err
}

// refusedPush is an error that is another one, too, with its own text alone.
type refusedPush struct {
	error
	as error
}

// Is tells what it is.
func (r refusedPush) Is(target error) bool { return target == r.as }
