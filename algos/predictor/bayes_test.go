package predictor

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

func smallBayes(t *testing.T, width, classes int) *Bayes {
	t.Helper()
	at := 0
	values := func(n int) []float32 {
		out := make([]float32, n*classes)
		for i := range out {
			at++
			out[i] = float32(at*7%11)/4 - 1
		}
		return out
	}
	b, err := NewBayes(width, Evidence{
		Prior:   values(1),
		Normals: []Normal{{Feature: 1, Centre: 0.5, Spread: 2, Offset: values(1), Half: values(1), Mean: values(1), Missing: values(1)}},
		Counts:  []Count{{Feature: 2, Low: -1, Spread: 4, Weight: values(1)}},
		Levels:  []Levels{{Feature: 0, Known: 2, Weight: values(3)}},
		Text:    values(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bayesMatrix() *matrix.Matrix {
	nan := float32(math.NaN())
	f := &matrix.Frame{Rows: 5, Features: make([]matrix.Feature, 3), Cols: [][]float32{
		{0, 1, 2, nan, 1}, {0.5, nan, 1e30, -3, 2.5}, {0, 7, nan, -2, 1},
	}}
	f.Sparse = &matrix.Sparse{Cols: 3, Start: []int64{0, 1, 1, 3, 3, 4}, Index: []int32{0, 1, 2, 0}, Value: []float32{1, 0.5, 9, 2}}
	return matrix.New(f, matrix.FitEncoder(f, 0), 1)
}

// TestBayes: the sums are those of the parts, looked up one by one, and rows are
// scored alike together and alone.
func TestBayes(t *testing.T) {
	t.Parallel()
	m, rows := bayesMatrix(), []int32{0, 1, 2, 3, 4}
	code := []int{0, 1, 2, 2, 1}
	share := []float64{0.25, 1, 0, 0, 0.5}
	z := []float64{0, 0, 10, -1.75, 1} // but for the missing one
	for _, classes := range []int{2, 3} {
		width := classes
		if classes == 2 {
			width = 1
		}
		b := smallBayes(t, width, classes)
		out, sums := make([]float32, 5*width), make([]float64, 5*classes)
		b.Predict(m, rows, out)
		b.Sums(m, rows, sums)
		for i := range rows {
			for k := range classes {
				e := &b.e
				n := &e.Normals[0]
				want := float64(e.Prior[k] + e.Levels[0].Weight[code[i]*classes+k])
				want += share[i] * float64(e.Counts[0].Weight[k])
				if i == 1 {
					want += float64(n.Missing[k])
				} else {
					d := z[i] - float64(n.Mean[k])
					want += float64(n.Offset[k]) - float64(n.Half[k])*d*d
				}
				want += []float64{1, 0, 0, 0, 2}[i]*float64(e.Text[k]) + []float64{0, 0, 0.5, 0, 0}[i]*float64(e.Text[classes+k])
				if got := sums[i*classes+k]; math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("row %d, class %d of %d: %v, want %v", i, k, classes, got, want)
				}
			}
			row := &Row{Sparse: &matrix.Sparse{Cols: 3}}
			for _, col := range m.Frame.Cols {
				row.Features = append(row.Features, float64(col[i]))
			}
			s := m.Frame.Sparse
			row.Sparse.Start = []int64{0, s.Start[i+1] - s.Start[i]}
			row.Sparse.Index, row.Sparse.Value = s.Index[s.Start[i]:s.Start[i+1]], s.Value[s.Start[i]:s.Start[i+1]]
			one := make([]float32, width)
			b.PredictOne(row, one)
			if !slices.Equal(one, out[i*width:(i+1)*width]) {
				t.Errorf("row %d of %d classes: %v alone, %v together", i, classes, one, out[i*width:(i+1)*width])
			}
		}
	}
}

func TestBayesRefuses(t *testing.T) {
	t.Parallel()
	two := []float32{0, 0}
	bad := []float32{0, float32(math.NaN())}
	for name, try := range map[string]func() (*Bayes, error){
		"one class": func() (*Bayes, error) { return NewBayes(1, Evidence{Prior: two[:1]}) },
		"width":     func() (*Bayes, error) { return NewBayes(3, Evidence{Prior: two}) },
		"prior":     func() (*Bayes, error) { return NewBayes(2, Evidence{Prior: bad}) },
		"text":      func() (*Bayes, error) { return NewBayes(2, Evidence{Prior: two, Text: two[:1]}) },
		"spread":    func() (*Bayes, error) { return NewBayes(2, Evidence{Prior: two, Counts: []Count{{Weight: two}}}) },
		"weights": func() (*Bayes, error) {
			return NewBayes(2, Evidence{Prior: two, Counts: []Count{{Spread: 1, Weight: bad}}})
		},
		"moments": func() (*Bayes, error) {
			return NewBayes(2, Evidence{Prior: two, Normals: []Normal{{Spread: 1, Offset: two}}})
		},
		"feature": func() (*Bayes, error) {
			return NewBayes(2, Evidence{Prior: two, Levels: []Levels{{Feature: -1, Weight: two}}})
		},
		"levels": func() (*Bayes, error) {
			return NewBayes(2, Evidence{Prior: two, Levels: []Levels{{Known: 1, Weight: two}}})
		},
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestBayesDamage: bytes from anywhere are refused or make a model that does no
// harm.
func TestBayesDamage(t *testing.T) {
	t.Parallel()
	b, m := smallBayes(t, 3, 3).Append(nil), bayesMatrix()
	if _, err := Decode(kindBayes, b, Inputs{Raw: 2}); err == nil {
		t.Error("a model of three features was read for two")
	}
	for at := range b {
		if _, err := Decode(kindBayes, b[:at], Inputs{Raw: 3}); err == nil {
			t.Errorf("%d of %d bytes were read", at, len(b))
		}
		for _, x := range []byte{1, 0x80, 0xff} {
			bad := slices.Clone(b)
			bad[at] ^= x
			p, err := Decode(kindBayes, bad, Inputs{Raw: 3})
			if err != nil {
				continue
			}
			out := make([]float32, 5*p.Width())
			p.Predict(m, []int32{0, 1, 2, 3, 4}, out)
			if !allFinite(out) {
				t.Errorf("byte %d changed: %v", at, out)
			}
		}
	}
}
