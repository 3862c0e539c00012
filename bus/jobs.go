package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

// Jobs is the store of job records. Its errors wrap trials.ErrExists,
// trials.ErrConflict and trials.ErrNotFound.
type Jobs struct{ kv *bucket }

// Create stores a new job and sets its Revision; trials.ErrExists if there is one
// of that id.
func (j *Jobs) Create(ctx context.Context, job *trials.Job) error {
	if err := trials.CheckID(job.ID); err != nil {
		return err
	}
	rev, err := j.kv.create(ctx, job.ID, "job "+job.ID, job)
	if err == nil {
		job.Revision = rev
	}
	return err
}

// Update stores job if the stored revision still is job.Revision, and sets the
// new one; else trials.ErrConflict.
func (j *Jobs) Update(ctx context.Context, job *trials.Job) error {
	if err := trials.CheckID(job.ID); err != nil {
		return err
	}
	rev, err := j.kv.update(ctx, job.ID, "job "+job.ID, job, job.Revision)
	if err == nil {
		job.Revision = rev
	}
	return err
}

// Get reads a job; trials.ErrNotFound if there is none.
func (j *Jobs) Get(ctx context.Context, id string) (*trials.Job, error) {
	if err := trials.CheckID(id); err != nil {
		return nil, fmt.Errorf("%w: %w", trials.ErrNotFound, err)
	}
	job := &trials.Job{}
	rev, err := j.kv.get(ctx, id, "job "+id, job)
	if err != nil {
		return nil, err
	}
	job.Revision = rev
	return job, nil
}

// List reads all jobs, the oldest first.
func (j *Jobs) List(ctx context.Context) ([]*trials.Job, error) {
	latest := map[string]*trials.Job{}
	err := j.kv.list(ctx, "*", func(e jetstream.KeyValueEntry) error {
		job, err := decodeJob(e)
		if err == nil {
			latest[job.ID] = job
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	jobs := make([]*trials.Job, 0, len(latest))
	for _, job := range latest {
		jobs = append(jobs, job)
	}
	slices.SortFunc(jobs, func(a, b *trials.Job) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return jobs, nil
}

// Watch sends all jobs and then every change until ctx ends, when the channel is
// closed. Of changes in quick succession only the last may be seen.
func (j *Jobs) Watch(ctx context.Context) (<-chan *trials.Job, error) {
	out := make(chan *trials.Job)
	err := j.kv.watch(ctx, "*", func(e jetstream.KeyValueEntry) bool {
		job, err := decodeJob(e)
		if err != nil {
			j.kv.b.log.Error("job store", "error", err)
			return true
		}
		select {
		case out <- job:
			return true
		case <-ctx.Done():
		case <-j.kv.b.done.Done():
		}
		return false
	}, func() { close(out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Delete removes a job's record; its trials have their own store.
func (j *Jobs) Delete(ctx context.Context, id string) error {
	if err := trials.CheckID(id); err != nil {
		return err
	}
	return j.kv.purge(ctx, id)
}

func decodeJob(e jetstream.KeyValueEntry) (*trials.Job, error) {
	job := &trials.Job{Revision: e.Revision()}
	if err := json.Unmarshal(e.Value(), job); err != nil {
		return nil, fmt.Errorf("job %s: damaged record: %w", e.Key(), err)
	}
	return job, nil
}
