package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

// trialStore is the trials.Store on the bus.
type trialStore struct {
	b  *Bus
	kv *bucket
}

var _ trials.Store = (*trialStore)(nil)

func trialKey(job string, number int) string { return job + "." + strconv.Itoa(number) }

func trialName(job string, number int) string { return fmt.Sprintf("trial %d of job %s", number, job) }

func (s *trialStore) Create(ctx context.Context, r *trials.Record) error {
	if err := r.Spec.Check(); err != nil {
		return err
	}
	key := trialKey(r.Spec.Job, r.Spec.Number)
	rev, err := s.kv.create(ctx, key, trialName(r.Spec.Job, r.Spec.Number), r)
	if err != nil {
		return err
	}
	r.Revision = rev
	if r.State == trials.Queued && r.Attempt == 0 {
		s.b.remember(key, rev)
	}
	return nil
}

func (s *trialStore) Update(ctx context.Context, r *trials.Record) error {
	if err := r.Spec.Check(); err != nil {
		return err
	}
	key := trialKey(r.Spec.Job, r.Spec.Number)
	rev, err := s.kv.update(ctx, key, trialName(r.Spec.Job, r.Spec.Number), r, r.Revision)
	if err != nil {
		return err
	}
	r.Revision = rev
	if r.State == trials.Cancelled {
		// A hint, so that the worker need not wait for its next look at the record.
		_ = s.b.nc.Publish(cancelPrefix+key, nil)
	}
	return nil
}

func (s *trialStore) Get(ctx context.Context, job string, number int) (*trials.Record, error) {
	if err := trials.CheckID(job); err != nil {
		return nil, fmt.Errorf("%w: %w", trials.ErrNotFound, err)
	}
	r := &trials.Record{}
	rev, err := s.kv.get(ctx, trialKey(job, number), trialName(job, number), r)
	if err != nil {
		return nil, err
	}
	r.Revision = rev
	return r, nil
}

func decodeTrial(e jetstream.KeyValueEntry) (*trials.Record, error) {
	r := &trials.Record{Revision: e.Revision()}
	if err := json.Unmarshal(e.Value(), r); err != nil {
		return nil, fmt.Errorf("trial %s: damaged record: %w", e.Key(), err)
	}
	return r, nil
}

func (s *trialStore) List(ctx context.Context, job string) ([]*trials.Record, error) {
	if err := trials.CheckID(job); err != nil {
		return nil, err
	}
	latest := map[int]*trials.Record{} // a record that changes meanwhile comes twice
	err := s.kv.list(ctx, job+".*", func(e jetstream.KeyValueEntry) error {
		r, err := decodeTrial(e)
		if err == nil {
			latest[r.Spec.Number] = r
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	records := make([]*trials.Record, 0, len(latest))
	for _, r := range latest {
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b *trials.Record) int { return cmp.Compare(a.Spec.Number, b.Spec.Number) })
	return records, nil
}

func (s *trialStore) Watch(ctx context.Context, job string) (<-chan *trials.Record, error) {
	if err := trials.CheckID(job); err != nil {
		return nil, err
	}
	out := make(chan *trials.Record)
	err := s.kv.watch(ctx, job+".*", func(e jetstream.KeyValueEntry) bool {
		r, err := decodeTrial(e)
		if err != nil {
			s.b.log.Error("trial store", "error", err)
			return true
		}
		select {
		case out <- r:
			return true
		case <-ctx.Done():
		case <-s.b.done.Done():
		}
		return false
	}, func() { close(out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *trialStore) Delete(ctx context.Context, job string) error {
	if err := trials.CheckID(job); err != nil {
		return err
	}
	return s.kv.purge(ctx, job+".*")
}

// purge removes keys without leaving the markers that deleting one by one leaves.
func (k *bucket) purge(ctx context.Context, pattern string) error {
	s, err := k.b.js.Stream(ctx, "KV_"+k.name)
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSubject("$KV."+k.name+"."+pattern))
	}
	return k.wrap("delete "+pattern, err)
}
