package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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
	return k.createData(ctx, key, what, data)
}

func (k *bucket) createData(ctx context.Context, key, what string, data []byte) (uint64, error) {
	rev, moved, err := k.put(ctx, key, data, 0)
	if moved {
		// Unless what is there only says that the key was deleted.
		rev, err = k.kv.Create(ctx, key, data)
		if errors.Is(err, jetstream.ErrKeyExists) {
			return 0, fmt.Errorf("%s: %w", what, trials.ErrExists)
		}
	}
	return rev, k.wrap(what, err)
}

func (k *bucket) update(ctx context.Context, key, what string, v any, revision uint64) (uint64, error) {
	data, err := encode(what, v)
	if err != nil {
		return 0, err
	}
	return k.updateData(ctx, key, what, data, revision)
}

func (k *bucket) updateData(ctx context.Context, key, what string, data []byte, revision uint64) (uint64, error) {
	if revision == 0 { // would create
		return 0, fmt.Errorf("%s: %w", what, trials.ErrConflict)
	}
	rev, moved, err := k.put(ctx, key, data, revision)
	if moved {
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
// ends or f returns false, and then end.
func (k *bucket) watch(ctx context.Context, pattern string, f func(jetstream.KeyValueEntry) bool, end func()) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(k.b.done, cancel)
	again := k.b.reconnected()
	w, err := k.kv.Watch(ctx, pattern, jetstream.IgnoreDeletes())
	if err != nil {
		stop()
		cancel()
		return k.wrap("watch", err)
	}
	go func() {
		defer end()
		defer cancel()
		defer stop()
		var last uint64
		for {
			more := follow(ctx, w, again, &last, f)
			drainWatcher(w)
			if !more {
				return
			}
			if w, again = k.resume(ctx, pattern, last); w == nil {
				return
			}
		}
	}()
	return nil
}

// follow hands over a watcher's entries. It reports whether the watch is to be
// taken up again after entry *last: the client would notice only after a while
// that a server that was restarted does not know the watcher.
func follow(ctx context.Context, w jetstream.KeyWatcher, again <-chan struct{}, last *uint64, f func(jetstream.KeyValueEntry) bool) bool {
	for {
		select {
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return ctx.Err() == nil
			case e == nil || e.Revision() <= *last: // end of the past, or seen before
			case !f(e):
				return false
			default:
				*last = e.Revision()
			}
		case <-again:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// resume watches again from after a revision; nil when ctx has ended.
func (k *bucket) resume(ctx context.Context, pattern string, last uint64) (jetstream.KeyWatcher, <-chan struct{}) {
	for {
		again := k.b.reconnected()
		opts := []jetstream.WatchOpt{jetstream.IgnoreDeletes()}
		if last > 0 {
			opts = append(opts, jetstream.ResumeFromRevision(last+1))
		}
		w, err := k.kv.Watch(ctx, pattern, opts...)
		if err == nil {
			return w, again
		}
		k.b.log.Warn("watch: trying again", "bucket", k.name, "error", err)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil
		}
	}
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
