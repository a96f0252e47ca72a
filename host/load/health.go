package load

import (
	"fmt"

	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/zone"
)

// serve makes z the zone of an entry, nil for none, and gives the candidates of its policies their places in the health table.
func (l *Loader) serve(e *entry, z *zone.Zone) {
	var old, next []*policy.Policy
	if e.zone != nil {
		old = e.zone.Policies
	}
	if z != nil {
		next = z.Policies
	}
	e.zone = z
	for _, lost := range l.options.Health.Replace(e.view, old, next) {
		l.options.Log.Warn(fmt.Sprintf("candidate %s of %s %s is gone; the override that says %s stays for when it comes back", lost.ID, lost.Name,
			health.TypeName(lost.Type), lost.Override.Force), "view", lost.View, "override", lost.Override.Pattern.String(), "reason", lost.Override.Reason)
	}
}
