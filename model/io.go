package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/trials"
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
	pieces := make([][]byte, len(m.spec.Members))
	each(len(pieces), func(i int) { pieces[i] = m.spec.Members[i].Predictor.Append(nil) })
	entries := make([]memberEntry, len(pieces))
	start := int64(0)
	for i, mem := range m.spec.Members {
		entries[i] = memberEntry{mem.Weight, mem.Trial, mem.Learner, mem.Predictor.Kind(), start, int64(len(pieces[i]))}
		start += int64(len(pieces[i]))
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
		sections = append(sections, section{part.name, [][]byte{b}})
	}
	if m.spec.Spread != nil {
		b, err := json.Marshal(m.spec.Spread)
		if err != nil {
			return 0, fmt.Errorf("write section %q: %w", "spread", err)
		}
		sections = append(sections, section{"spread", [][]byte{b}})
	}
	if m.spec.Origin != nil {
		b, err := json.Marshal(m.spec.Origin)
		if err != nil {
			return 0, fmt.Errorf("write section %q: %w", "origin", err)
		}
		sections = append(sections, section{"origin", [][]byte{b}})
	}
	version := uint32(1)
	if m.spec.Calibration != nil {
		b, err := json.Marshal(m.spec.Calibration)
		if err != nil {
			return 0, fmt.Errorf("write section %q: %w", "calibration", err)
		}
		sections, version = append(sections, section{"calibration", [][]byte{b}}), 2
	}
	return writeSections(w, version, append(sections, section{"predictors", pieces}))
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
// where that is the cause, or the ErrUnknownKind of featurize or predictor where what it
// was made with is not registered in this program.
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
	if _, ok := sections["spread"]; ok {
		if err := decodeSection(sections, "spread", &s.Spread); err != nil {
			return nil, err
		}
	}
	if _, ok := sections["origin"]; ok {
		if err := decodeSection(sections, "origin", &s.Origin); err != nil {
			return nil, err
		}
	}
	if _, ok := sections["calibration"]; ok {
		if err := decodeSection(sections, "calibration", &s.Calibration); err != nil {
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
	err := json.Unmarshal(b, into)
	if errors.Is(err, featurize.ErrUnknownKind) {
		return fmt.Errorf("section %q: %w", name, err)
	}
	if err != nil {
		return fmt.Errorf("%w: section %q: %v", ErrCorrupt, name, err)
	}
	return nil
}

func (s *Spec) readMembers(entries []memberEntry, b []byte) error {
	for i, e := range entries {
		if e.Offset < 0 || e.Size < 0 || e.Offset > int64(len(b)) || e.Size > int64(len(b))-e.Offset {
			return fmt.Errorf("%w: member %d lies outside its section", ErrCorrupt, i)
		}
	}
	s.Members = make([]Member, len(entries))
	errs := make([]error, len(entries))
	each(len(entries), func(i int) {
		e := entries[i]
		p, err := DecodePredictor(e.Kind, b[e.Offset:e.Offset+e.Size], s.Pipeline)
		switch {
		case errors.Is(err, predictor.ErrUnknownKind):
			errs[i] = fmt.Errorf("member %d: %w", i, err)
		case err != nil:
			errs[i] = fmt.Errorf("%w: member %d: %v", ErrCorrupt, i, err)
		}
		s.Members[i] = Member{e.Weight, e.Trial, e.Learner, p}
	})
	return errors.Join(errs...)
}

// each calls f for 0 to n-1, as many at a time as there are cores.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// DecodePredictors reads the binary forms of predictors on the features of pl,
// in parallel.
func DecodePredictors(models []trials.Model, pl *featurize.Pipeline) ([]predictor.Predictor, error) {
	out, errs := make([]predictor.Predictor, len(models)), make([]error, len(models))
	each(len(models), func(i int) { out[i], errs[i] = DecodePredictor(models[i].Kind, models[i].Bytes, pl) })
	return out, errors.Join(errs...)
}

// DecodePredictor reads the binary form of a predictor on the features of pl.
func DecodePredictor(kind string, b []byte, pl *featurize.Pipeline) (predictor.Predictor, error) {
	return predictor.Decode(kind, b, predictor.Inputs{Raw: len(pl.Features()), Dense: pl.Encoder().Cols()})
}

// Bytes returns the bundle in memory.
func (m *Model) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
