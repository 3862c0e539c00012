package trials

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// NewMemory makes a Store that lives in this process alone. It keeps records in
// their JSON form, as a real store does, so that callers share no memory.
func NewMemory() Store { return &memory{jobs: map[string]map[int]entry{}} }

var _ Store = (*memory)(nil)

type entry struct {
	data     []byte
	revision uint64
}

type memory struct {
	mu       sync.Mutex
	revision uint64
	jobs     map[string]map[int]entry
	watchers []*watcher
}

// watcher collects the numbers of changed records, each once however often it
// changed, so that a slow reader costs bounded memory.
type watcher struct {
	job     string
	pending []int
	queued  map[int]bool
	wake    chan struct{}
}

func (w *watcher) add(number int) {
	if !w.queued[number] {
		w.queued[number] = true
		w.pending = append(w.pending, number)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (m *memory) Create(ctx context.Context, r *Record) error {
	if err := r.Spec.Check(); err != nil {
		return err
	}
	return m.put(ctx, r, func(e entry, found bool) error {
		if found {
			return fmt.Errorf("trial %d of job %s: %w", r.Spec.Number, r.Spec.Job, ErrExists)
		}
		return nil
	})
}

func (m *memory) Update(ctx context.Context, r *Record) error {
	return m.put(ctx, r, func(e entry, found bool) error {
		if !found || e.revision != r.Revision {
			return fmt.Errorf("trial %d of job %s: %w", r.Spec.Number, r.Spec.Job, ErrConflict)
		}
		return nil
	})
}

func (m *memory) put(ctx context.Context, r *Record, allowed func(entry, bool) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("trial %d of job %s: %w", r.Spec.Number, r.Spec.Job, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, found := m.jobs[r.Spec.Job][r.Spec.Number]
	if err := allowed(old, found); err != nil {
		return err
	}
	if m.jobs[r.Spec.Job] == nil {
		m.jobs[r.Spec.Job] = map[int]entry{}
	}
	m.revision++
	m.jobs[r.Spec.Job][r.Spec.Number] = entry{b, m.revision}
	r.Revision = m.revision
	for _, w := range m.watchers {
		if w.job == r.Spec.Job {
			w.add(r.Spec.Number)
		}
	}
	return nil
}

func (m *memory) Get(ctx context.Context, job string, number int) (*Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	e, ok := m.jobs[job][number]
	m.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("trial %d of job %s: %w", number, job, ErrNotFound)
	}
	return e.decode()
}

func (e entry) decode() (*Record, error) {
	r := &Record{Revision: e.revision}
	if err := json.Unmarshal(e.data, r); err != nil {
		return nil, fmt.Errorf("trial record: %w", err)
	}
	return r, nil
}

func (m *memory) List(ctx context.Context, job string) ([]*Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	entries := make([]entry, 0, len(m.jobs[job]))
	for _, e := range m.jobs[job] {
		entries = append(entries, e)
	}
	m.mu.Unlock()
	records := make([]*Record, len(entries))
	for i, e := range entries {
		r, err := e.decode()
		if err != nil {
			return nil, err
		}
		records[i] = r
	}
	slices.SortFunc(records, func(a, b *Record) int { return cmp.Compare(a.Spec.Number, b.Spec.Number) })
	return records, nil
}

func (m *memory) Watch(ctx context.Context, job string) (<-chan *Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &watcher{job: job, queued: map[int]bool{}, wake: make(chan struct{}, 1)}
	m.mu.Lock()
	for number := range m.jobs[job] {
		w.add(number)
	}
	slices.Sort(w.pending)
	m.watchers = append(m.watchers, w)
	m.mu.Unlock()
	out := make(chan *Record)
	go m.pump(ctx, w, out)
	return out, nil
}

func (m *memory) pump(ctx context.Context, w *watcher, out chan<- *Record) {
	defer close(out)
	defer m.unwatch(w)
	for {
		for _, e := range m.take(w) {
			r, err := e.decode()
			if err != nil {
				continue // cannot be: put encoded it
			}
			select {
			case out <- r:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (m *memory) take(w *watcher) []entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []entry
	for _, number := range w.pending {
		if e, ok := m.jobs[w.job][number]; ok {
			entries = append(entries, e)
		}
	}
	w.pending = w.pending[:0]
	clear(w.queued)
	return entries
}

func (m *memory) unwatch(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers = slices.DeleteFunc(m.watchers, func(x *watcher) bool { return x == w })
}

func (m *memory) Delete(ctx context.Context, job string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.jobs, job)
	return nil
}
