package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"signpost/host"
)

// build says what this program is made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source, if the build knew it
	Modified bool   `json:"modified,omitempty"` // since that revision
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion() *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			b, out := thisBuild(), command.OutOrStdout()
			if asJSON {
				return json.NewEncoder(out).Encode(b)
			}
			text := "signpost " + b.Version
			if b.Revision != "" {
				text += " " + b.Revision[:min(12, len(b.Revision))]
			}
			if b.Modified {
				text += " (modified)"
			}
			_, err := fmt.Fprintf(out, "%s %s %s\n", text, b.Go, b.Platform)
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func thisBuild() build {
	b := build{Version: host.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
