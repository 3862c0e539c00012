package predictor

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// mlpCase is a net with every kind of input and random parameters; outputs 1 is
// regression.
func mlpCase(t testing.TB, outputs, members int) *MLP {
	net := Net{
		Features: 4, TextCols: 3, Members: members, Outputs: outputs, Widths: []int{32, 16},
		Inputs: []NetInput{
			{Column: 0, Center: 1, Scale: 2, Indicator: true, Knots: []float64{-4, 0, 1, 1.5, 9}}, {Column: 1, Levels: 2}, {Column: 2, Levels: 5},
			{Column: 3, Levels: 12, Embedding: 3}, {Text: true, Column: 2, Scale: 4},
		},
	}
	var target *Target
	if outputs == 1 {
		net.Activation, target = Mish, &Target{Mean: 5, Scale: 3, Low: -2, High: 9}
	}
	if err := net.Init(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(outputs), 3))
	params := make([]float32, net.Size())
	for i := range params {
		params[i] = float32(rng.NormFloat64() / 4)
	}
	m, err := NewMLP(net, params, target)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mlpRows has ordinary rows and rows of missing, unseen and extreme values.
func mlpRows() *matrix.Matrix {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	f := &matrix.Frame{
		Rows:     5,
		Features: []matrix.Feature{{Name: "a"}, {Name: "b", Levels: 2}, {Name: "c", Levels: 6}, {Name: "d", Levels: 40}},
		Cols: [][]float32{
			{1.5, -3, nan, math.MaxFloat32, inf}, {0, 1, nan, -1, 7}, {0, 4, nan, 5, inf}, {0, 11, nan, 12, -inf},
		},
		Sparse: &matrix.Sparse{Cols: 9, Start: []int64{0, 1, 3, 3, 4, 4}, Index: []int32{2, 0, 2, 8}, Value: []float32{0.5, 1, 0.25, 1}},
	}
	return matrix.New(f, matrix.FitEncoder(f, 0), 1)
}

// slowMLP is the definition, in double precision.
func slowMLP(m *MLP, f *matrix.Frame, row int) []float64 {
	n, p := &m.net, m.params
	x := make([]float32, n.InputWidth())
	n.Encode(f, []int32{int32(row)}, p, x)
	mean := make([]float64, n.Outputs)
	for e := range n.Members {
		v := make([]float64, len(x))
		for i, s := range n.Scale(p, e) {
			v[i] = float64(x[i]) * float64(s)
		}
		for l := range n.Widths {
			w, b := n.Layer(p, l)
			v = affine(v, w, b)
			for i, z := range v {
				switch {
				case n.Activation == Mish:
					v[i] = z * math.Tanh(math.Log1p(math.Exp(z)))
				case z > 0:
					v[i] = 1.0507009873554805 * z
				default:
					v[i] = 1.0507009873554805 * 1.6732632423543772 * math.Expm1(z)
				}
			}
		}
		w, b := n.Head(p, e)
		v = affine(v, w, b)[:n.Outputs]
		if m.target == nil {
			softmaxExact(v)
		}
		for k := range mean {
			mean[k] += v[k] / float64(n.Members)
		}
	}
	switch {
	case m.target != nil:
		return []float64{max(m.target.Low, min(m.target.High, mean[0]*m.target.Scale+m.target.Mean))}
	case n.Outputs == 2:
		return mean[1:]
	}
	return mean
}

func affine(x []float64, w, b []float32) []float64 {
	out := make([]float64, len(b))
	for j := range out {
		out[j] = float64(b[j])
		for i, v := range x {
			out[j] += v * float64(w[i*len(b)+j])
		}
	}
	return out
}

func TestMLPPredictsItsDefinition(t *testing.T) {
	t.Parallel()
	x := mlpRows()
	rows := []int32{3, 0, 1, 2, 4, 0}
	for _, outputs := range []int{1, 2, 3, 20} {
		m := mlpCase(t, outputs, 2)
		got := make([]float32, len(rows)*m.Width())
		m.Predict(x, rows, got)
		for i, r := range rows {
			for k, want := range slowMLP(m, x.Frame, int(r)) {
				if v := got[i*m.Width()+k]; math.Abs(float64(v)-want) > 1e-4 {
					t.Errorf("%d outputs, row %d: value %d is %v, want %v", outputs, r, k, v, want)
				}
			}
		}
	}
}

func TestNetInputPieces(t *testing.T) {
	t.Parallel()
	in := NetInput{Center: 1, Scale: 1, Indicator: true, Knots: []float64{0, 1, 3}}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		value float32
		want  []float32 // of the pieces
	}{
		{-inf, []float32{-1, -1}}, {-2, []float32{-1, -1}}, {0, []float32{-1, -1}}, {0.75, []float32{0.5, -1}},
		{1, []float32{1, -1}}, {2.5, []float32{1, 0.5}}, {3, []float32{1, 1}}, {inf, []float32{1, 1}}, {nan, []float32{0, 0}},
	} {
		out := make([]float32, in.Columns())
		if in.put(test.value, nil, out); !slices.Equal(out[2:], test.want) {
			t.Errorf("%v: %v, want %v", test.value, out[2:], test.want)
		}
	}
}

func TestNetRefusesKnots(t *testing.T) {
	t.Parallel()
	many := make([]float64, MaxKnots+1)
	for i := range many {
		many[i] = float64(i)
	}
	for name, in := range map[string]NetInput{
		"one": {Knots: []float64{1}}, "equal": {Knots: []float64{1, 1}}, "descending": {Knots: []float64{2, 1}}, "too many": {Knots: many},
		"not a number": {Knots: []float64{1, math.NaN()}}, "infinite": {Knots: []float64{1, math.Inf(1)}},
		"of a category": {Levels: 3, Knots: []float64{1, 2}}, "of a text": {Text: true, Knots: []float64{1, 2}},
	} {
		net := Net{Features: 1, TextCols: 1, Members: 1, Outputs: 2, Widths: []int{16}, Inputs: []NetInput{in}}
		if err := net.Init(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMLPCodec(t *testing.T) {
	t.Parallel()
	for _, outputs := range []int{1, 2, 3} {
		b := mlpCase(t, outputs, 3).Append(nil)
		in := Inputs{Raw: 4}
		p, err := Decode(kindMLP, b, in)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Append(nil), b) {
			t.Error("the decoded net has another binary form")
		}
		if _, err := Decode(kindMLP, b, Inputs{Raw: 3}); err == nil {
			t.Error("a net of four features was read for three")
		}
		for n := range b {
			if _, err := Decode(kindMLP, b[:n], in); err == nil {
				t.Fatalf("%d of %d bytes were decoded", n, len(b))
			}
		}
		for i := range min(len(b), 200) { // the head and some parameters
			for _, v := range []byte{0, 1, 127, 128, 255} {
				harmless(t, slices.Concat(b[:i], []byte{v}, b[i+1:]))
			}
		}
	}
}

// harmless reads bytes that need not be a net; if they are, rows can be scored.
func harmless(t *testing.T, b []byte) {
	p, err := Decode(kindMLP, b, Inputs{Raw: 4})
	if err != nil {
		return
	}
	out := make([]float32, 5*p.Width())
	p.Predict(mlpRows(), []int32{0, 1, 2, 3, 4}, out)
	for _, v := range out {
		if v != v || math.IsInf(float64(v), 0) {
			t.Errorf("prediction %v", v)
		}
	}
	if _, err := Decode(kindMLP, p.Append(nil), Inputs{Raw: 4}); err != nil {
		t.Errorf("cannot read what was just written: %v", err)
	}
}

func FuzzDecodeMLP(f *testing.F) {
	for _, outputs := range []int{1, 2, 3} {
		f.Add(mlpCase(f, outputs, 2).Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) { harmless(t, b) })
}
