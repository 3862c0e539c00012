package trials

import (
	"errors"
	"fmt"
	"time"
)

// ErrFinal is returned by Record.Move for a record in a final state.
var ErrFinal = errors.New("trial has ended already")

// Move changes the state of a record that is about to be stored, and the times
// that go with it. Taking a trial costs an attempt; handing it back (Running to
// Queued) gives it back. A record in a final state does not move: ErrFinal.
func (r *Record) Move(to State, now time.Time) error {
	switch {
	case r.State.Final():
		return fmt.Errorf("trial %d of job %s: %w: it is %s", r.Spec.Number, r.Spec.Job, ErrFinal, r.State)
	case to == Running:
		// Running to Running is a second worker after the first was lost.
		r.Attempt++
		r.Started = now
	case to == Queued:
		if r.State == Running {
			r.Attempt--
		}
		r.Worker, r.Started = "", time.Time{}
	case to == Succeeded, to == Failed, to == Pruned, to == Cancelled:
		r.Finished = now
	default:
		return fmt.Errorf("trial %d of job %s: unknown state %q", r.Spec.Number, r.Spec.Job, to)
	}
	r.State = to
	return nil
}

// CheckID reports whether id can name a job: 1 to 64 letters, digits, "-" or
// "_" (it becomes a part of message subjects and file names).
func CheckID(id string) error {
	if id == "" || len(id) > 64 {
		return fmt.Errorf("job id %.80q: need 1 to 64 characters", id)
	}
	for _, c := range id {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return fmt.Errorf("job id %q: only letters, digits, \"-\" and \"_\" are allowed", id)
		}
	}
	return nil
}

// Check reports what makes a spec unfit to be stored or sent.
func (s *Spec) Check() error {
	if err := CheckID(s.Job); err != nil {
		return err
	}
	if s.Number < 0 {
		return fmt.Errorf("job %s: negative trial number %d", s.Job, s.Number)
	}
	return nil
}
