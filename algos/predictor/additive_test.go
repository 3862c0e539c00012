package predictor

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

func twoTables(t *testing.T, link Link, width int) *Additive {
	t.Helper()
	values := func(n int) []float32 {
		out := make([]float32, n*width)
		for i := range out {
			out[i] = float32(i%7) - 2.5
		}
		return out
	}
	a, err := NewAdditive(make([]float32, width), link,
		[]Axis{{Feature: 1, Edges: []float32{-1, 0, 2.5}}, {Feature: 0, Levels: 3}},
		[]Term{{Axes: []int{1}, Values: values(4)}, {Axes: []int{1, 0}, Values: values(20)}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAdditive: the prediction is the link of what the tables have, looked up
// one by one, for rows together and alone.
func TestAdditive(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	f := &matrix.Frame{Rows: 8, Features: make([]matrix.Feature, 2), Cols: [][]float32{
		{0, 1, 2, 3, nan, -1, 0, 2},
		{-1, -0.5, 0, 2.5, 3, nan, float32(math.Inf(1)), float32(math.Inf(-1))},
	}}
	first, second := []int{0, 1, 2, 3, 3, 3, 0, 2}, []int{0, 1, 1, 2, 3, 4, 3, 0}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	for link, width := range map[Link]int{Identity: 1, Sigmoid: 1, Softmax: 3} {
		a := twoTables(t, link, width)
		rows := []int32{0, 1, 2, 3, 4, 5, 6, 7}
		out := make([]float32, 8*width)
		a.Predict(m, rows, out)
		for i := range rows {
			sum, want, one := make([]float64, width), make([]float32, width), make([]float32, width)
			for k := range sum {
				sum[k] = float64(a.terms[0].Values[first[i]*width+k]) + float64(a.terms[1].Values[(first[i]*5+second[i])*width+k])
			}
			link.Apply(sum, 1, want)
			a.PredictOne(&Row{Features: []float64{float64(f.Cols[0][i]), float64(f.Cols[1][i])}}, one)
			if got := out[i*width : (i+1)*width]; !slices.Equal(got, want) || !slices.Equal(one, want) {
				t.Errorf("link %d, row %d: %v together, %v alone, want %v", link, i, got, one, want)
			}
		}
	}
}

func TestAdditiveRefuses(t *testing.T) {
	t.Parallel()
	one := []float32{0}
	axis := []Axis{{Feature: 0, Edges: []float32{1}}}
	for name, try := range map[string]func() (*Additive, error){
		"no output": func() (*Additive, error) { return NewAdditive(nil, Identity, nil, nil) },
		"link":      func() (*Additive, error) { return NewAdditive(one, Exp, nil, nil) },
		"NaN":       func() (*Additive, error) { return NewAdditive([]float32{float32(math.NaN())}, Identity, nil, nil) },
		"edges": func() (*Additive, error) {
			return NewAdditive(one, Identity, []Axis{{Edges: []float32{1, 1}}}, nil)
		},
		"bins": func() (*Additive, error) { return NewAdditive(one, Identity, []Axis{{Levels: 256}}, nil) },
		"both": func() (*Additive, error) {
			return NewAdditive(one, Identity, []Axis{{Levels: 2, Edges: []float32{1}}}, nil)
		},
		"axis": func() (*Additive, error) {
			return NewAdditive(one, Identity, axis, []Term{{Axes: []int{1}, Values: make([]float32, 3)}})
		},
		"no axes": func() (*Additive, error) { return NewAdditive(one, Identity, axis, []Term{{}}) },
		"size": func() (*Additive, error) {
			return NewAdditive(one, Identity, axis, []Term{{Axes: []int{0}, Values: make([]float32, 4)}})
		},
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestAdditiveDamage: bytes from anywhere are refused or make a model that does
// no harm.
func TestAdditiveDamage(t *testing.T) {
	t.Parallel()
	b := twoTables(t, Softmax, 3).Append(nil)
	f := &matrix.Frame{Rows: 1, Features: make([]matrix.Feature, 2), Cols: [][]float32{{1}, {0}}}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	if _, err := Decode(kindAdditive, b, Inputs{Raw: 1}); err == nil {
		t.Error("a model of two features was read for one")
	}
	for at := range b {
		if _, err := Decode(kindAdditive, b[:at], Inputs{Raw: 2}); err == nil {
			t.Errorf("%d of %d bytes were read", at, len(b))
		}
		for _, x := range []byte{1, 0x80, 0xff} {
			bad := slices.Clone(b)
			bad[at] ^= x
			p, err := Decode(kindAdditive, bad, Inputs{Raw: 2})
			if err != nil {
				continue
			}
			out := make([]float32, p.Width())
			p.Predict(m, []int32{0}, out)
			p.(RowPredictor).PredictOne(&Row{Features: []float64{1, 0}}, out)
		}
	}
}
