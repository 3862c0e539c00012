package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// supportRows are rows of two columns.
func supportRows(rows, width int, shape KernelShape, link Link) Supports {
	rng := rand.New(rand.NewPCG(3, uint64(rows)))
	s := Supports{Columns: 2, Shape: shape, Length: 1.3, Link: link}
	for range 2 * rows {
		s.X = append(s.X, float32(rng.NormFloat64()))
	}
	for range rows * width {
		s.Weights = append(s.Weights, rng.NormFloat64())
	}
	for range width {
		s.Base = append(s.Base, rng.NormFloat64())
	}
	return s
}

func TestKernel(t *testing.T) {
	t.Parallel()
	f := &matrix.Frame{Rows: 150}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, name := range []string{"a", "b"} {
		col := make([]float32, f.Rows)
		for i := range col {
			col[i] = float32(rng.NormFloat64())
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Name: name}), append(f.Cols, col)
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	d := m.Dense()
	rows := make([]int32, f.Rows)
	for i := range rows {
		rows[i] = int32(i)
	}
	for shape, at := range map[KernelShape]func(r float64) float64{
		Gaussian:    func(r float64) float64 { return math.Exp(-r * r / 2) },
		Matern:      func(r float64) float64 { r *= math.Sqrt(5); return (1 + r + r*r/3) * math.Exp(-r) },
		Exponential: func(r float64) float64 { return math.Exp(-r) },
	} {
		for _, c := range []struct {
			width int
			link  Link
		}{{1, Identity}, {1, Sigmoid}, {3, Softmax}} {
			s := supportRows(37, c.width, shape, c.link)
			k, err := NewKernel(s)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, f.Rows*c.width)
			k.Predict(m, rows, got)
			again, err := Decode(k.Kind(), k.Append(nil), Inputs{Raw: 2, Dense: d.Cols})
			if err != nil {
				t.Fatal(err)
			}
			one, want, sum := make([]float32, c.width), make([]float32, c.width), make([]float64, c.width)
			for _, row := range rows {
				x := d.Row(int(row), make([]float32, d.Cols))
				copy(sum, s.Base)
				for i := range 37 {
					r := math.Hypot(float64(x[0])-float64(s.X[2*i]), float64(x[1])-float64(s.X[2*i+1])) / s.Length
					for k := range sum {
						sum[k] += s.Weights[i*c.width+k] * at(r)
					}
				}
				c.link.Apply(sum, 1, want)
				for k, v := range got[int(row)*c.width : (int(row)+1)*c.width] {
					if math.Abs(float64(v-want[k])) > 1e-3 {
						t.Fatalf("kernel %d, row %d: %v, want %v", shape, row, v, want[k])
					}
				}
				again.(RowPredictor).PredictOne(&Row{Dense: x}, one)
				if !slices.Equal(one, got[int(row)*c.width:(int(row)+1)*c.width]) {
					t.Fatalf("kernel %d, row %d alone and read again: %v, want %v", shape, row, one, got[int(row)*c.width:(int(row)+1)*c.width])
				}
			}
		}
	}
}

func TestKernelRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Supports){
		"values for 5 rows": func(s *Supports) { s.X = s.X[:3] },
		"2 values a row":    func(s *Supports) { s.Base = append(s.Base, 1) },
		"length scale":      func(s *Supports) { s.Length = 0 },
		"kernel 7":          func(s *Supports) { s.Shape = 7 },
		"link":              func(s *Supports) { s.Link = Exp },
		"not a finite":      func(s *Supports) { s.Weights[1] = math.NaN() },
	} {
		s := supportRows(5, 1, Gaussian, Identity)
		change(&s)
		if _, err := NewKernel(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	k, err := NewKernel(supportRows(5, 1, Matern, Sigmoid))
	if err != nil {
		t.Fatal(err)
	}
	b := k.Append(nil)
	for n := range b {
		if _, err := Decode(kindKernel, b[:n], Inputs{Dense: 2}); err == nil {
			t.Fatalf("%d of %d bytes are read", n, len(b))
		}
	}
	if _, err := Decode(kindKernel, append(b, 0), Inputs{Dense: 2}); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("a byte too many: error %v", err)
	}
	if _, err := Decode(kindKernel, b, Inputs{Dense: 1}); err == nil || !strings.Contains(err.Error(), "columns") {
		t.Errorf("more columns than there are: error %v", err)
	}
}
