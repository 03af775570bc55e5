package cli

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newHealthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck [URL]",
		Short: "Exits 0 when a service of this machine says that it is up",
		Long: `healthcheck gets a URL (by default X-Ray Local's) and exits 0 when it answers
200, else 1. It is meant for the health check of a container, where there is no
shell and no curl.`,
		Example: `  bragg healthcheck
  bragg healthcheck http://127.0.0.1:4319/healthz`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			url := "http://127.0.0.1:2080/healthz"
			if len(args) == 1 {
				url = args[0]
			}
			req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, url, nil)
			if err != nil {
				return usageError{fmt.Errorf("%q is not a URL: %w", url, err)}
			}
			client := http.Client{Timeout: 3 * time.Second}
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers %s", url, resp.Status)
			}
			return nil
		},
	}
}
