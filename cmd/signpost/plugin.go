package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"signpost/host/diag"
)

func newPlugin() *cobra.Command {
	command := &cobra.Command{
		Use:   "plugin",
		Short: "Make, build, try and look at plugins",
		Long: `A routing policy is a plugin: a pure function from facts to weights, compiled to
WebAssembly and run in a sandbox. These commands are its author's tools. What they
try a plugin on is the host that runs it in production.`,
		Example: `  signpost plugin new canary                      a folder with a policy, its tests and the SDK
  signpost plugin build canary                    canary/canary.wasm
  signpost plugin test canary                     golden decisions on the real host
  cp canary/canary.wasm zonefiles/plugins/        live within a second`,
		Args: ownCommands,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newPluginNew(), newPluginBuild(), newPluginTest(), newPluginBench(), newPluginInspect(), newPluginList())
	return command
}

// ownCommands accepts the command's own commands and refuses any other word.
func ownCommands(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range command.Commands() {
		names = append(names, sub.Name())
	}
	return fmt.Errorf("unknown command %q%s", args[0], diag.DidYouMean(args[0], names))
}
