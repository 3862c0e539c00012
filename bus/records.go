package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

// bucket is a key-value bucket of JSON records, changed by compare-and-set.
type bucket struct {
	b    *Bus
	name string
	kv   jetstream.KeyValue
}

func (k *bucket) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	kv, err := k.b.js.KeyValue(ctx, k.name)
	if errors.Is(err, jetstream.ErrBucketNotFound) { // no other error may lead to creation
		kv, err = k.b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: k.name, History: 1, MaxValueSize: maxRecord, Storage: k.b.storage(),
		})
		if errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = k.b.js.KeyValue(ctx, k.name)
		}
	}
	if err != nil {
		return fmt.Errorf("bucket %s: %w", k.name, err)
	}
	k.kv = kv
	return nil
}

func encode(what string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(data) > maxRecord {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", what, ErrTooLarge, len(data), maxRecord)
	}
	return data, nil
}

func (k *bucket) create(ctx context.Context, key, what string, v any) (uint64, error) {
	data, err := encode(what, v)
	if err != nil {
		return 0, err
	}
	rev, err := k.kv.Create(ctx, key, data)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return 0, fmt.Errorf("%s: %w", what, trials.ErrExists)
	}
	return rev, k.wrap(what, err)
}

func (k *bucket) update(ctx context.Context, key, what string, v any, revision uint64) (uint64, error) {
	data, err := encode(what, v)
	if err != nil {
		return 0, err
	}
	if revision == 0 { // would create
		return 0, fmt.Errorf("%s: %w", what, trials.ErrConflict)
	}
	rev, err := k.kv.Update(ctx, key, data, revision)
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, fmt.Errorf("%s: %w", what, trials.ErrConflict)
	}
	return rev, k.wrap(what, err)
}

func (k *bucket) get(ctx context.Context, key, what string, v any) (uint64, error) {
	e, err := k.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyDeleted) {
		return 0, fmt.Errorf("%s: %w", what, trials.ErrNotFound)
	}
	if err != nil {
		return 0, k.wrap(what, err)
	}
	if err := json.Unmarshal(e.Value(), v); err != nil {
		return 0, fmt.Errorf("%s: damaged record: %w", what, err)
	}
	return e.Revision(), nil
}

// list calls f with every record under the pattern.
func (k *bucket) list(ctx context.Context, pattern string, f func(jetstream.KeyValueEntry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := k.kv.Watch(ctx, pattern, jetstream.IgnoreDeletes())
	if err != nil {
		return k.wrap("list", err)
	}
	defer drainWatcher(w)
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return k.wrap("list", ErrClosed)
			}
			if e == nil { // that was all
				return nil
			}
			if err := f(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-k.b.done.Done():
			return k.wrap("list", ErrClosed)
		}
	}
}

// watch calls f with every record under the pattern and every change until ctx
// ends or f returns false.
func (k *bucket) watch(ctx context.Context, pattern string, f func(jetstream.KeyValueEntry) bool, end func()) error {
	ctx, cancel := context.WithCancel(ctx)
	w, err := k.kv.Watch(ctx, pattern, jetstream.IgnoreDeletes())
	if err != nil {
		cancel()
		return k.wrap("watch", err)
	}
	go func() {
		defer end()
		defer drainWatcher(w)
		defer cancel()
		for {
			select {
			case e, ok := <-w.Updates():
				if !ok || e != nil && !f(e) {
					return
				}
			case <-ctx.Done():
				return
			case <-k.b.done.Done():
				return
			}
		}
	}()
	return nil
}

// drainWatcher stops a watcher. Its own goroutine may be waiting to hand over an
// update: unless somebody takes it, that goroutine never ends.
func drainWatcher(w jetstream.KeyWatcher) {
	_ = w.Stop()
	for range w.Updates() {
	}
}

func (k *bucket) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: bucket %s: %w", what, k.name, err)
}
