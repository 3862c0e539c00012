package automl

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/model"
)

// TestWidest looks at the doubles around a threshold as the bundle sees them:
// less an offset and rounded.
func TestWidest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		threshold := rapid.OneOf(
			rapid.Map(rapid.Float32Range(-1e6, 1e6), func(v float32) float64 { return float64(v) }),
			rapid.Float64Range(-10, 10),
			rapid.SampledFrom([]float64{0, 1, -1, 1e-45, -1e-45, math.MaxFloat32, -math.MaxFloat32, 1e300, math.Inf(1)}),
		).Draw(t, "threshold")
		offset := rapid.SampledFrom([]float64{0, 1.5e9, -3e7, 0.1}).Draw(t, "offset")
		limit := widest(threshold, offset)
		left := func(x float64) bool { return float64(float32(x-offset)) <= threshold }
		if limit != math.MaxFloat64 && (!left(limit) || left(math.Nextafter(limit, math.Inf(1)))) {
			t.Fatalf("%v of %v less %v is not the largest", limit, threshold, offset)
		}
	})
	if v := widest(math.Inf(-1), 0); v != -math.MaxFloat64 {
		t.Errorf("nothing is below %v", v)
	}
}

// mixed is a trained model with numbers, large numbers, classes and a date, and
// a leaf of several values.
func mixed(t *testing.T) (*Model, *Table) {
	times := []int64{0, 86400e9, 3e15, 4e15, data.MissingTime, 5e15}
	table, err := data.NewTable(
		&data.Column{Name: "x", Kind: data.Number, Floats: []float64{0.1, 0.2, math.NaN(), 0.3, 0.30000001, 7}},
		&data.Column{Name: "big", Kind: data.Number, Floats: []float64{1.5e12, 1.5e12 + 1, 1.5e12 + 2, 1.5e12 + 3, 1.5e12 + 4, 1.5e12 + 5}},
		&data.Column{Name: "town", Kind: data.String, Dict: []string{"Köln", "Ulm"}, Codes: []int32{0, 1, 0, -1, 1, 0}},
		&data.Column{Name: "day", Kind: data.Time, Layout: "2006-01-02", Times: times},
	)
	if err != nil {
		t.Fatal(err)
	}
	plan := &featurize.Plan{Version: 1}
	for name, kind := range map[string]string{"x": "numeric", "big": "numeric", "town": "category", "day": "datetime"} {
		plan.Columns = append(plan.Columns, featurize.ColumnPlan{Name: name, Type: featurize.Numeric, Transforms: []featurize.Step{{Kind: kind}}})
	}
	slices.SortFunc(plan.Columns, func(a, b featurize.ColumnPlan) int { return strings.Compare(b.Name, a.Name) })
	pl, err := plan.Fit(table, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int32 {
		return int32(slices.IndexFunc(pl.Features(), func(f matrix.Feature) bool { return f.Name == name }))
	}
	leaf := func(v ...float64) predictor.Node { return predictor.Node{Feature: -1, Value: v} }
	trees := []predictor.Tree{
		{{Feature: at("x"), Threshold: float64(float32(0.3)), Left: 1, Right: 2}, leaf(1, 2, 3), leaf(0, -1, 1)},
		{{Feature: at("big"), Threshold: 2, MissingLeft: true, Left: 1, Right: 2}, leaf(0.5, 0, 0), leaf(0, 0.5, 0)},
		{{Feature: at("town"), Cats: []uint32{1}, Left: 1, Right: 2}, leaf(0, 0, 0.25), leaf(0.25, 0, 0)},
	}
	m, err := model.Build(model.Spec{
		Info: model.Info{Task: "multiclass", Target: "y", Metric: "log_loss", Classes: []string{"a", "b", "c"}}, Plan: plan, Pipeline: pl,
		Members: []model.Member{
			{Weight: 0.25, Learner: "constant", Predictor: predictor.NewConstant([]float32{0.2, 0.3, 0.5})},
			{Weight: 0.25, Learner: "forest", Predictor: predictor.NewTrees(trees, 3, nil, predictor.Mean)},
			{Weight: 0.5, Learner: "gbdt", Predictor: predictor.NewTrees(trees, 3, []float64{0.1, 0, -0.1}, predictor.Softmax)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, table
}

// alone is a model of one part of another.
func alone(t *testing.T, m *Model, part int) *Model {
	mem := m.Members()[part]
	mem.Weight = 1
	one, err := model.Build(model.Spec{Info: m.Info(), Plan: m.Plan(), Pipeline: m.Pipeline(), Members: []model.Member{mem}})
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func TestExportOfATrainedModel(t *testing.T) {
	t.Parallel()
	m, table := mixed(t)
	want, err := alone(t, m, 2).Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{LightGBM, XGBoost} {
		var b bytes.Buffer
		e, err := Export(&b, m, ExportOptions{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		if e.Part != 3 || e.Learner != "gbdt" || len(e.Inputs) != len(m.Pipeline().Features()) {
			t.Errorf("%s: %+v", format, e)
		}
		notes := strings.Join(e.Notes, "\n")
		for _, word := range []string{"weighted mean of 3 parts", "features that only automl makes of a table: day"} {
			if !strings.Contains(notes, word) {
				t.Errorf("%s: notes %q lack %q", format, notes, word)
			}
		}
		again, err := Import(&b, ImportOptions{Classes: []string{"a", "b", "c"}})
		if err != nil {
			t.Fatal(err)
		}
		if format == XGBoost {
			for _, word := range []string{"too few digits", "town: XGBoost cannot hold the names"} {
				if !strings.Contains(notes, word) {
					t.Errorf("notes %q lack %q", notes, word)
				}
			}
			continue
		}
		got, err := again.Predict(withFeatures(t, table, again))
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range want.Probabilities {
			if math.Abs(got.Doubles[i]-float64(p)) > 1e-7 {
				t.Errorf("output %d: %v, want %v", i, got.Doubles[i], p)
			}
		}
	}
}

// withFeatures adds empty columns for the features that a model wants and a
// table does not have.
func withFeatures(t *testing.T, table *Table, m *Model) *Table {
	cols := slices.Clone(table.Columns())
	cols = slices.DeleteFunc(cols, func(c *data.Column) bool { return c.Kind == data.Time })
	for _, name := range m.Info().Columns {
		if !slices.ContainsFunc(cols, func(c *data.Column) bool { return c.Name == name }) {
			cols = append(cols, &data.Column{Name: name, Kind: data.Number, Floats: make([]float64, table.Rows())})
		}
	}
	out, err := data.NewTable(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	m, _ := mixed(t)
	for _, c := range []struct {
		o    ExportOptions
		want string
	}{
		{ExportOptions{Format: "onnx"}, "unknown model format"},
		{ExportOptions{Format: XGBoost, Part: 4}, "parts 1 to 3"},
		{ExportOptions{Format: XGBoost, Part: -1}, "parts 1 to 3"},
		{ExportOptions{Format: XGBoost, Part: 1}, "constant makes no trees"},
		{ExportOptions{Format: LightGBM, Part: 2}, "shares of classes"},
	} {
		if _, err := Export(&bytes.Buffer{}, m, c.o); !IsUserError(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
