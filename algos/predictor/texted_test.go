package predictor

import (
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// textedSample reads one number and a text of two words: 10·word0 - 10·word1 above 0 adds 1,
// a number above 2 adds 2.
func textedSample(t *testing.T) *Texted {
	t.Helper()
	text, err := NewLinear(0, 2, 1, []float32{10, -10}, []float32{-1}, Identity)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(v float64) Node { return Node{Feature: -1, Value: []float64{v}} }
	trees := NewTrees([]Tree{
		{{Feature: 1, Threshold: 0, Left: 1, Right: 2}, leaf(0), leaf(1)},
		{{Feature: 0, Threshold: 2, Left: 1, Right: 2}, leaf(0), leaf(2)},
	}, 1, []float64{0}, Identity)
	p, err := NewTexted(1, text, trees)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTexted(t *testing.T) {
	t.Parallel()
	p := textedSample(t)
	b := p.Append(nil)
	again, err := Decode(p.Kind(), b, Inputs{Raw: 1})
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{1, 3, 1, 3}
	s := &matrix.Sparse{Cols: 2, Start: []int64{0, 1, 2, 2, 4}, Index: []int32{0, 1, 0, 1}, Value: []float32{1, 1, 1, 0.5}}
	m := matrix.New(&matrix.Frame{Rows: 4, Features: []matrix.Feature{{Name: "x"}}, Cols: [][]float32{x}, Sparse: s}, nil, 1)
	want := []float32{1, 2, 0, 3} // no word: the sum is -1
	for _, q := range []RowPredictor{p, again.(RowPredictor)} {
		out := make([]float32, 4)
		q.Predict(m, []int32{0, 1, 2, 3}, out)
		one := []float32{0}
		for i, w := range want {
			own := &matrix.Sparse{Cols: 2, Start: []int64{0, s.Start[i+1] - s.Start[i]}, Index: s.Index[s.Start[i]:], Value: s.Value[s.Start[i]:]}
			if q.PredictOne(&Row{Features: []float64{float64(x[i])}, Sparse: own}, one); out[i] != w || one[0] != w {
				t.Errorf("row %d: %v, alone %v, want %v", i, out[i], one[0], w)
			}
		}
	}
	if _, err := Decode(p.Kind(), b, Inputs{}); err == nil {
		t.Error("a model of one feature is decoded for none")
	}
	for n := range b {
		if _, err := Decode(p.Kind(), b[:n], Inputs{Raw: 1}); err == nil {
			t.Errorf("%d of %d bytes were decoded", n, len(b))
		}
	}
	if _, err := NewTexted(0, p.text, p.inner); err == nil {
		t.Error("trees read a feature that there is not")
	}
	if _, err := NewTexted(1, p.text, NewConstant([]float32{1})); err == nil {
		t.Error("a constant reads no text")
	}
}
