package dataset

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Set is a data set, training rows first.
type Set struct {
	Name     string `json:"name"`
	Train    int    `json:"train"` // rows
	Test     int    `json:"test"`  // rows behind them
	Features int    `json:"features"`
	Levels   []int  `json:"levels"`  // of each feature, 0 numeric
	Classes  int    `json:"classes"` // 0 for regression
	Sparse   bool   `json:"sparse"`  // peers may read it as compressed rows

	Cols [][]float32 `json:"-"`
	Y    []float32   `json:"-"`
}

// Write makes the folder dir/Name.
func (s *Set) Write(dir string) error {
	dir = filepath.Join(dir, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	meta, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := writeFloats(filepath.Join(dir, "x.f32"), s.Cols); err != nil {
		return err
	}
	if err := writeFloats(filepath.Join(dir, "y.f32"), [][]float32{s.Y}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "meta.json"), meta, 0o644) // last: it says that the rest is there
}

// WriteFloats writes float32 values, little-endian.
func WriteFloats(name string, v []float32) error { return writeFloats(name, [][]float32{v}) }

func writeFloats(name string, cols [][]float32) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var b []byte
	for _, col := range cols {
		b = b[:0]
		for _, v := range col {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		if _, err := f.Write(b); err != nil {
			return err
		}
	}
	return f.Close()
}

// Read reads the folder of a set. It fails if a file is absent or its size does
// not go with meta.json, or if a target is no class of the set.
func Read(dir string) (*Set, error) {
	s := new(Set)
	meta, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(meta, s); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: meta.json: %w", dir, err)
	}
	rows := s.Train + s.Test
	if s.Cols, err = readFloats(filepath.Join(dir, "x.f32"), s.Features, rows); err != nil {
		return nil, err
	}
	y, err := readFloats(filepath.Join(dir, "y.f32"), 1, rows)
	if err != nil {
		return nil, err
	}
	s.Y = y[0]
	return s, nil
}

func (s *Set) check() error {
	const most = 1 << 31
	switch {
	case s.Train < 1 || s.Test < 0 || s.Features < 1 || s.Train > most || s.Test > most || s.Features > most:
		return fmt.Errorf("%d training rows, %d test rows, %d features", s.Train, s.Test, s.Features)
	case len(s.Levels) != s.Features:
		return fmt.Errorf("levels of %d features, want %d", len(s.Levels), s.Features)
	case s.Classes < 0 || s.Classes == 1:
		return fmt.Errorf("%d classes: use 0 for regression", s.Classes)
	}
	return nil
}

func readFloats(name string, cols, rows int) ([][]float32, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if len(b) != 4*cols*rows {
		return nil, fmt.Errorf("%s: %d bytes, want %d columns of %d floats", name, len(b), cols, rows)
	}
	out := make([][]float32, cols)
	for j := range out {
		out[j] = make([]float32, rows)
		for i := range out[j] {
			out[j][i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*(j*rows+i):]))
		}
	}
	return out, nil
}

// Frame has the rows lo to hi-1; it shares their memory.
func (s *Set) Frame(lo, hi int) *matrix.Frame {
	f := s.frame(hi - lo)
	for _, col := range s.Cols {
		f.Cols = append(f.Cols, col[lo:hi])
	}
	return f
}

// Take has copies of the given rows.
func (s *Set) Take(rows []int32) *matrix.Frame {
	f := s.frame(len(rows))
	for _, col := range s.Cols {
		f.Cols = append(f.Cols, pick(col, rows))
	}
	return f
}

// Targets are those of the given rows.
func (s *Set) Targets(rows []int32) []float32 { return pick(s.Y, rows) }

func pick(col []float32, rows []int32) []float32 {
	out := make([]float32, len(rows))
	for i, r := range rows {
		out[i] = col[r]
	}
	return out
}

func (s *Set) frame(rows int) *matrix.Frame {
	f := &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, s.Features), Cols: make([][]float32, 0, s.Features)}
	for j := range f.Features {
		f.Features[j] = matrix.Feature{Name: "f" + strconv.Itoa(j), Levels: s.Levels[j]}
	}
	return f
}

// Problem is what the set asks for, under the metric that the benchmarks
// compare: log loss or RMSE.
func (s *Set) Problem() (algos.Problem, error) {
	p := algos.Problem{Task: metrics.Regression}
	name := "rmse"
	if s.Classes > 0 {
		p.Task, p.Classes, name = metrics.Binary, s.Classes, "log_loss"
	}
	if s.Classes > 2 {
		p.Task = metrics.Multiclass
	}
	var err error
	p.Metric, err = metrics.Lookup(name)
	return p, err
}

// Rows counts from 0 to n-1.
func Rows(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}
