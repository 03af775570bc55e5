package cli

import "testing"

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1024": 1024, "2GiB": 2 << 30, "500 MB": 500e6, "1.5kib": 1536, "7b": 7,
		"": -1, "x": -1, "-1": -1, "GiB": -1, "NaN": -1, "1e30": -1, "2 potatoes": -1,
	} {
		got, err := parseSize(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
}
