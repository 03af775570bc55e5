// Package sqltext reads SQL, as far as it takes to tell literals from the rest:
// tracesql makes attributes of statements with it, and redact takes the
// literals out of what others recorded.
package sqltext
