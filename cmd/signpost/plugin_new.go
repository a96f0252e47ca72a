package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"signpost/host/reply"
	"signpost/host/workshop"
	"signpost/sdk/abi"
)

func newPluginNew() *cobra.Command {
	scaffold, dir, asJSON := workshop.Scaffold{}, "", false
	languages := workshop.Languages()
	command := &cobra.Command{
		Use:   "new NAME",
		Short: "Make the folder of a new plugin",
		Long: `New writes a folder that builds as it is with the language's ordinary tools: a
small policy, its tests, golden decisions, a README and the SDK. It needs no
checkout of Signpost and, but for AssemblyScript's compiler, no network. A plugin
of kind routing chooses among the candidates of a name, one of kind health judges checks.`,
		Example: `  signpost plugin new canary
  signpost plugin new patient --kind health
  signpost plugin new time-of-day --lang rust --dir ~/policies/time-of-day`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			scaffold.Name = args[0]
			if err := scaffold.Check(); err != nil {
				return err
			}
			if dir == "" {
				dir = scaffold.Name
			}
			files, err := workshop.New(dir, scaffold)
			if err != nil {
				return &failure{err}
			}
			if asJSON {
				return reply.WriteJSON(command.OutOrStdout(), map[string]any{"dir": dir, "files": files})
			}
			return printNew(command.OutOrStdout(), dir, scaffold, files)
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringVar(&scaffold.Language, "lang", "go", "write it in `LANGUAGE`: "+strings.Join(languages, ", "))
	set.StringVar(&scaffold.Kind, "kind", workshop.Kinds()[0], "what it is for, as `KIND`: "+strings.Join(workshop.Kinds(), ", "))
	set.StringVar(&dir, "dir", "", "the folder (default: NAME)")
	set.BoolVar(&asJSON, "json", false, "print one JSON object")
	_ = command.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(languages, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(workshop.Kinds(), cobra.ShellCompDirectiveNoFileComp))
	return command
}

// printNew says what was made and what comes next.
func printNew(w io.Writer, dir string, scaffold workshop.Scaffold, files []string) error {
	recipe, err := workshop.ReadRecipe(dir)
	if err != nil {
		return &failure{err}
	}
	fmt.Fprintf(w, "%s\n", filepath.Join(dir, "."))
	for _, file := range files {
		if !strings.HasPrefix(file, "sdk/") {
			fmt.Fprintf(w, "  %s\n", file)
		}
	}
	fmt.Fprintf(w, "  sdk/\n\nnext:\n")
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "  cd %s\n", dir)
	if recipe.Test != "" && !strings.HasPrefix(recipe.Test, "signpost") {
		fmt.Fprintf(table, "  %s\tits own tests, without a sandbox\n", recipe.Test)
	}
	fmt.Fprintf(table, "  signpost plugin build\tmakes %s\n", recipe.Output())
	decisions, where := "decisions", "in the zones of DIR"
	if scaffold.Kind == abi.KindHealth {
		decisions, where = "verdicts", "for the checks of DIR/signpost.yaml"
	}
	fmt.Fprintf(table, "  signpost plugin test\tgolden %s on the host that runs it in production\n", decisions)
	fmt.Fprintf(table, "  cp %s DIR/plugins/\tlive within a second, %s\n", recipe.Output(), where)
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, "README.md says more.")
	return err
}
