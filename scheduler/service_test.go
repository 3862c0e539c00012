package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/trials"
)

// upload stores a table as the server does and returns its digest.
func (s *site) upload(table *data.Table) string {
	s.t.Helper()
	var buf bytes.Buffer
	if err := table.Encode(&buf); err != nil {
		s.t.Fatal(err)
	}
	digest, err := s.bus.PutBlob(context.Background(), buf.Bytes())
	if err != nil {
		s.t.Fatal(err)
	}
	return digest
}

func (s *site) service(name string) *Service {
	c := s.config()
	c.Name, c.Concurrent = name, 2
	c.Finish = func(_ context.Context, job *trials.Job, o *Outcome) ([]byte, error) {
		return fmt.Appendf(nil, "model of %s with %d trials", job.ID, len(o.Records)), nil
	}
	v := NewService(c)
	s.t.Cleanup(func() { v.Stop(context.Background()) })
	return v
}

// wait follows the jobs until all have reached a final state.
func (s *site) wait(ids ...string) map[string]*trials.Job {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	changes, err := s.bus.Jobs().Watch(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	open := map[string]bool{}
	for _, id := range ids {
		open[id] = true
	}
	out := map[string]*trials.Job{}
	for job := range changes {
		if out[job.ID] = job; job.State.Final() {
			delete(open, job.ID)
		}
		if len(open) == 0 {
			cancel()
			for range changes {
			}
			return out
		}
	}
	s.t.Fatalf("jobs %v have not ended", open)
	return nil
}

func TestServiceRunsJobs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(2)
	ctx := context.Background()
	digest := s.upload(numbers(t, 200, true))
	v := s.service("a")
	if err := v.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := v.Start(ctx); err == nil {
		t.Error("a second start was not refused")
	}
	ids := []string{"one", "two", "three", "bad"}
	for _, id := range ids {
		job := &trials.Job{ID: id, Dataset: digest, Options: trials.JobOptions{Target: "y", Trials: 12}}
		if id == "bad" {
			job.Options.Target = "z"
		}
		if err := v.Submit(ctx, job); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Submit(ctx, &trials.Job{ID: "none", Dataset: digest}); err == nil {
		t.Error("a job without a target was taken")
	}
	jobs := s.wait(ids...)
	for _, id := range ids[:3] {
		j := jobs[id]
		if j.State != trials.JobSucceeded || j.TrialsRun != 12 || j.BestScore == nil || j.Started.IsZero() || j.Owner != "" || j.Metric == "" {
			t.Errorf("job %s: %+v", id, j)
		}
		b, err := s.bus.GetBlob(ctx, j.Model)
		if err != nil || string(b) != "model of "+id+" with 12 trials" {
			t.Errorf("model of %s: %q %v", id, b, err)
		}
	}
	if j := jobs["bad"]; j.State != trials.JobFailed || !strings.Contains(j.Reason, `no column "z"`) {
		t.Errorf("job bad: %s, %s", j.State, j.Reason)
	}
	v.Stop(ctx)
	if _, ok := s.cache.Table(digest); ok {
		t.Error("the table is still in the cache")
	}
}

func TestServiceCancels(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	v := s.service("a")
	digest := s.upload(numbers(t, 200, false))
	var once atomic.Bool
	s.before = func(spec *trials.Spec) {
		if spec.Job == "runs" && spec.Number == 4 && once.CompareAndSwap(false, true) {
			if err := v.Cancel(ctx, "runs"); err != nil {
				t.Error(err)
			}
		}
	}
	s.work(1)
	for _, id := range []string{"waits", "runs"} {
		if err := v.Submit(ctx, &trials.Job{ID: id, Dataset: digest, Options: trials.JobOptions{Target: "y", Time: time.Hour}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Cancel(ctx, "waits"); err != nil {
		t.Fatal(err)
	}
	if err := v.Cancel(ctx, "nobody"); !errors.Is(err, trials.ErrNotFound) {
		t.Errorf("cancelling an unknown job: %v", err)
	}
	if err := v.Start(ctx); err != nil {
		t.Fatal(err)
	}
	jobs := s.wait("waits", "runs")
	if j := jobs["waits"]; j.State != trials.JobCancelled || j.Model != "" {
		t.Errorf("the waiting job: %+v", j)
	}
	if j := jobs["runs"]; j.State != trials.JobCancelled || j.Model == "" || j.Reason != "cancelled" {
		t.Errorf("the running job: %+v", j)
	}
	if err := v.Cancel(ctx, "runs"); err != nil {
		t.Errorf("cancelling again: %v", err)
	}
}

// TestServiceTakesOver stops the service that runs a job; another goes on with it.
func TestServiceTakesOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	first, second := s.service("first"), s.service("second")
	reached := make(chan struct{})
	var once atomic.Bool
	s.before = func(spec *trials.Spec) {
		if spec.Number == 9 && once.CompareAndSwap(false, true) {
			close(reached)
		}
	}
	s.work(1)
	job := &trials.Job{ID: "j", Dataset: s.upload(numbers(t, 200, false)), Options: trials.JobOptions{Target: "y", Trials: 40}}
	if err := first.Submit(ctx, job); err != nil {
		t.Fatal(err)
	}
	if err := first.Start(ctx); err != nil {
		t.Fatal(err)
	}
	<-reached
	first.Stop(ctx)
	if j, err := s.bus.Jobs().Get(ctx, "j"); err != nil || j.State != trials.JobRunning || j.Owner != "" {
		t.Fatalf("after the stop: %+v %v", j, err)
	}
	if err := second.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if j := s.wait("j")["j"]; j.State != trials.JobSucceeded || j.TrialsRun != 40 {
		t.Errorf("the job ended %s with %d trials: %s", j.State, j.TrialsRun, j.Reason)
	}
	if n := s.taken.Load(); n < 40 || n > 44 {
		t.Errorf("%d tasks were taken for 40 trials", n)
	}
}

func TestAvailable(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		job  trials.Job
		want bool
	}{
		"queued":    {trials.Job{State: trials.JobQueued}, true},
		"ended":     {trials.Job{State: trials.JobSucceeded}, false},
		"released":  {trials.Job{State: trials.JobRunning}, true},
		"own":       {trials.Job{State: trials.JobRunning, Owner: "me", LeaseUntil: now.Add(time.Hour)}, true},
		"another's": {trials.Job{State: trials.JobRunning, Owner: "you", LeaseUntil: now.Add(time.Second)}, false},
		"lapsed":    {trials.Job{State: trials.JobRunning, Owner: "you", LeaseUntil: now.Add(-time.Second)}, true},
	} {
		if got := available(&c.job, "me", now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestLease has two owners and somebody who asks for the job's end.
func TestLease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	jobs := s.bus.Jobs()
	if err := jobs.Create(ctx, &trials.Job{ID: "j", State: trials.JobQueued}); err != nil {
		t.Fatal(err)
	}
	seen, err := jobs.Get(ctx, "j")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	mine, ok, err := acquire(ctx, jobs, "me", seen, now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, ok, err := acquire(ctx, jobs, "you", seen, now); ok || err != nil {
		t.Fatalf("a second owner got the job by an old record: %v %v", ok, err)
	}
	if err := s.service("x").Cancel(ctx, "j"); err != nil {
		t.Fatal(err)
	}
	if err := mine.write(ctx, func(j *trials.Job) { j.TrialsRun = 3 }); err != nil || !mine.job.CancelRequested || mine.job.TrialsRun != 3 {
		t.Fatalf("the request to cancel was lost: %+v %v", mine.job, err)
	}
	yours, ok, err := acquire(ctx, jobs, "you", mine.job, now.Add(2*leaseTime))
	if err != nil || !ok {
		t.Fatal("the lapsed lease was not to be had", err)
	}
	if err := mine.write(ctx, func(*trials.Job) {}); !errors.Is(err, errLost) {
		t.Errorf("the old owner still writes: %v", err)
	}
	if yours.job.Owner != "you" || yours.job.TrialsRun != 3 {
		t.Errorf("the new owner has %+v", yours.job)
	}
}

func TestServiceConfig(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for want, c := range map[string]Config{
		"no bus":    {},
		"no cache":  {Bus: s.bus},
		"no Finish": {Bus: s.bus, Cache: s.cache},
		"negative":  {Bus: s.bus, Cache: s.cache, Reserve: -1},
	} {
		if err := NewService(c).Start(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
