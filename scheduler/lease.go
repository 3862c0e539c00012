package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/trials"
)

// Times of the lease under which a scheduler owns a job. Clocks of hosts may
// differ by less than the lease.
const (
	leaseTime     = 10 * time.Second
	leaseRenew    = 3 * time.Second
	progressEvery = 500 * time.Millisecond
)

// errLost means that the record of a job is not this owner's any more.
var errLost = errors.New("lease lost")

// lease is the ownership of one job: it alone writes the job's record, from one
// goroutine at a time.
type lease struct {
	jobs  *bus.Jobs
	owner string
	job   *trials.Job
	log   *slog.Logger
}

// acquire takes a job that nobody owns. false means that it is not to be had.
func acquire(ctx context.Context, jobs *bus.Jobs, owner string, job *trials.Job, now time.Time) (*lease, bool, error) {
	if !available(job, owner, now) {
		return nil, false, nil
	}
	mine := *job
	mine.Owner, mine.LeaseUntil, mine.State = owner, now.Add(leaseTime), trials.JobRunning
	err := jobs.Update(ctx, &mine)
	if errors.Is(err, trials.ErrConflict) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return &lease{jobs: jobs, owner: owner, job: &mine}, true, nil
}

// available reports whether a scheduler may take a job: one that waits, its own
// from before a restart, or one whose owner is gone.
func available(job *trials.Job, owner string, now time.Time) bool {
	switch {
	case job.State.Final():
		return false
	case job.State == trials.JobQueued:
		return true
	}
	return job.Owner == "" || job.Owner == owner || now.After(job.LeaseUntil)
}

// write changes the record, also when others (a request to cancel) have changed
// it meanwhile; errLost if it has another owner or was ended by somebody else.
func (l *lease) write(ctx context.Context, change func(*trials.Job)) error {
	for {
		next := *l.job
		change(&next)
		err := l.jobs.Update(ctx, &next)
		if err == nil {
			l.job = &next
			return nil
		}
		if !errors.Is(err, trials.ErrConflict) {
			return err
		}
		stored, err := l.jobs.Get(ctx, l.job.ID)
		if errors.Is(err, trials.ErrNotFound) {
			return errLost
		}
		if err != nil {
			return err
		}
		if stored.Owner != l.owner || stored.State.Final() {
			return errLost
		}
		l.job = stored
	}
}

// renew keeps the lease and writes the job's progress until ctx ends. It calls
// cancel when somebody asks for the job's end, and lost when the lease is gone.
func (l *lease) renew(ctx context.Context, news <-chan progress, cancel, lost func()) {
	timer := time.NewTimer(leaseRenew)
	defer timer.Stop()
	var told progress
	written := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case told = <-news:
			if wait := progressEvery - time.Since(written); wait > 0 {
				timer.Reset(wait)
				continue
			}
		case <-timer.C:
		}
		now := time.Now()
		call, done := context.WithTimeout(ctx, leaseTime/2)
		err := l.write(call, func(j *trials.Job) {
			told.copyTo(j)
			j.LeaseUntil = now.Add(leaseTime)
		})
		done()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errLost), err != nil && now.After(l.job.LeaseUntil):
			lost()
			return
		case err != nil:
			l.log.Warn("cannot renew the lease, trying again", "error", err)
		case l.job.CancelRequested:
			cancel()
		}
		written = now
		timer.Reset(leaseRenew)
	}
}

// copyTo writes a job's progress into its record.
func (p progress) copyTo(j *trials.Job) {
	if p.phase == "" {
		return
	}
	j.Phase, j.TrialsRun = p.phase, p.trials
	if p.metric != "" {
		j.Metric = p.metric
	}
	if p.best != nil {
		j.BestScore = p.best
	}
	if !p.started.IsZero() && j.Started.IsZero() {
		j.Started = p.started
	}
}
