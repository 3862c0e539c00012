package featurize_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
)

// A missing value has a level of its own if training has one; what training did not have
// is none.
func TestTargetedLevels(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	tab, err := data.NewTable(&data.Column{Name: "x", Kind: data.String, Dict: []string{"a", "b", "new"}, Codes: []int32{1, 0, 1, -1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for rows, want := range map[int][]float32{4: {0, 1, 0, 2, nan}, 3: {0, 1, 0, nan, nan}} {
		pl, err := planOf(t, featurize.Categorical, `{"kind":"ordered","params":{"smooth":2}}`).Fit(tab, rows, 1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := pl.Frame(tab, 1)
		if err != nil {
			t.Fatal(err)
		}
		levels := 2
		if rows == 4 {
			levels = 3
		}
		feature := matrix.Feature{Name: "x.ordered", Sources: []string{"x"}, Levels: levels, Encoding: &matrix.Encoding{By: matrix.ByEarlier, Smooth: 2}}
		if d := cmp.Diff([]matrix.Feature{feature}, f.Features); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want, f.Cols[0], cmpopts.EquateNaNs()); d != "" {
			t.Errorf("%d training rows: %s", rows, d)
		}
		if n := pl.Encoder().Cols(); n != 0 {
			t.Errorf("%d columns of the dense view: it is made with each model", n)
		}
	}
}
