package bus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// lockDir makes dir if need be, takes its LOCK file and shows that it can be
// written to. The server itself does neither: two would share one directory and
// ruin it, and one that can't write says so nowhere.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s is not writable: %w", dir, err)
	}
	ok, err := tryLock(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("data directory %s: lock: %w", dir, err)
	}
	if !ok {
		holder := holderOf(f)
		f.Close()
		return nil, fmt.Errorf("%w: %s is held by another automl process%s; stop it or use another directory",
			ErrDirInUse, dir, holder)
	}
	if err := probe(dir, f); err != nil {
		f.Close()
		return nil, fmt.Errorf("data directory %s is not writable: %w", dir, err)
	}
	return f, nil
}

func holderOf(f *os.File) string {
	b := make([]byte, 32)
	n, _ := f.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return " (pid " + pid + ")"
	}
	return ""
}

// probe writes and syncs the holder's process id, and makes and removes a
// directory beside it.
func probe(dir string, lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	if _, err := lock.WriteAt(fmt.Appendln(nil, os.Getpid()), 0); err != nil {
		return err
	}
	if err := lock.Sync(); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		return err
	}
	return os.Remove(tmp)
}
