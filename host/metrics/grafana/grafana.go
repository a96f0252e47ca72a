// Package grafana holds what people look at: a dashboard for Grafana, and alerts for Prometheus, over the metrics of the admin server.
//
// Plane: none. Floor: 0.
// A test of host/admin keeps them true: every metric that they name is served, and promtool accepts and tries the alerts.
package grafana

import _ "embed" // for the files

//go:embed dashboard.json
var dashboard string

//go:embed alerts.yaml
var alerts string

// Dashboard is the text of a dashboard that Grafana imports.
func Dashboard() string { return dashboard }

// Alerts are alert rules as a file of Prometheus's rule_files.
func Alerts() string { return alerts }
