package server

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-09a2cce4/automl"
)

// idPattern is what ids of jobs and tables look like: they become file names.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// datasets remembers the uploaded tables, one JSON file each.
type datasets struct {
	dir  string
	mu   sync.RWMutex
	byID map[string]automl.Dataset
}

// openDatasets reads the descriptions in dir, which it makes if need be. A
// file that cannot be read is left alone and said in the log.
func openDatasets(dir string, log *slog.Logger) (*datasets, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d := &datasets{dir: dir, byID: map[string]automl.Dataset{}}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		var info automl.Dataset
		if err == nil {
			err = json.Unmarshal(b, &info)
		}
		if err == nil && info.ID != id {
			err = fmt.Errorf("describes %q", info.ID)
		}
		if err != nil {
			log.Warn("description of a data set skipped", "file", f.Name(), "error", err)
			continue
		}
		d.byID[id] = info
	}
	return d, nil
}

func (d *datasets) len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.byID)
}

func (d *datasets) get(id string) (automl.Dataset, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	info, ok := d.byID[id]
	if !ok {
		return info, problem(404, "no data set %q: upload it with POST /v1/datasets", id)
	}
	return info, nil
}

// list returns all, the newest first.
func (d *datasets) list() []automl.Dataset {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]automl.Dataset, 0, len(d.byID))
	for _, info := range d.byID {
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b automl.Dataset) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// put stores a description: on disk first, whole or not at all.
func (d *datasets) put(info automl.Dataset) error {
	if !idPattern.MatchString(info.ID) {
		return fmt.Errorf("id %q of a data set cannot be a file name", info.ID)
	}
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := writeFile(filepath.Join(d.dir, info.ID+".json"), b); err != nil {
		return err
	}
	d.byID[info.ID] = info
	return nil
}

func (d *datasets) remove(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.byID[id]; !ok {
		return nil
	}
	if err := os.Remove(filepath.Join(d.dir, id+".json")); err != nil && !os.IsNotExist(err) {
		return err
	}
	delete(d.byID, id)
	return nil
}

// writeFile replaces a file by way of one beside it, which is synced first.
func writeFile(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// clearUploads removes what an earlier run left half uploaded.
func clearUploads(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Remove(path)
	})
}
