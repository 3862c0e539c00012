package bus

import (
	"errors"
	"fmt"
)

// Errors of this package; all are found by errors.Is.
var (
	// ErrUnreachable is returned by Connect if no server answers; errors.As
	// finds an *UnreachableError, which names the URL.
	ErrUnreachable = errors.New("message server not reachable")
	// ErrDenied is returned by Connect if the server refuses the token.
	ErrDenied = errors.New("access denied")
	// ErrDirInUse is returned by StartServer if another process holds the data directory.
	ErrDirInUse = errors.New("data directory in use")
	// ErrTokenNeeded is returned by StartServer for an address beyond this host without a token.
	ErrTokenNeeded = errors.New("token needed")
	// ErrNoBlob is returned by GetBlob for a digest that nobody has stored.
	ErrNoBlob = errors.New("no such blob")
	// ErrTooLarge is returned for a blob, spec or record above its size limit.
	ErrTooLarge = errors.New("too large")
	// ErrClosed is returned by a Bus after Close.
	ErrClosed = errors.New("bus closed")
)

// UnreachableError says which server did not answer.
type UnreachableError struct {
	URL string
	Err error
}

// Error names the URL and the way out.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no message server at %s: %v; is it running, and is the address right?", e.URL, e.Err)
}

// Is makes errors.Is(err, ErrUnreachable) true.
func (e *UnreachableError) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns the client's error.
func (e *UnreachableError) Unwrap() error { return e.Err }
