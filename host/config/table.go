package config

import "strings"

// Table returns the manual of all keys as a Markdown table; README.md holds a copy that a test compares.
func Table() string {
	var b strings.Builder
	b.WriteString("| key | default | meaning |\n| --- | --- | --- |\n")
	for _, o := range options {
		if o.doc == "" {
			continue
		}
		fallback := ""
		if o.fallback != "" {
			fallback = "`" + o.fallback + "`"
		}
		key := strings.ReplaceAll(strings.ReplaceAll(o.path, "*", "NAME"), ".-", "[]")
		b.WriteString("| `" + key + "` | " + fallback + " | " + strings.ReplaceAll(o.doc, "|", `\|`) + " |\n")
	}
	return b.String()
}
