package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/demo"
)

func newDemoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo SERVICE",
		Short: "Runs one service of the demo",
		Long: `demo runs one service of the demo in this process until it is stopped, as
docker-compose.yml does: ` + strings.Join(demo.Names(), ", ") + `.

` + demo.EnvironmentHelp,
		Example: `  bragg demo web
  DEMO_LISTEN=127.0.0.1:9001 bragg demo scoring
  DEMO_WEB_URL=http://127.0.0.1:8090 DEMO_REQUESTS=50 bragg demo load`,
		Args:      arguments(cobra.ExactArgs(1)),
		ValidArgs: demo.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(demo.Names(), args[0]) {
				return usageError{fmt.Errorf("unknown service %q: there are %s", args[0], strings.Join(demo.Names(), ", "))}
			}
			cfg := demo.FromEnv(os.Getenv)
			cfg.Logger = newLogger(cmd)
			return demo.Run(cmd.Context(), args[0], cfg)
		},
	}
}
