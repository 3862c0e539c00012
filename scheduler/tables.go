package scheduler

import (
	"sync"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
)

// shelf counts the jobs that need a table in the cache, which knows no counts:
// a table that was brought by the first of them leaves with the last.
type shelf struct {
	cache *featurize.Cache
	mu    sync.Mutex
	users map[string]int
}

func newShelf(c *featurize.Cache) *shelf { return &shelf{cache: c, users: map[string]int{}} }

// add keeps a table for one more user; false if somebody else sees to it.
func (s *shelf) add(digest string, t *data.Table) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[digest] == 0 {
		if _, ok := s.cache.Table(digest); ok {
			return false
		}
		s.cache.AddTable(digest, t)
	}
	s.users[digest]++
	return true
}

func (s *shelf) remove(digest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[digest]--; s.users[digest] == 0 {
		delete(s.users, digest)
		s.cache.Remove(digest)
	}
}

// tables are those that one job has put on the shelf.
type tables struct {
	shelf *shelf
	held  []string
}

func (t *tables) add(digest string, table *data.Table) {
	if t.shelf.add(digest, table) {
		t.held = append(t.held, digest)
	}
}

func (t *tables) release() {
	for _, digest := range t.held {
		t.shelf.remove(digest)
	}
	t.held = nil
}
