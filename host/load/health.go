package load

import (
	"fmt"

	"signpost/host/policy"
	"signpost/host/rrdata"
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
		l.options.Log.Warn(fmt.Sprintf("candidate %s of %s %s is gone, and with it the override that held it %s", lost.ID, lost.Name, rrdata.TypeName(lost.Type), lost.Override.Force),
			"view", lost.View, "reason", lost.Override.Reason)
	}
}
