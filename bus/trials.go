package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

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
	name := trialName(r.Spec.Job, r.Spec.Number)
	data, err := s.encode(name, r)
	if err != nil {
		return err
	}
	rev, err := s.kv.createData(ctx, key, name, data)
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
	name := trialName(r.Spec.Job, r.Spec.Number)
	data, err := s.encode(name, r)
	if err != nil {
		return err
	}
	rev, err := s.kv.updateData(ctx, key, name, data, r.Revision)
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

// encode gives the stored form of a record and remembers what it stands for.
func (s *trialStore) encode(name string, r *trials.Record) ([]byte, error) {
	data, err := encode(name, r)
	if err == nil {
		s.b.stored.put(data, r)
	}
	return data, err
}

// decode is decodeTrial for records that this process is likely to have written.
func (s *trialStore) decode(e jetstream.KeyValueEntry) (*trials.Record, error) {
	if r := s.b.stored.take(e.Value()); r != nil {
		r.Revision = e.Revision()
		return r, nil
	}
	return decodeTrial(e)
}

const (
	storedRecords = 256      // remembered at once
	storedBytes   = 16 << 10 // largest form that is remembered
)

// stored remembers the records that this process wrote last, by their stored
// form: when a watch of the same process brings one back, as it does with every
// trial of a local job, it need not be decoded. Only equal bytes count, so that
// nothing is taken for what it is not.
type stored struct {
	mu      sync.Mutex
	records map[string]trials.Record
	order   [storedRecords]string // of the forms, in a ring
	next    int
}

func (s *stored) put(data []byte, r *trials.Record) {
	if len(data) > storedBytes {
		return
	}
	form := string(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = make(map[string]trials.Record, storedRecords)
	}
	delete(s.records, s.order[s.next])
	s.records[form] = *r
	s.order[s.next] = form
	s.next = (s.next + 1) % storedRecords
}

// take returns a copy of the record of that form, which it forgets, or nil.
func (s *stored) take(data []byte) *trials.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[string(data)]
	if !ok {
		return nil
	}
	delete(s.records, string(data))
	return &r
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
		r, err := s.decode(e)
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
