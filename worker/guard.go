package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
)

// errStuck is a learner that goes on after its context has ended.
var errStuck = errors.New("the learner does not stop")

// panicError is a learner's panic.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guard calls f, turns a panic into an error and gives up waiting for patience
// after ctx has ended: then f goes on alone, and what it holds is released when
// it ends.
func guard(ctx context.Context, patience time.Duration, left *leftBehind, f func() (*algos.Fitted, error)) (*algos.Fitted, error) {
	type ret struct {
		fitted *algos.Fitted
		err    error
	}
	ch := make(chan ret, 1)
	ended := left.add()
	go func() {
		defer ended()
		defer func() {
			if v := recover(); v != nil {
				ch <- ret{err: &panicError{v, string(debug.Stack())}}
			}
		}()
		fitted, err := f()
		ch <- ret{fitted, err}
	}()
	select {
	case r := <-ch:
		return r.fitted, r.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-ch:
		return r.fitted, r.err
	case <-timer.C:
		return nil, errStuck
	}
}

// leftBehind calls release when the trial and all that it started have ended.
type leftBehind struct {
	mu      sync.Mutex
	others  int
	over    bool
	release func()
}

// add counts one more; the result is to be called when it ends.
func (l *leftBehind) add() (ended func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.others++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.others--
		l.check()
	}
}

// done says that the trial itself has ended.
func (l *leftBehind) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.check()
}

func (l *leftBehind) check() {
	if l.over && l.others == 0 {
		l.release()
	}
}
