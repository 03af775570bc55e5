package cli

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// addDataFlag adds --data. The default is a directory for this user's data by
// the XDG base directory specification.
func addDataFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", "", "data directory (default $XDG_DATA_HOME/bragg, else ~/.local/share/bragg)")
}

// dataDir returns the directory that --data names, or the default.
func dataDir(flag string) (string, error) {
	if flag != "" {
		return filepath.Abs(flag)
	}
	if xdg := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "bragg"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home directory to keep data in: name a directory with --data")
	}
	return filepath.Join(home, ".local", "share", "bragg"), nil
}
