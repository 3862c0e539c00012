package scheduler

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/trials"
)

// errCancelled is the cause with which a cancelled job's context ends.
var errCancelled = errors.New("cancelled")

// Service takes jobs from the bus, the oldest first, and runs some at a time,
// each under a lease: of several services on one bus every job has one, and
// when a service dies another goes on with its jobs from the records of their
// trials.
type Service struct {
	c    Config
	name string

	mu      sync.Mutex
	stop    context.CancelFunc // nil before Start and after Stop
	done    sync.WaitGroup
	running map[string]context.CancelCauseFunc
}

// NewService makes a service; Start starts it.
func NewService(c Config) *Service {
	s := &Service{c: c, name: c.Name, running: map[string]context.CancelCauseFunc{}}
	s.c.hooks = hooks{burial: true, shelf: newShelf(c.Cache)}
	if s.name == "" {
		s.name = newName()
	}
	return s
}

func newName() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// Start begins to take jobs, until Stop or the end of ctx.
func (s *Service) Start(ctx context.Context) error {
	if err := s.c.check(); err != nil {
		return err
	}
	if s.c.Finish == nil {
		return errors.New("scheduler: no Finish")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return errors.New("scheduler: started already")
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.done.Go(func() { bury(ctx, s.c.Bus, s.c.logger()) })
	s.done.Go(func() { s.serve(ctx) })
	return nil
}

// Stop ends the service and waits for its goroutines. Jobs that run are released
// as they are, for another service or a restart to go on with; ctx bounds the
// wait for that.
func (s *Service) Stop(ctx context.Context) {
	s.mu.Lock()
	stop := s.stop
	s.stop = nil
	s.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	done := make(chan struct{})
	go func() {
		s.done.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Submit stores a new job as queued; it sets ID (if empty), State and Created.
// An *InputError says what is wrong with its options.
func (s *Service) Submit(ctx context.Context, job *trials.Job) error {
	if err := checkOptions(&job.Options); err != nil && !s.c.NoOp {
		return input(err)
	}
	if job.ID == "" {
		job.ID = newName()
	}
	job.State, job.Created = trials.JobQueued, time.Now().UTC()
	return s.c.Bus.Jobs().Create(ctx, job)
}

// Cancel ends a queued job, and asks the owner of a running one to end it with
// the best model so far. A job in a final state stays as it is. The error wraps
// trials.ErrNotFound if there is no such job.
func (s *Service) Cancel(ctx context.Context, id string) error {
	jobs := s.c.Bus.Jobs()
	for {
		job, err := jobs.Get(ctx, id)
		if err != nil || job.State.Final() || job.CancelRequested {
			return err
		}
		job.CancelRequested = true
		if job.State == trials.JobQueued {
			job.State, job.Reason, job.Finished = trials.JobCancelled, "cancelled while queued", time.Now().UTC()
		}
		if err := jobs.Update(ctx, job); !errors.Is(err, trials.ErrConflict) {
			return err
		}
	}
}

// serve follows the jobs until ctx ends, and then waits for those it runs.
func (s *Service) serve(ctx context.Context) {
	var jobs sync.WaitGroup
	defer jobs.Wait()
	known := map[string]*trials.Job{}
	ended := make(chan string)
	ticker := time.NewTicker(leaseRenew)
	defer ticker.Stop()
	for ctx.Err() == nil {
		changes, err := s.c.Bus.Jobs().Watch(ctx)
		if err != nil {
			s.c.logger().Warn("cannot follow the jobs, trying again", "error", err)
			pause(ctx, time.Second)
			continue
		}
		for open := true; open && ctx.Err() == nil; {
			select {
			case job, ok := <-changes:
				if open = ok; ok {
					s.note(known, job)
				}
			case id := <-ended:
				s.mu.Lock()
				delete(s.running, id)
				s.mu.Unlock()
			case <-ticker.C:
			case <-ctx.Done():
			}
			s.takeJobs(ctx, known, &jobs, ended)
		}
		pause(ctx, 100*time.Millisecond)
	}
	go func() { // the runners still tell of their ends
		jobs.Wait()
		close(ended)
	}()
	for id := range ended {
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
	}
}

// note keeps the records of jobs that are not final, and passes requests to
// cancel on at once.
func (s *Service) note(known map[string]*trials.Job, job *trials.Job) {
	if old := known[job.ID]; old != nil && old.Revision > job.Revision {
		return
	}
	if job.State.Final() {
		delete(known, job.ID)
		return
	}
	known[job.ID] = job
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[job.ID]; cancel != nil && job.CancelRequested {
		cancel(errCancelled)
	}
}

// takeJobs starts as many of the jobs that are to be had as there is room for,
// the oldest first.
func (s *Service) takeJobs(ctx context.Context, known map[string]*trials.Job, jobs *sync.WaitGroup, ended chan<- string) {
	now := time.Now()
	var free []*trials.Job
	for id, job := range known {
		if !s.runs(id) && available(job, s.name, now) {
			free = append(free, job)
		}
	}
	slices.SortFunc(free, func(a, b *trials.Job) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return compareText(a.ID, b.ID)
	})
	for _, job := range free {
		if ctx.Err() != nil || s.count() >= max(1, s.c.Concurrent) {
			return
		}
		call, cancel := context.WithTimeout(ctx, leaseTime/2)
		l, ok, err := acquire(call, s.c.Bus.Jobs(), s.name, job, now)
		cancel()
		if err != nil {
			s.c.logger().Warn("cannot take a job, trying again", "job", job.ID, "error", err)
			continue
		}
		if !ok {
			delete(known, job.ID) // somebody was faster: the change is on its way
			continue
		}
		known[job.ID] = l.job
		s.startJob(ctx, l, jobs, ended)
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s *Service) runs(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id] != nil
}

func (s *Service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}

func (s *Service) startJob(ctx context.Context, l *lease, jobs *sync.WaitGroup, ended chan<- string) {
	l.log = s.c.logger().With("job", l.job.ID)
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, func() { cancel(errReleased) })
	s.mu.Lock()
	s.running[l.job.ID] = cancel
	s.mu.Unlock()
	if l.job.CancelRequested {
		cancel(errCancelled)
	}
	jobs.Go(func() {
		s.runJob(own, l, cancel)
		release()
		cancel(nil)
		ended <- l.job.ID
	})
}

// runJob runs one job under its lease to a final state, or until it is released.
func (s *Service) runJob(ctx context.Context, l *lease, cancel context.CancelCauseFunc) {
	news := make(chan progress, 1)
	c := s.c
	c.Start = time.Time{}
	c.hooks.progress = func(p progress) {
		select { // only the latest counts
		case <-news:
		default:
		}
		news <- p
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var renewal sync.WaitGroup
	renewal.Go(func() {
		l.renew(renewing, news, func() { cancel(errCancelled) }, func() { cancel(errReleased) })
	})
	job := *l.job
	l.log.Info("job taken", "owner", s.name)
	r, o, err := run(ctx, &c, &job, nil)
	blob := ""
	if err == nil {
		blob, err = s.finishJob(context.WithoutCancel(ctx), &job, o)
	}
	stop()
	renewal.Wait()
	if errors.Is(context.Cause(ctx), errReleased) && (err != nil || blob == "") {
		s.release(l)
		return
	}
	if s.conclude(l, r, o, blob, err, errors.Is(context.Cause(ctx), errCancelled)) && r != nil && !s.shared(&job) {
		r.forget(context.Background())
	}
}

// finishJob makes and stores the model.
func (s *Service) finishJob(ctx context.Context, job *trials.Job, o *Outcome) (string, error) {
	if s.c.NoOp {
		return "", nil
	}
	b, err := s.c.Finish(ctx, job, o)
	if err != nil {
		return "", fmt.Errorf("make the model: %w", err)
	}
	blob, err := s.c.Bus.PutBlob(ctx, b)
	if err != nil {
		return "", fmt.Errorf("store the model: %w", err)
	}
	return blob, nil
}

// conclude writes the final state; false if that was not possible.
func (s *Service) conclude(l *lease, r *runner, o *Outcome, blob string, failure error, cancelled bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	err := l.write(ctx, func(j *trials.Job) {
		if r != nil {
			r.told.copyTo(j)
		}
		j.Phase, j.Owner, j.LeaseUntil = "", "", time.Time{}
		j.Finished = time.Now().UTC()
		switch {
		case failure != nil && cancelled && errors.Is(failure, ErrNoModel):
			j.State, j.Reason = trials.JobCancelled, "cancelled before there was a model"
		case failure != nil:
			j.State, j.Reason = trials.JobFailed, failure.Error()
		default:
			j.State, j.Reason, j.Model = trials.JobSucceeded, o.Ended, blob
			if !s.c.NoOp {
				j.BestScore = &o.Score
			}
			if cancelled {
				j.State = trials.JobCancelled
			}
		}
	})
	if err != nil {
		l.log.Error("cannot store the end of the job", "error", err)
		return false
	}
	l.log.Info("job ended", "state", l.job.State, "reason", l.job.Reason)
	return true
}

// release gives a job back, so that another scheduler need not wait for the
// lease to lapse.
func (s *Service) release(l *lease) {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	err := l.write(ctx, func(j *trials.Job) { j.Owner, j.LeaseUntil = "", time.Time{} })
	if err != nil && !errors.Is(err, errLost) {
		l.log.Warn("cannot release the job", "error", err)
	}
}

// shared reports whether another job works on the same data: then equal trials
// of both have their blobs in common, and these are not to be dropped.
func (s *Service) shared(job *trials.Job) bool {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	all, err := s.c.Bus.Jobs().List(ctx)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(all, func(j *trials.Job) bool {
		return j.ID != job.ID && j.Dataset == job.Dataset && !j.State.Final()
	})
}
