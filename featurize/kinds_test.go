package featurize

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
)

// TestKindValues holds some outputs against what they should be.
func TestKindValues(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	n := numbers("x", 1, 2, 3, 4, math.NaN(), 10)
	w := words("x", "b", "a", "b", "", "c", "b")
	d := times(t, "x", "2006-01-02", "2020-12-25", "2020-12-24", "", "2021-07-01", "2020-01-01", "2021-01-01")
	tagged := words("x", "a,b", `["b"]`, "", "b, c", "d", "a")
	other := times(t, "other", "2006-01-02", "2020-12-20", "", "2020-01-01", "2021-06-30", "2020-01-01", "2021-01-08")
	for _, c := range []struct {
		col          *data.Column
		kind, params string
		feature      string
		want         []float32
	}{
		{n, "impute", `{"indicator":true}`, "x.filled", []float32{1, 2, 3, 4, 3, 10}},
		{n, "impute", `{"indicator":true}`, "x.missing", []float32{0, 0, 0, 0, 1, 0}},
		{n, "impute", `{"by":"mean"}`, "x.filled", []float32{1, 2, 3, 4, 4, 10}},
		{n, "standard", "", "x.standard", []float32{-.9486833, -.6324555, -.31622776, 0, nan, 1.8973666}},
		{n, "robust", `{"clip":0}`, "x.robust", []float32{-1, -.5, 0, .5, nan, 3.5}},
		{n, "robust", `{"clip":3.5}`, "x.robust", []float32{-.9615239, -.4949747, 0, .4949747, nan, 2.474874}},
		{n, "quantile", `{"points":5}`, "x.quantile", []float32{0, .25, .5, .75, nan, 1}},
		{n, "quantile", `{"points":5,"output":"normal"}`, "x.quantile", []float32{-5.199338, -.6744898, 0, .6744898, nan, 5.199338}},
		{n, "log", "", "x.log", []float32{.6931472, 1.0986123, 1.3862944, 1.609438, nan, 2.3978953}},
		{n, "discretise", `{"bins":3,"by":"width"}`, "x.bin", []float32{0, 0, 0, 1, nan, 2}},
		{n, "cap", `{"lower":0.25,"upper":0.75}`, "x.cap", []float32{2, 2, 3, 4, nan, 4}},
		{w, "onehot", `{"most":1}`, "x=b", []float32{1, 0, 1, 0, 0, 1}},
		{w, "onehot", `{"most":1}`, "x.other", []float32{0, 1, 0, 0, 1, 0}},
		{w, "ordinal", "", "x.ordinal", []float32{1, 0, 1, nan, 2, 1}},
		{w, "ordinal", `{"order":["c","b"]}`, "x.ordinal", []float32{1, nan, 1, nan, 0, 1}},
		{w, "rare", `{"least":2}`, "x.pooled", []float32{0, 1, 0, nan, 1, 0}},
		{d, "cyclic", `{"cycles":["month"]}`, "x.month.sin", []float32{-.9884683, -.9987165, nan, 0, 0, 0}},
		{d, "holidays", `{"days":["12-25","2021-01-01"]}`, "x.holiday", []float32{1, 0, nan, 0, 0, 1}},
		{d, "holidays", `{"days":["12-25","2021-01-01"]}`, "x.holiday.next", []float32{0, 1, nan, 31, 31, 0}},
		{d, "since", `{"from":"other"}`, "x.since.other", []float32{5, nan, nan, 1, 0, -7}},
		{d, "datetime", `{"zone":"America/New_York"}`, "x.day", []float32{24, 23, nan, 30, 31, 31}},
		{tagged, "tags", "", "x=b", []float32{1, 1, 0, 1, 0, 0}},
		{tagged, "tags", "", "x.length", []float32{2, 1, nan, 2, 1, 1}},
		{words("x", "Ab 1!", "", "x", "x", "x", "x"), "length", "", "x.marks", []float32{1, nan, 0, 0, 0, 0}},
	} {
		tab := table(t, c.col, other)
		pl, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: c.kind, Params: json.RawMessage(c.params)}}}}}).Fit(tab, 0, 1)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		close := cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b || math.Abs(float64(a-b)) < 1e-6 })
		if d := cmp.Diff(c.want, feature(t, frameOf(t, pl, tab), c.feature), close); d != "" {
			t.Errorf("%s %s: %s", c.kind, c.params, d)
		}
	}
}

// The power transform undoes an exponential.
func TestPower(t *testing.T) {
	t.Parallel()
	x := generate(400, func(i int) float64 { return math.Exp(4+math.Sqrt2*math.Erfinv(2*(float64(i)+.5)/400-1)) - 1 })
	tab := table(t, numbers("x", x...))
	pl, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: "power"}}}}}).Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := pl.Transforms()[0].(*power)
	if math.Abs(p.Lambda) > 0.1 {
		t.Errorf("λ is %v", p.Lambda)
	}
	for i, v := range frameOf(t, pl, tab).Cols[0] {
		if want := math.Sqrt2 * math.Erfinv(2*(float64(i)+.5)/400-1); math.Abs(float64(v)-want) > 0.1 {
			t.Errorf("row %d is %v, want about %v", i, v, want)
		}
	}
}

// The directions are those of a decomposition by definition: eigenvectors of AᵀA.
func TestDirections(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	const width = 40
	var rows []Entries
	for range 60 {
		var e Entries
		topic := rng.IntN(3)
		for b := range width {
			if v := rng.Float64(); b%3 == topic && v < 0.7 || v < 0.05 {
				e.Add(int32(b), float32(v+0.1))
			}
		}
		rows = append(rows, e)
	}
	got := directions(rows, width, 4)
	if len(got) != 4 {
		t.Fatalf("%d directions", len(got))
	}
	last := math.Inf(1)
	for k, d := range got {
		s := spread(rows, d)
		value := dot(d, s)
		if value > last {
			t.Errorf("direction %d has %v after %v", k, value, last)
		}
		last = value
		for b := range d {
			if k < 3 && math.Abs(s[b]-value*d[b]) > 1e-3*value {
				t.Errorf("direction %d is no eigenvector: %v at %d, not %v", k, s[b], b, value*d[b])
			}
		}
		for j := range k {
			if math.Abs(dot(got[j], d)) > 1e-9 {
				t.Errorf("directions %d and %d are not orthogonal", j, k)
			}
		}
	}
	if all := directions(rows[:2], width, 4); len(all) != 2 {
		t.Errorf("two rows have %d directions", len(all))
	}
}

func TestChars(t *testing.T) {
	t.Parallel()
	tr := &chars{Least: 2, Most: 3}
	a, b := tr.runs("Abc  d", nil), tr.runs("D abC", nil)
	slices.Sort(a)
	slices.Sort(b)
	// " abc ": 4 runs of two and 3 of three; " d ": 2 and 1.
	if len(a) != 10 || !slices.Equal(a, b) {
		t.Errorf("%d and %d runs", len(a), len(b))
	}
}
