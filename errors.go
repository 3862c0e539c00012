package automl

import (
	"errors"
	"fmt"
)

// UserError wraps an error whose cause is what the user gave (a file, a
// column, an option), not what the program did with it.
type UserError struct{ Err error }

func (e *UserError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UserError) Unwrap() error { return e.Err }

// IsUserError reports whether the cause of err is what the user gave.
func IsUserError(err error) bool {
	var u *UserError
	return errors.As(err, &u)
}

func usageError(format string, args ...any) error {
	return &UserError{fmt.Errorf(format, args...)}
}
