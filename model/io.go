package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
)

// memberEntry is a member in the "members" section.
type memberEntry struct {
	Weight  float64 `json:"weight"`
	Trial   int     `json:"trial"`
	Learner string  `json:"learner"`
	Kind    string  `json:"kind"`
	Offset  int64   `json:"offset"` // in section "predictors"
	Size    int64   `json:"size"`
}

// WriteTo writes the bundle.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	var predictors []byte
	entries := make([]memberEntry, len(m.spec.Members))
	for i, mem := range m.spec.Members {
		start := len(predictors)
		predictors = mem.Predictor.Append(predictors)
		entries[i] = memberEntry{mem.Weight, mem.Trial, mem.Learner, mem.Predictor.Kind(), int64(start), int64(len(predictors) - start)}
	}
	sections := []section{}
	for _, part := range []struct {
		name  string
		value any
	}{
		{"info", m.spec.Info}, {"plan", m.spec.Plan}, {"pipeline", m.spec.Pipeline}, {"members", entries},
		{"leaderboard", m.spec.Leaderboard}, {"importance", m.spec.Importance},
	} {
		b, err := json.Marshal(part.value)
		if err != nil {
			return 0, fmt.Errorf("write section %q: %w", part.name, err)
		}
		sections = append(sections, section{part.name, b})
	}
	return writeSections(w, append(sections, section{"predictors", predictors}))
}

// Save writes the bundle to path, whole or not at all: to a file beside it
// first, which is synced and then renamed.
func (m *Model) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = m.WriteTo(f); err != nil {
		return fmt.Errorf("save model %s: %w", path, err)
	}
	if err = f.Chmod(0o644); err != nil {
		return fmt.Errorf("save model %s: %w", path, err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("save model %s: %w", path, err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("save model %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// Load opens a bundle. Errors name the file and wrap [ErrCorrupt] or [ErrNewer]
// where that is the cause.
func Load(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("load model %s: %w: not a file", path, ErrCorrupt)
	}
	m, err := Read(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", path, err)
	}
	return m, nil
}

// Read reads a bundle of the given size. Every checksum and every index in it
// is verified, so that a bundle from an untrusted place can do no harm.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	sections, err := readSections(r, size)
	if err != nil {
		return nil, err
	}
	var s Spec
	var entries []memberEntry
	for _, part := range []struct {
		name string
		into any
	}{
		{"info", &s.Info}, {"plan", &s.Plan}, {"pipeline", &s.Pipeline}, {"members", &entries},
		{"leaderboard", &s.Leaderboard}, {"importance", &s.Importance},
	} {
		if err := decodeSection(sections, part.name, part.into); err != nil {
			return nil, err
		}
	}
	if s.Pipeline == nil || s.Plan == nil {
		return nil, fmt.Errorf("%w: no pipeline", ErrCorrupt)
	}
	if err := s.readMembers(entries, sections["predictors"]); err != nil {
		return nil, err
	}
	return Build(s)
}

func decodeSection(sections map[string][]byte, name string, into any) error {
	b, ok := sections[name]
	if !ok {
		return fmt.Errorf("%w: section %q is absent", ErrCorrupt, name)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w: section %q: %v", ErrCorrupt, name, err)
	}
	return nil
}

func (s *Spec) readMembers(entries []memberEntry, b []byte) error {
	for i, e := range entries {
		if e.Offset < 0 || e.Size < 0 || e.Offset > int64(len(b)) || e.Size > int64(len(b))-e.Offset {
			return fmt.Errorf("%w: member %d lies outside its section", ErrCorrupt, i)
		}
		p, err := DecodePredictor(e.Kind, b[e.Offset:e.Offset+e.Size], s.Pipeline)
		if err != nil {
			return fmt.Errorf("%w: member %d: %v", ErrCorrupt, i, err)
		}
		s.Members = append(s.Members, Member{e.Weight, e.Trial, e.Learner, p})
	}
	return nil
}

// DecodePredictor reads the binary form of a predictor on the features of pl.
func DecodePredictor(kind string, b []byte, pl *featurize.Pipeline) (predictor.Predictor, error) {
	raw, dense := len(pl.Features()), pl.Encoder().Cols()
	p, err := predictor.Decode(kind, b, max(raw, dense))
	if err != nil || raw == dense {
		return p, err
	}
	// Which view bounds the features is known now.
	if p.View() == matrix.Encoded {
		return predictor.Decode(kind, b, dense)
	}
	return predictor.Decode(kind, b, raw)
}

// Bytes returns the bundle in memory.
func (m *Model) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
