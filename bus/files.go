package bus

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// minFile is the size from which a blob gets a file: reading smaller ones from
	// the server again costs little.
	minFile = 1 << 20
	// maxFiles bounds the files together, in bytes.
	maxFiles = 16 << 30
)

// fileCache shares blobs between the processes of a host. It is only a cache:
// failures to write are ignored, and what is read is checked. A nil fileCache
// holds nothing.
type fileCache struct {
	dir string
	max int64
}

func openFileCache(dir string) (*fileCache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob directory %s: %w", dir, err)
	}
	return &fileCache{dir: dir, max: maxFiles}, nil
}

func (c *fileCache) path(digest string) string { return filepath.Join(c.dir, digest) }

// get returns the blob or nil; a file that does not match its name is removed.
func (c *fileCache) get(digest string) []byte {
	if c == nil {
		return nil
	}
	data, err := os.ReadFile(c.path(digest))
	if err != nil {
		return nil
	}
	if digestOf(data) != digest {
		os.Remove(c.path(digest))
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(c.path(digest), now, now) // the last used stay
	return data
}

func (c *fileCache) put(digest string, data []byte) {
	if c == nil || len(data) < minFile || int64(len(data)) > c.max/2 {
		return
	}
	if _, err := os.Stat(c.path(digest)); err == nil {
		return
	}
	tmp, err := os.CreateTemp(c.dir, "new-")
	if err != nil {
		return
	}
	_, err = tmp.Write(data)
	if err = cmp.Or(err, tmp.Close()); err == nil {
		// Others see the whole file or none.
		err = os.Rename(tmp.Name(), c.path(digest))
	}
	if err != nil {
		os.Remove(tmp.Name())
		return
	}
	c.sweep()
}

func (c *fileCache) drop(digest string) {
	if c != nil {
		os.Remove(c.path(digest))
	}
}

// sweep removes the files not used for longest until the rest fits, and what
// killed processes left half written.
func (c *fileCache) sweep() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil || !info.Mode().IsRegular():
		case validDigest(info.Name()):
			files = append(files, info)
			total += info.Size()
		case time.Since(info.ModTime()) > time.Hour:
			if ok, _ := filepath.Match("new-*", info.Name()); ok {
				os.Remove(c.path(info.Name()))
			}
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= c.max {
			return
		}
		os.Remove(c.path(f.Name()))
		total -= f.Size()
	}
}
