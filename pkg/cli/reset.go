package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/up"
)

func newResetCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Empties the data directory: all traces of both backends",
		Example: `  bragg reset
  bragg reset --data /tmp/bragg`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := dataDir(data)
			if err != nil {
				return err
			}
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintf(cmd.OutOrStdout(), "%s does not exist: nothing to empty\n", dir)
				return nil
			}
			if err := up.Reset(cmd.Context(), dir); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is empty\n", dir)
			return nil
		},
	}
	addDataFlag(cmd, &data)
	return cmd
}
