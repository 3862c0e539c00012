package server

import (
	"bytes"
	"container/list"
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	cachedModels     = 16
	cachedModelBytes = 1 << 30 // of bundles; decoded they take about as much
)

// modelCache keeps decoded models by the digest of their bundle, the most
// recently used ones, bounded in number and bytes. A model that many ask for
// at once is decoded once.
type modelCache struct {
	fetch func(ctx context.Context, digest string) ([]byte, error)

	mu    sync.Mutex
	order *list.List // of *cachedModel, most recent first
	byID  map[string]*list.Element
	bytes int64
}

type cachedModel struct {
	digest string
	ready  chan struct{} // closed once model or err is set
	model  *model.Model
	err    error
	size   int64
}

func newModelCache(fetch func(context.Context, string) ([]byte, error)) *modelCache {
	return &modelCache{fetch: fetch, order: list.New(), byID: map[string]*list.Element{}}
}

// get returns the decoded model; failures are not remembered.
func (c *modelCache) get(ctx context.Context, digest string) (*model.Model, error) {
	c.mu.Lock()
	if el, ok := c.byID[digest]; ok {
		c.order.MoveToFront(el)
		c.mu.Unlock()
		entry := el.Value.(*cachedModel)
		select {
		case <-entry.ready:
			return entry.model, entry.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	entry := &cachedModel{digest: digest, ready: make(chan struct{})}
	el := c.order.PushFront(entry)
	c.byID[digest] = el
	c.mu.Unlock()

	// Others may be waiting for it: the decoding outlives the request.
	entry.model, entry.size, entry.err = c.load(context.WithoutCancel(ctx), digest)
	close(entry.ready)
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry.err != nil {
		c.drop(el)
		return nil, entry.err
	}
	c.bytes += entry.size
	for c.order.Len() > 1 && (c.order.Len() > cachedModels || c.bytes > cachedModelBytes) {
		c.drop(c.order.Back())
	}
	return entry.model, nil
}

// drop forgets an entry; one that was forgotten already is left alone.
func (c *modelCache) drop(el *list.Element) {
	entry := el.Value.(*cachedModel)
	if c.byID[entry.digest] != el {
		return
	}
	delete(c.byID, entry.digest)
	c.order.Remove(el)
	select {
	case <-entry.ready:
		c.bytes -= entry.size
	default:
	}
}

func (c *modelCache) load(ctx context.Context, digest string) (*model.Model, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*busTimeout)
	defer cancel()
	b, err := c.fetch(ctx, digest)
	if err != nil {
		return nil, 0, err
	}
	m, err := model.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, 0, fmt.Errorf("model %s: %w", digest, err)
	}
	return m, int64(len(b)), nil
}

// jobWithModel finds a job that has a model.
func (s *Server) jobWithModel(ctx context.Context, id string) (*trials.Job, error) {
	j, err := s.job(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case j.Model != "":
		return j, nil
	case j.State.Final():
		return nil, problem(http.StatusConflict, "job %s %s without a model: %s", id, j.State, j.Reason)
	}
	return nil, problem(http.StatusConflict, "job %s is %s and has no model yet: wait for its end, or cancel it to get the best so far", id, j.State)
}

// downloadModel is GET /v1/jobs/{id}/model.
func (s *Server) downloadModel(w http.ResponseWriter, r *http.Request) {
	j, err := s.jobWithModel(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, err)
		return
	}
	b, err := s.bus.GetBlob(r.Context(), j.Model)
	if err != nil {
		s.fail(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", typeBinary)
	h.Set("Content-Disposition", `attachment; filename="`+j.ID+`.automl"`)
	h.Set("ETag", `"`+j.Model+`"`)
	h.Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", j.Finished, bytes.NewReader(b))
}
