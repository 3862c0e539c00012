package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

// Exit codes, see the package documentation.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUser        = 2
	exitInterrupted = 130
)

// userError is an error in what the user gave.
type userError struct{ err error }

func (e *userError) Error() string { return e.err.Error() }
func (e *userError) Unwrap() error { return e.err }

// userf makes an error in what the user gave.
func userf(format string, a ...any) error { return &userError{fmt.Errorf(format, a...)} }

// errInterrupted is returned by commands that have nothing to show for it.
var errInterrupted = errors.New("interrupted")

// exitCode classifies what a command returned.
func exitCode(err error) int {
	var user *userError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &user), automl.IsUserError(err),
		errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOSPC):
		return exitUser
	}
	return exitFailed
}

// message is the one line an error is reported with.
func message(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	text := strings.TrimPrefix(strings.Join(lines, "; "), "automl: ")
	return "automl: " + text
}

var badValue = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([a-z-]+): (.*)$`)

// usageError rewrites what the flag parser says into the project's words.
func usageError(_ *cli.Context, err error, _ bool) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		return userf("--%s: %q is not a value for it: %s", m[2], m[1], m[3])
	}
	return userf("%w", err)
}
