package timeline

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Request returns what the row asked for or was asked for, in short: the AWS
// operation, else the HTTP method and the path of its URL, else "".
func (r *Row) Request() string {
	if r.Operation != "" {
		return r.Operation
	}
	return strings.TrimSpace(r.Method + " " + Path(r.URL))
}

// Path returns the path of a URL, without host and query; the text as it is if
// it is no URL, "" for "".
func Path(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	if u.Path == "" && u.Host != "" {
		return "/"
	}
	return u.Path
}

// FormatDuration writes a duration with its unit and three significant digits:
// "1.24 s", "86.0 ms", "412 µs". Below a millisecond it writes whole
// microseconds, which is what documents hold. From 1000 s on it goes
// on with minutes, hours and days. A negative duration is written as 0.
func FormatDuration(d time.Duration) string {
	d = max(d, 0).Round(time.Microsecond)
	if d < time.Millisecond {
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
	for _, u := range []struct {
		name  string
		unit  time.Duration
		limit float64 // the next unit takes over from here
	}{
		{"ms", time.Millisecond, 999.5},
		{"s", time.Second, 999.5},
		{"min", time.Minute, 99.95},
		{"h", time.Hour, 47.95},
	} {
		if v := float64(d) / float64(u.unit); v < u.limit {
			return threeDigits(v) + " " + u.name
		}
	}
	return threeDigits(d.Hours()/24) + " d"
}

// FormatAge writes how long ago something was, in its largest unit: "5s", "12m",
// "3h", "2d". What is yet to come is "0s".
func FormatAge(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
}

// threeDigits writes a number of at least 1 with three significant digits, or
// more if its whole part has more.
func threeDigits(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", math.Round(v))
	}
}

// duration turns nanoseconds into a time.Duration that is not negative.
func duration(ns int64) time.Duration { return time.Duration(max(ns, 0)) }
