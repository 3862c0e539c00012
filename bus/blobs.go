package bus

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// transferTimeout bounds moving one blob to or from the server. Without a
// deadline of its own the client would give up after callTimeout.
const transferTimeout = 15 * time.Minute

// blobs keeps byte strings under the SHA-256 of their content.
type blobs struct {
	max   int64
	local bool
	obs   jetstream.ObjectStore // nil if local
	files *fileCache            // nil for none

	mu     sync.Mutex
	cache  lru
	pinned map[string][]byte // local blobs
	calls  map[string]*call
}

// call is a look-up that others wait for.
type call struct {
	done chan struct{}
	data []byte
	err  error
}

func openBlobs(ctx context.Context, b *Bus) (*blobs, error) {
	s := &blobs{
		max: b.c.MaxBlob, local: b.c.LocalBlobs, calls: map[string]*call{},
		cache: lru{max: b.c.CacheBytes, items: map[string]*list.Element{}}, pinned: map[string][]byte{},
	}
	if s.local {
		return s, nil
	}
	if b.c.BlobDir != "" {
		var err error
		if s.files, err = openFileCache(b.c.BlobDir); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	obs, err := b.js.ObjectStore(ctx, blobsBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		obs, err = b.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: blobsBucket, Storage: b.storage()})
		if errors.Is(err, jetstream.ErrBucketExists) {
			obs, err = b.js.ObjectStore(ctx, blobsBucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("object store %s: %w", blobsBucket, err)
	}
	s.obs = obs
	return s, nil
}

// PutBlob stores data and returns its digest, 64 hexadecimal digits. The caller
// must not change data afterwards. Storing the same content twice costs one look.
func (b *Bus) PutBlob(ctx context.Context, data []byte) (digest string, err error) {
	s := b.blobs
	if int64(len(data)) > s.max {
		return "", fmt.Errorf("blob: %w: %d bytes, the limit is %d", ErrTooLarge, len(data), s.max)
	}
	digest = digestOf(data)
	if s.local {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pinned[digest] = data
		return digest, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	info, err := s.obs.GetInfo(ctx, digest)
	if errors.Is(err, jetstream.ErrObjectNotFound) || err == nil && info.Size != uint64(len(data)) {
		err = b.upload(ctx, digest, data)
	}
	if err != nil {
		return "", fmt.Errorf("store blob %.12s of %d bytes: %w", digest, len(data), err)
	}
	s.keep(digest, data)
	return digest, nil
}

// GetBlob returns a blob from this process, from a file of this host or from the
// server, and checks it against its digest. ErrNoBlob if nobody has stored it.
// The result is shared: it must not be changed.
func (b *Bus) GetBlob(ctx context.Context, digest string) ([]byte, error) {
	if !validDigest(digest) {
		return nil, fmt.Errorf("blob %.80q: %w: not a digest", digest, ErrNoBlob)
	}
	s := b.blobs
	s.mu.Lock()
	if data, ok := s.pinned[digest]; ok {
		s.mu.Unlock()
		return data, nil
	}
	if data, ok := s.cache.get(digest); ok {
		s.mu.Unlock()
		return data, nil
	}
	if s.local {
		s.mu.Unlock()
		return nil, fmt.Errorf("blob %.12s: %w", digest, ErrNoBlob)
	}
	c, waiting := s.calls[digest]
	if !waiting {
		c = &call{done: make(chan struct{})}
		s.calls[digest] = c
	}
	s.mu.Unlock()
	if !waiting {
		// Not with this caller's context: others may be waiting for the result.
		go s.fetch(b.done, digest, c)
	}
	select {
	case <-c.done:
		return c.data, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *blobs) fetch(ctx context.Context, digest string, c *call) {
	c.data, c.err = s.load(ctx, digest)
	s.mu.Lock()
	delete(s.calls, digest)
	s.mu.Unlock()
	close(c.done)
}

func (s *blobs) load(ctx context.Context, digest string) ([]byte, error) {
	if data := s.files.get(digest); data != nil {
		s.mu.Lock()
		s.cache.put(digest, data)
		s.mu.Unlock()
		return data, nil
	}
	ctx, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	info, err := s.obs.GetInfo(ctx, digest)
	if err == nil && info.Size > uint64(s.max) {
		return nil, fmt.Errorf("blob %.12s: %w: %d bytes, the limit is %d", digest, ErrTooLarge, info.Size, s.max)
	}
	var data []byte
	if err == nil {
		data, err = s.obs.GetBytes(ctx, digest)
	}
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, fmt.Errorf("blob %.12s: %w", digest, ErrNoBlob)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch blob %.12s: %w", digest, err)
	}
	if digestOf(data) != digest {
		return nil, fmt.Errorf("blob %.12s is damaged: it does not match its digest", digest)
	}
	s.keep(digest, data)
	return data, nil
}

func (s *blobs) keep(digest string, data []byte) {
	s.mu.Lock()
	s.cache.put(digest, data)
	s.mu.Unlock()
	s.files.put(digest, data)
}

// DropBlob removes a blob here and on the server; other hosts' files go when
// their space is needed. No blob of that digest is no error.
func (b *Bus) DropBlob(ctx context.Context, digest string) error {
	if !validDigest(digest) {
		return nil
	}
	s := b.blobs
	s.mu.Lock()
	delete(s.pinned, digest)
	s.cache.drop(digest)
	s.mu.Unlock()
	if s.local {
		return nil
	}
	s.files.drop(digest)
	if err := s.obs.Delete(ctx, digest); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("drop blob %.12s: %w", digest, err)
	}
	return nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// validDigest keeps anything but a digest from becoming a file name.
func validDigest(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for _, c := range s {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// lru keeps the blobs used last, max bytes of them.
type lru struct {
	max, size int64
	order     list.List // of cached, the latest first
	items     map[string]*list.Element
}

type cached struct {
	digest string
	data   []byte
}

func (l *lru) get(digest string) ([]byte, bool) {
	e, ok := l.items[digest]
	if !ok {
		return nil, false
	}
	l.order.MoveToFront(e)
	return e.Value.(cached).data, true
}

func (l *lru) put(digest string, data []byte) {
	if _, ok := l.get(digest); ok || int64(len(data)) > l.max {
		return
	}
	l.items[digest] = l.order.PushFront(cached{digest, data})
	l.size += int64(len(data))
	for l.size > l.max {
		l.drop(l.order.Back().Value.(cached).digest)
	}
}

func (l *lru) drop(digest string) {
	if e, ok := l.items[digest]; ok {
		l.size -= int64(len(e.Value.(cached).data))
		l.order.Remove(e)
		delete(l.items, digest)
	}
}
