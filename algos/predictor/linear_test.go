package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// encoded is a matrix of random numbers and words.
func encoded(rng *rand.Rand, rows, dense, sparse int) *matrix.Matrix {
	f := &matrix.Frame{Rows: rows}
	for j := range dense {
		f.Features = append(f.Features, matrix.Feature{Name: string(rune('a' + j))})
		f.Cols = append(f.Cols, make([]float32, rows))
	}
	if sparse > 0 {
		f.Sparse = &matrix.Sparse{Cols: sparse, Start: []int64{0}}
	}
	for i := range rows {
		for j := range dense {
			f.Cols[j][i] = float32(rng.NormFloat64())
		}
		for k := range sparse {
			if rng.IntN(3) == 0 {
				f.Sparse.Index = append(f.Sparse.Index, int32(k))
				f.Sparse.Value = append(f.Sparse.Value, rng.Float32())
			}
		}
		if sparse > 0 {
			f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
		}
	}
	return matrix.New(f, matrix.FitEncoder(f, 0), 1)
}

func normal(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

func TestLinearAgreesWithDefinition(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		dense, sparse, width int
		link                 Link
	}{{3, 0, 1, Identity}, {0, 4, 1, Sigmoid}, {5, 6, 1, Sigmoid}, {2, 3, 4, Softmax}, {7, 0, 3, Identity}, {0, 0, 2, Softmax}} {
		m := encoded(rng, 6, c.dense, c.sparse)
		weights, intercepts := normal(rng, (c.dense+c.sparse)*c.width), normal(rng, c.width)
		l, err := NewLinear(c.dense, c.sparse, c.width, weights, intercepts, c.link)
		if err != nil {
			t.Fatal(err)
		}
		rows := []int32{5, 0, 3}
		got := make([]float32, len(rows)*c.width)
		l.Predict(m, rows, got)
		for i, r := range rows {
			sum := make([]float64, c.width)
			for k := range sum {
				sum[k] = float64(intercepts[k])
				for j, v := range m.Dense().Row(int(r), make([]float32, m.Dense().Cols)) {
					sum[k] += float64(v) * float64(weights[j*c.width+k])
				}
				if s := m.Dense().Sparse; s != nil {
					for e := s.Start[r]; e < s.Start[r+1]; e++ {
						sum[k] += float64(s.Value[e]) * float64(weights[(c.dense+int(s.Index[e]))*c.width+k])
					}
				}
			}
			total := 0.0
			for _, v := range sum {
				total += math.Exp(v)
			}
			for k, v := range sum {
				switch c.link {
				case Sigmoid:
					v = 1 / (1 + math.Exp(-v))
				case Softmax:
					v = math.Exp(v) / total
				}
				if math.Abs(v-float64(got[i*c.width+k])) > 1e-6*max(1, math.Abs(v)) {
					t.Errorf("%+v: row %d value %d is %v, want %v", c, r, k, got[i*c.width+k], v)
				}
			}
		}
		q, err := Decode(l.Kind(), l.Append(nil), Inputs{Dense: c.dense})
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		again := make([]float32, len(got))
		q.Predict(m, rows, again)
		if !slices.Equal(got, again) {
			t.Errorf("%+v: the decoded model predicts %v, not %v", c, again, got)
		}
	}
}

func TestLinearIsFinite(t *testing.T) {
	t.Parallel()
	m := encoded(rand.New(rand.NewPCG(3, 4)), 4, 2, 0)
	huge := []float32{math.MaxFloat32, -math.MaxFloat32, math.MaxFloat32, math.MaxFloat32}
	for _, c := range []struct {
		width int
		link  Link
	}{{1, Identity}, {1, Sigmoid}, {2, Softmax}} {
		l, err := NewLinear(2, 0, c.width, huge[:2*c.width], huge[:c.width], c.link)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, 4*c.width)
		l.Predict(m, []int32{0, 1, 2, 3}, out)
		for _, v := range out {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) || c.link == Sigmoid && (v <= 0 || v >= 1) {
				t.Errorf("link %d: %v", c.link, out)
			}
		}
	}
}

// A view with fewer or more columns than the model has does no harm.
func TestLinearOnOtherColumns(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	l, err := NewLinear(3, 2, 2, normal(rng, 10), normal(rng, 2), Softmax)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{1, 0}, {5, 9}, {3, 1}} {
		out := make([]float32, 4)
		l.Predict(encoded(rng, 2, size[0], size[1]), []int32{0, 1}, out)
		if s := out[0] + out[1]; s < 0.999 || s > 1.001 {
			t.Errorf("%v columns: %v", size, out)
		}
	}
}

func TestNewLinearRefuses(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		dense, sparse, width int
		weights, intercepts  []float32
		link                 Link
	}{
		{1, 0, 1, []float32{1, 2}, []float32{0}, Identity},
		{1, 0, 1, []float32{1}, nil, Identity},
		{1, 0, 1, []float32{inf}, []float32{0}, Identity},
		{1, 0, 1, []float32{1}, []float32{float32(math.NaN())}, Identity},
		{1, 0, 2, []float32{1, 1}, []float32{0, 0}, Sigmoid},
		{1, 0, 1, []float32{1}, []float32{0}, Mean},
		{-1, 1, 1, nil, []float32{0}, Identity},
		{0, 0, 0, nil, nil, Identity},
	} {
		if _, err := NewLinear(c.dense, c.sparse, c.width, c.weights, c.intercepts, c.link); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestDecodeLinearRefuses(t *testing.T) {
	t.Parallel()
	l, err := NewLinear(2, 1, 1, []float32{1, 2, 3}, []float32{4}, Identity)
	if err != nil {
		t.Fatal(err)
	}
	good := l.Append(nil)
	if _, err := Decode(kindLinear, good, Inputs{Dense: 1}); err == nil || !strings.Contains(err.Error(), "2 columns, there are 1") {
		t.Errorf("fewer columns than the model reads: %v", err)
	}
	for name, b := range map[string][]byte{
		"empty":   nil,
		"short":   good[:len(good)-1],
		"long":    append(slices.Clone(good), 0),
		"width 0": append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, good[16:]...),
		"huge": {2, 0, 0, 0, 255, 255, 255, 255, 255, 255, 15, 0, 0, 0, 0, 0,
			1, 2, 3, 4},
		"link": func() []byte { c := slices.Clone(good); c[12] = 77; return c }(),
		"nan":  func() []byte { c := slices.Clone(good); c[18], c[19] = 0xc0, 0x7f; return c }(),
	} {
		if _, err := Decode(kindLinear, b, Inputs{Dense: 2}); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func TestConstant(t *testing.T) {
	t.Parallel()
	values := []float32{0.25, 0.75}
	c := NewConstant(values)
	values[0] = 9
	p, err := Decode(c.Kind(), c.Append(nil), Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 4)
	p.Predict(nil, []int32{3, 1}, out)
	if want := []float32{0.25, 0.75, 0.25, 0.75}; !slices.Equal(out, want) || p.Width() != 2 {
		t.Errorf("%v, want %v", out, want)
	}
	good := c.Append(nil)
	for name, b := range map[string][]byte{
		"empty": nil, "none": {0, 0, 0, 0}, "short": good[:11], "long": append(slices.Clone(good), 1),
		"nan": {1, 0, 0, 0, 0, 0, 0xc0, 0x7f}, "huge": {255, 255, 255, 255, 0, 0, 0, 0},
	} {
		if _, err := Decode(kindConstant, b, Inputs{}); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}
