package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/migrate"
)

func newMigrateCommand() *cobra.Command {
	var write, force bool
	var dir string
	cmd := &cobra.Command{
		Use:   "migrate [packages]",
		Short: "Moves a code base from the X-Ray SDK to Bragg's, which has the same API",
		Long: `Finds what uses github.com/aws/aws-xray-sdk-go, versions 1 and 2, and prints what
changes, what is better then and what needs a person, and the changes themselves.
With --write it makes them: imports, go.mod, and the start of OpenTelemetry in
main. It leaves alone what it does not understand, and done twice it does nothing.`,
		Example: `  bragg migrate ./...
  bragg migrate --write ./...
  bragg migrate --dir ../shop --write ./cmd/shop`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			if len(patterns) == 0 {
				patterns = []string{"./..."}
			}
			plan, err := migrate.New(cmd.Context(), dir, patterns)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), plan.Report())
			if len(plan.Changes) == 0 {
				return nil
			}
			if !write {
				diff, err := plan.Diff(cmd.Context())
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "\n%s\nNothing is written; use --write.\n", diff)
				return nil
			}
			if err := plan.Write(cmd.Context(), force); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\n%d files written. Now run: go mod tidy && go test ./...\n", len(plan.Changes))
			return nil
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "make the changes")
	cmd.Flags().BoolVar(&force, "force", false, "write also where git has changes that are not committed, or is not used")
	cmd.Flags().StringVar(&dir, "dir", ".", "folder of the module")
	return cmd
}
