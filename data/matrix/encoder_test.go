package matrix_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

var nan = float32(math.NaN())

func frame(features []matrix.Feature, cols ...[]float32) *matrix.Frame {
	return &matrix.Frame{Rows: len(cols[0]), Features: features, Cols: cols}
}

func TestEncoderNumbers(t *testing.T) {
	t.Parallel()
	// Median 3, standard deviation sqrt(2): nothing heavy about it.
	f := frame([]matrix.Feature{{Name: "a"}}, []float32{1, 2, 3, 4, 5, nan})
	e := matrix.FitEncoder(f, 0)
	if diff := cmp.Diff([]string{"a", "a[missing]"}, e.Names()); diff != "" {
		t.Fatal(diff)
	}
	s := float32(1 / math.Sqrt2)
	want := []float32{-2 * s, 0, -s, 0, 0, 0, s, 0, 2 * s, 0, 0, 1}
	got := cells(e.Encode(f, 1))
	for i, v := range want {
		if math.Abs(float64(got[i]-v)) > 1e-6 {
			t.Fatalf("cell %d is %v, not %v (all: %v)", i, got[i], v, got)
		}
	}
}

func TestEncoderScales(t *testing.T) {
	t.Parallel()
	rare := make([]float32, 1000) // one count in a thousand rows
	rare[7] = 1
	heavy := make([]float32, 1001) // a core of -500..500 hundredths with one far value
	for i := range heavy {
		heavy[i] = float32(i-500) / 100
	}
	heavy[1000] = 1e6
	constant := []float32{4, 4, 4}
	for _, c := range []struct {
		name string
		col  []float32
		v    float32
		want float64
	}{
		// Standard deviation .0316 would make 31.6; a quarter of 1 makes 4,
		// which the tail bends to 3+log 2.
		{"rare count", rare, 1, 3 + math.Log(2)},
		// Quartiles ±2.5: scale 5/1.349.
		{"heavy tail, core", heavy, 3.7064492, 1},
		{"heavy tail, far", heavy, 1e6, 10},
		{"heavy tail, far below", heavy, -1e30, -10},
		{"constant", constant, 4, 0},
		{"constant, new value", constant, 5, 1},
	} {
		e := matrix.FitEncoder(frame([]matrix.Feature{{Name: "x"}}, c.col), 0)
		out := make([]float32, 1)
		e.Row([]float32{c.v}, out)
		if math.Abs(float64(out[0])-c.want) > 1e-4 {
			t.Errorf("%s: %v becomes %v, not %v", c.name, c.v, out[0], c.want)
		}
	}
}

func TestEncoderLevels(t *testing.T) {
	t.Parallel()
	f := frame([]matrix.Feature{{Name: "c", Levels: 4}, {Name: "term", TreeOnly: true}},
		[]float32{0, 0, 0, 1, 1, 2, 3, nan}, make([]float32, 8))
	e := matrix.FitEncoder(f, 0)
	if diff := cmp.Diff([]string{"c[0]", "c[1]", "c[rare]", "c[missing]"}, e.Names()); diff != "" {
		t.Fatal(diff)
	}
	got := e.Encode(f, 2)
	for row, want := range map[int][]float32{0: {1, 0, 0, 0}, 3: {0, 1, 0, 0}, 5: {0, 0, 1, 0}, 6: {0, 0, 1, 0}, 7: {0, 0, 0, 1}} {
		if diff := cmp.Diff(want, got.Row(row, make([]float32, got.Cols))); diff != "" {
			t.Errorf("row %d: %s", row, diff)
		}
	}
	if e.Feature(2) != 0 || e.Features() != 2 {
		t.Errorf("column 2 comes from feature %d of %d", e.Feature(2), e.Features())
	}
}

func TestEncoderManyLevels(t *testing.T) {
	t.Parallel()
	col := make([]float32, 300)
	for i := range col {
		col[i] = float32(i / 2)
	}
	e := matrix.FitEncoder(frame([]matrix.Feature{{Name: "c", Levels: 150}}, col), 0)
	if e.Cols() != 101 {
		t.Errorf("%d columns, not 100 levels and the rare ones", e.Cols())
	}
}

func random(rows int) *matrix.Frame {
	r := rand.New(rand.NewPCG(1, 2))
	f := &matrix.Frame{Rows: rows}
	for j := range 6 {
		col := make([]float32, rows)
		for i := range col {
			switch {
			case r.IntN(20) == 0 && j != 2:
				col[i] = nan
			case j%2 == 1:
				col[i] = float32(r.IntN(9))
			default:
				col[i] = float32(r.NormFloat64() * math.Pow(10, float64(j)))
			}
		}
		f.Features = append(f.Features, matrix.Feature{Name: string(rune('a' + j)), Levels: 9 * (j % 2)})
		f.Cols = append(f.Cols, col)
	}
	return f
}

// cells are the dense columns of all rows.
func cells(d *matrix.Dense) []float32 {
	x := make([]float32, d.Rows*d.Cols)
	for i := range d.Rows {
		d.Row(i, x[i*d.Cols:(i+1)*d.Cols])
	}
	return x
}

func bitsOf(x []float32) []uint32 {
	b := make([]uint32, len(x))
	for i, v := range x {
		b[i] = math.Float32bits(v)
	}
	return b
}

func TestEncoderSameBits(t *testing.T) {
	t.Parallel()
	f := random(2000)
	e := matrix.FitEncoder(f, 1500)
	want := bitsOf(cells(e.Encode(f, 1)))
	if !slices.Equal(want, bitsOf(cells(e.Encode(f, 3)))) {
		t.Error("three threads give other bits than one")
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var again matrix.Encoder
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want, bitsOf(cells(again.Encode(f, 2)))) || !slices.Equal(e.Names(), again.Names()) {
		t.Error("JSON changes the encoder")
	}
	x, out := make([]float32, len(f.Cols)), make([]float32, e.Cols())
	for i := range f.Rows {
		for j := range x {
			x[j] = f.Cols[j][i]
		}
		e.Row(x, out)
		if !slices.Equal(bitsOf(out), want[i*e.Cols():(i+1)*e.Cols()]) {
			t.Fatalf("row %d alone has other bits than in the frame", i)
		}
	}
	for _, v := range cells(e.Encode(f, 1)) {
		if v != v || math.Abs(float64(v)) > 10 {
			t.Fatalf("value %v in the dense view", v)
		}
	}
}

func TestEncoderFitsOnFirstRows(t *testing.T) {
	t.Parallel()
	f := random(400)
	a, err := json.Marshal(matrix.FitEncoder(f, 300))
	if err != nil {
		t.Fatal(err)
	}
	for _, col := range f.Cols {
		for i := 300; i < 400; i++ {
			col[i] = nan
		}
	}
	b, err := json.Marshal(matrix.FitEncoder(f, 300))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("rows beyond the training rows count: %s", diff)
	}
}

func TestEncoderRefusesBadJSON(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`[]`,
		`{"features":1,"parts":[{"feature":1,"name":"a","scale":1}]}`,
		`{"features":2,"parts":[{"feature":1,"name":"a","scale":1},{"feature":0,"name":"b","scale":1}]}`,
		`{"features":1,"parts":[{"feature":-1,"name":"a","scale":1}]}`,
		`{"features":1,"parts":[{"feature":0,"name":"a","scale":-1}]}`,
		`{"features":1,"parts":[{"feature":0,"name":"a","kept":1000000}]}`,
		`{"features":1,"parts":[{"feature":0,"name":"a","scale":1,"kept":3}]}`,
	} {
		var e matrix.Encoder
		if err := json.Unmarshal([]byte(s), &e); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
}
