package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// knownRows are rows of two columns, in two clusters if asked for.
func knownRows(rows, classes, clusters int) Known {
	rng := rand.New(rand.NewPCG(3, 9))
	k := Known{Classes: classes, Columns: 2, Ends: []int32{int32(rows)}}
	for i := range rows {
		k.X = append(k.X, float32(rng.NormFloat64()), float32(rng.NormFloat64()))
		k.W = append(k.W, float32(1+rng.IntN(3)))
		if classes > 0 {
			k.Y = append(k.Y, float32(i%classes))
		} else {
			k.Y = append(k.Y, float32(rng.NormFloat64()))
		}
	}
	for c := range classes {
		k.Prior = append(k.Prior, float32(1+c)/2)
	}
	if clusters > 1 {
		k.Ends, k.Centres = []int32{int32(rows / 3), int32(rows)}, []float32{0, 0, 1, 1}
	}
	return k
}

// bySort predicts for a row from all that are known, in order of their distance.
func bySort(k *Known, v Votes, q []float32, width int) []float32 {
	distance := make([]float64, len(k.Y))
	order := make([]int, len(k.Y))
	for i := range order {
		order[i] = i
		for j, x := range q {
			d := math.Abs(float64(x) - float64(k.X[i*k.Columns+j]))
			if !v.Absolute {
				d *= d
			}
			distance[i] += d
		}
		if !v.Absolute {
			distance[i] = math.Sqrt(distance[i])
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		if distance[a] < distance[b] {
			return -1
		}
		return 1
	})
	left, total, out := float64(v.K), 0.0, make([]float64, max(1, k.Classes))
	for _, i := range order {
		w := min(left, float64(k.W[i]))
		left -= w
		if v.Closer {
			w /= distance[i]
		}
		total += w
		if k.Classes > 0 {
			out[int(k.Y[i])] += w
		} else {
			out[0] += w * float64(k.Y[i])
		}
	}
	asked, prior := float64(v.K)-left, 0.0
	for _, p := range k.Prior {
		prior += float64(p)
	}
	for c := range out {
		out[c] /= total
		if k.Classes > 0 {
			out[c] = (asked*out[c] + float64(k.Prior[c])) / (asked + prior)
		}
	}
	if width < len(out) {
		out = out[1:]
	}
	float := make([]float32, len(out))
	for i, x := range out {
		float[i] = float32(x)
	}
	return float
}

func askedRows() *matrix.Matrix {
	rng := rand.New(rand.NewPCG(1, 9))
	f := &matrix.Frame{Rows: 150, Features: make([]matrix.Feature, 2), Cols: make([][]float32, 2)}
	for j := range f.Cols {
		for range f.Rows {
			f.Cols[j] = append(f.Cols[j], float32(rng.NormFloat64()))
		}
	}
	return matrix.New(f, matrix.FitEncoder(f, 0), 1)
}

// TestNeighbors: predictions are those of all rows sorted by distance, for rows
// together, in any order, and alone. Short lists of L1 hold all rows here.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	m := askedRows()
	var rows []int32
	for i := range int32(150) {
		rows = append(rows, i*7%150)
	}
	for _, c := range []struct {
		rows, classes, width, clusters int
		votes                          Votes
	}{
		{700, 0, 1, 1, Votes{K: 5}},
		{700, 2, 1, 2, Votes{K: 7, Closer: true}},
		{700, 3, 3, 1, Votes{K: 20, Closer: true}},
		{90, 3, 3, 2, Votes{K: 4, Absolute: true}},
		{3, 0, 1, 1, Votes{K: 40}},
	} {
		known := knownRows(c.rows, c.classes, c.clusters)
		n, err := NewNeighbors(c.width, known, c.votes)
		if err != nil {
			t.Fatal(err)
		}
		out, one := make([]float32, len(rows)*c.width), make([]float32, c.width)
		n.Predict(m, rows, out)
		for i, r := range rows {
			q := m.Dense().Row(int(r), make([]float32, m.Dense().Cols))
			got, want := out[i*c.width:(i+1)*c.width], bySort(&known, c.votes, q, c.width)
			n.PredictOne(&Row{Dense: q}, one)
			if !slices.Equal(got, one) {
				t.Fatalf("%+v, row %d: %v together, %v alone", c, r, got, one)
			}
			for k := range want {
				if math.Abs(float64(got[k]-want[k])) > 1e-5 {
					t.Fatalf("%+v, row %d: %v, want %v", c, r, got, want)
				}
			}
		}
	}
}

func TestNeighborsRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(k *Known, v *Votes) int{
		"width":     func(*Known, *Votes) int { return 2 },
		"no rows":   func(k *Known, _ *Votes) int { *k = Known{Ends: []int32{0}}; return 1 },
		"no votes":  func(_ *Known, v *Votes) int { v.K = 0; return 3 },
		"values":    func(k *Known, _ *Votes) int { k.X = k.X[1:]; return 3 },
		"weights":   func(k *Known, _ *Votes) int { k.W = k.W[1:]; return 3 },
		"weight":    func(k *Known, _ *Votes) int { k.W[0] = 0; return 3 },
		"class":     func(k *Known, _ *Votes) int { k.Y[0] = 3; return 3 },
		"half":      func(k *Known, _ *Votes) int { k.Y[0] = 0.5; return 3 },
		"prior":     func(k *Known, _ *Votes) int { k.Prior[0] = -1; return 3 },
		"ends":      func(k *Known, _ *Votes) int { k.Ends[1]--; return 3 },
		"descend":   func(k *Known, _ *Votes) int { k.Ends[0] = k.Ends[1]; return 3 },
		"centres":   func(k *Known, _ *Votes) int { k.Centres = nil; return 3 },
		"NaN":       func(k *Known, _ *Votes) int { k.X[0] = float32(math.NaN()); return 3 },
		"of number": func(k *Known, _ *Votes) int { k.Classes, k.Prior = 0, nil; return 3 },
	} {
		k, v := knownRows(30, 3, 2), Votes{K: 3}
		if _, err := NewNeighbors(change(&k, &v), k, v); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestNeighborsDamage: bytes from anywhere are refused or make a model that does
// no harm.
func TestNeighborsDamage(t *testing.T) {
	t.Parallel()
	n, err := NewNeighbors(3, knownRows(12, 3, 2), Votes{K: 3, Closer: true})
	if err != nil {
		t.Fatal(err)
	}
	b, m := n.Append(nil), askedRows()
	if _, err := Decode(kindNeighbors, b, Inputs{Dense: 1}); err == nil {
		t.Error("a model of two columns was read for one")
	}
	for at := range b {
		if _, err := Decode(kindNeighbors, b[:at], Inputs{Dense: 2}); err == nil {
			t.Errorf("%d of %d bytes were read", at, len(b))
		}
		for _, x := range []byte{1, 0x80, 0xff} {
			bad := slices.Clone(b)
			bad[at] ^= x
			p, err := Decode(kindNeighbors, bad, Inputs{Dense: 2})
			if err != nil {
				continue
			}
			out := make([]float32, 2*p.Width())
			p.Predict(m, []int32{0, 1}, out)
			if !allFinite(out) {
				t.Errorf("byte %d changed: %v", at, out)
			}
		}
	}
}
