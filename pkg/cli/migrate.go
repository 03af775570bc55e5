package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/migrate"
)

func newMigrateCommand() *cobra.Command {
	var o migrate.Options
	var to string
	var write, force bool
	cmd := &cobra.Command{
		Use:   "migrate [packages]",
		Short: "Moves a code base from the X-Ray SDK to Bragg's, which has the same API, or to OpenTelemetry",
		Long: `Finds what uses github.com/aws/aws-xray-sdk-go, versions 1 and 2, in the packages
(./... if none is named), and prints what changes, what is better then, what
needs a person, and a diff. With --write it makes the changes: imports, go.mod,
and the start of OpenTelemetry in main.

--to xraysdk   keeps the calls and changes their import; the default
--to otel      goes on to OpenTelemetry's API and to instrumentation for it:
               spans for segments, tracehttp, traceaws, tracesql, tracegrpc,
               tracelambda. Also for code that is on xraysdk already.

What is not understood stays as it is, on xraysdk, and is reported with its line:
its segments and OpenTelemetry's spans are in one trace all the same. A second
run changes nothing.`,
		Example: `  bragg migrate                               what would change in the module of this folder
  bragg migrate --write                       change it
  bragg migrate --to otel --write ./cmd/...   go on to OpenTelemetry's API
  bragg migrate --dir ../shop --tags integration
  bragg migrate --write --checkout ../bragg   take the modules from a checkout, not from a release`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			switch to {
			case "xraysdk":
			case "otel":
				o.OpenTelemetry = true
			default:
				return usageError{fmt.Errorf("--to %s: there is xraysdk and otel", to)}
			}
			o.Patterns = patterns
			return runMigrate(cmd, o, write, force)
		},
	}
	cmd.Flags().StringVar(&to, "to", "xraysdk", "what to move to: xraysdk, which has the X-Ray SDK's API, or otel")
	cmd.Flags().BoolVar(&write, "write", false, "make the changes")
	cmd.Flags().BoolVar(&force, "force", false, "write also where git has changes that are not committed, or is not used")
	cmd.Flags().StringVar(&o.Dir, "dir", ".", "folder of the module")
	cmd.Flags().StringSliceVar(&o.Tags, "tags", nil, "build tags, between commas")
	cmd.Flags().StringVar(&o.Checkout, "checkout", "", "folder with Bragg's source: go.mod takes its modules from there by replace directives")
	return cmd
}

func runMigrate(cmd *cobra.Command, o migrate.Options, write, force bool) error {
	plan, err := migrate.New(cmd.Context(), o)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprint(out, plan.Report())
	switch {
	case len(plan.Changes) == 0:
		return nil
	case !write:
		diff, err := plan.Diff(cmd.Context())
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\nNothing is written; use --write.\n", diff)
		return nil
	}
	if err := plan.Write(cmd.Context(), force); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d files written. Now run: go mod tidy && go test ./...\n", len(plan.Changes))
	return nil
}
