package telemetry

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// prefer returns the variable's or the option's value by the rule of the
// package comment: the environment is the word of whoever runs the process,
// and has no say over one SDK of several. The zero value is no value.
func prefer[T comparable](c *config, variable, option T) T {
	if c.withoutGlobals {
		variable, option = option, variable
	}
	return cmp.Or(variable, option)
}

// variable returns an environment variable without white space around it. An
// empty variable is the same as one that is not set, as the specification has
// it.
func variable(name string) string {
	return strings.TrimSpace(os.Getenv(name))
}

// firstVariable returns the first of the variables that is set.
func firstVariable(names ...string) string {
	for _, name := range names {
		if v := variable(name); v != "" {
			return v
		}
	}
	return ""
}

// variableList returns the elements of a comma-separated variable.
func variableList(name string) []string {
	var list []string
	for _, element := range strings.Split(variable(name), ",") {
		if element = strings.TrimSpace(element); element != "" {
			list = append(list, element)
		}
	}
	return list
}

// variableTrue reports whether a variable is "true", in any case. Every other
// value is false, as the specification has it.
func variableTrue(name string) bool {
	return strings.EqualFold(variable(name), "true")
}

// variableCount returns a variable that holds a number above 0, and 0 when it
// is not set. Anything else is an error.
func variableCount(name string) (int, error) {
	text := variable(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: %q is not a number above 0; the default is used", name, text)
	}
	return n, nil
}
