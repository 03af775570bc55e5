package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/version"
)

// Main runs the command line of the process and returns its exit status: 0 when
// it did what was asked, 1 when that failed, 2 when it was asked wrongly.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	return run(ctx, NewCommand())
}

// NewCommand returns the command line with all its commands.
func NewCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "bragg",
		Short: "Distributed tracing for Go services on AWS",
		Long: `bragg shows the traces of Go services in AWS X-Ray and in New Relic, and has all
of it on this machine: X-Ray's API with a console, a collector, a sink that
takes what New Relic takes, and a demo that sends traffic. No AWS account.`,
		Example: `  bragg up                                    start everything, and the demo
  bragg traces                                the latest traces
  bragg traces --filter 'fault AND responsetime > 2'
  bragg analytics --b 'responsetime > 1'      what the slow ones have in common
  bragg trace 1-6b029317-0123456789abcdef01234567
  bragg up --once --requests 200 --json       prove that nothing is lost`,
		Version:       version.String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		// cobra checks them too, later, and would end with the status of what failed.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
				return usageError{err}
			}
			return nil
		},
	}
	root.AddCommand(
		newUpCommand(),
		newLocalCommand(),
		newSinkCommand(),
		newDemoCommand(),
		newVerifyCommand(),
		newDoctorCommand(),
		newTracesCommand(),
		newTraceCommand(),
		newMapCommand(),
		newAnalyticsCommand(),
		newCompareCommand(),
		newMigrateCommand(),
		newResetCommand(),
		newExportCommand(),
		newImportCommand(),
		newHealthcheckCommand(),
		newVersionCommand(),
	)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	return root
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Says which build this is",
		Example: `  bragg version`,
		Args:    arguments(cobra.NoArgs),
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), version.String())
		},
	}
}

// run executes the command and tells its error in one line.
func run(ctx context.Context, root *cobra.Command) int {
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil || errors.Is(err, errReported) {
		return exitStatus(err)
	}
	fmt.Fprintf(root.ErrOrStderr(), "%s: %s\n", cmd.CommandPath(), oneLine(err))
	if exitStatus(err) == 2 {
		fmt.Fprintf(root.ErrOrStderr(), "See '%s --help'.\n", cmd.CommandPath())
	}
	return exitStatus(err)
}

// errReported ends a command with status 1 when it has said why already.
var errReported = errors.New("reported")

func exitStatus(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		return 2
	default:
		return 1
	}
}

// oneLine joins the lines of an error.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// arguments makes a wrong number of arguments a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// newLogger writes what goes wrong to the command's standard error.
func newLogger(cmd *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
}
