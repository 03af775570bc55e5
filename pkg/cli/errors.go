package cli

// A usageError says that the command was asked wrongly, not that it failed: the
// process exits with 2 instead of 1.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }
