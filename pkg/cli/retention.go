package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// retentionFlags say how much X-Ray Local keeps.
type retentionFlags struct {
	age  time.Duration
	size string
}

func (r *retentionFlags) add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&r.age, "max-age", store.DefaultMaxAge, "delete traces older than this; 0 for none")
	cmd.Flags().StringVar(&r.size, "max-size", "2GiB", "delete the oldest traces beyond this size; 0 for none")
}

// apply sets what a configuration has: negative for no limit.
func (r *retentionFlags) apply(age *time.Duration, size *int64) error {
	n, err := parseSize(r.size)
	if err != nil {
		return usageError{fmt.Errorf("--max-size %s: %w", r.size, err)}
	}
	if r.age < 0 {
		return usageError{fmt.Errorf("--max-age %s: must not be negative", r.age)}
	}
	if *age = r.age; r.age == 0 {
		*age = -1
	}
	if *size = n; n == 0 {
		*size = -1
	}
	return nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}, {"", 1},
}

// parseSize reads a number of bytes, such as 2GiB, 500MB or 1048576.
func parseSize(s string) (int64, error) {
	lower := strings.ToLower(strings.TrimSpace(s))
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(lower, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(n >= 0 && n*unit.bytes < 1<<62) {
			break
		}
		return int64(n * unit.bytes), nil
	}
	return 0, fmt.Errorf("must be a size such as 2GiB, 500MB or 0")
}
