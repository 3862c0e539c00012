package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// withMembers is the sample with other members.
func withMembers(t testing.TB, task metrics.Task, members ...Member) (*data.Table, *Model) {
	t.Helper()
	table, m := sample(t)
	s := m.spec
	s.Info.Task, s.Members = task, members
	if task == metrics.Regression {
		s.Info.Classes = nil
	}
	made, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return table, made
}

// twoTests is a tree on the first two features of the sample.
func twoTests(t testing.TB, link predictor.Link) *predictor.Trees {
	t.Helper()
	return predictor.NewTrees([]predictor.Tree{{
		{Feature: 0, Threshold: 33, Left: 1, Right: 2, Cover: 60, Gain: 8},
		{Feature: 1, Cats: []uint32{1}, Left: 3, Right: 4, Cover: 28, Gain: 2},
		{Feature: -1, Value: []float64{1}, Cover: 32},
		{Feature: -1, Value: []float64{2}, Cover: 10},
		{Feature: -1, Value: []float64{-1}, Cover: 18},
	}}, 1, []float64{0.5}, link)
}

func line(t testing.TB, m *Model, link predictor.Link) *predictor.Linear {
	t.Helper()
	cols := m.spec.Pipeline.Encoder().Cols()
	weights := make([]float32, cols)
	for j := range weights {
		weights[j] = float32(j%4) - 1.5
	}
	l, err := predictor.NewLinear(cols, 0, 1, weights, []float32{0.25}, link)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func explain(t testing.TB, m *Model, table *data.Table, o ExplainOptions) *Explanation {
	t.Helper()
	e, err := m.Explain(context.Background(), table, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Rows {
		for k := range e.Outputs {
			sum := e.Expected[k]
			for c := range e.Columns {
				sum += e.At(i, k, c)
			}
			if at := i*len(e.Outputs) + k; math.Abs(sum-e.Predictions[at]) > 1e-9 {
				t.Errorf("row %d: contributions add up to %v, the prediction is %v", i, sum, e.Predictions[at])
			}
		}
	}
	return e
}

// TestExactOfARegression: the parts of an ensemble without links add up to what
// it predicts, and no part is credited to a column that nobody reads.
func TestExactOfARegression(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	table, m := withMembers(t, metrics.Regression,
		Member{Weight: 0.5, Predictor: twoTests(t, predictor.Mean)},
		Member{Weight: 0.3, Predictor: line(t, m, predictor.Identity)},
		Member{Weight: 0.2, Predictor: predictor.NewConstant([]float32{4})})
	e := explain(t, m, table, ExplainOptions{})
	if e.Method != Exact || e.Unit != UnitPrediction || e.StdErr != nil {
		t.Errorf("method %q, unit %q", e.Method, e.Unit)
	}
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range p.Values {
		if math.Abs(v-e.Predictions[i]) > 1e-6 {
			t.Errorf("row %d: the prediction is %v, explained is %v", i, v, e.Predictions[i])
		}
	}
}

// TestExactLineIsSampledLine: for a linear model, both methods are exact.
func TestExactLineIsSampledLine(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	table, m := withMembers(t, metrics.Regression, Member{Weight: 1, Predictor: line(t, m, predictor.Identity)})
	exact := explain(t, m, table, ExplainOptions{})
	sampled := explain(t, m, table, ExplainOptions{Method: Sampled})
	for i, v := range exact.Contributions {
		if math.Abs(v-sampled.Contributions[i]) > 1e-5 {
			t.Errorf("contribution %d: exactly %v, sampled %v", i, v, sampled.Contributions[i])
		}
	}
	if math.Abs(exact.Expected[0]-sampled.Expected[0]) > 1e-5 {
		t.Errorf("expected exactly %v, sampled %v", exact.Expected[0], sampled.Expected[0])
	}
}

// TestExactMargin: a single boosted classifier is explained in log-odds.
func TestExactMargin(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]func(*Model) predictor.Predictor{
		"trees":  func(*Model) predictor.Predictor { return twoTests(t, predictor.Sigmoid) },
		"linear": func(m *Model) predictor.Predictor { return line(t, m, predictor.Sigmoid) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, m := sample(t)
			table, m := withMembers(t, metrics.Binary, Member{Weight: 1, Predictor: p(m)})
			e := explain(t, m, table, ExplainOptions{Rows: []int32{7, 3}})
			if e.Unit != UnitMargin || !cmp.Equal(e.Outputs, []string{"yes"}) {
				t.Errorf("unit %q, outputs %q", e.Unit, e.Outputs)
			}
			p, err := m.Predict(table)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range e.Rows {
				want := float64(p.Probability(int(r), 1))
				if got := 1 / (1 + math.Exp(-e.Predictions[i])); math.Abs(got-want) > 1e-6 {
					t.Errorf("row %d: margin %v, probability %v", r, e.Predictions[i], want)
				}
			}
		})
	}
}

// slowInterventional is the definition: Shapley values of the mean prediction
// for rows that take the known columns from row and the others from all rows.
func slowInterventional(t *testing.T, m *Model, table *data.Table, row int32) []float64 {
	t.Helper()
	columns := m.spec.Pipeline.Columns()
	n := len(columns)
	value := make([]float64, 1<<n)
	same := make([]int32, table.Rows())
	for i := range same {
		same[i] = row
	}
	for s := range value {
		var cols []*data.Column
		for c, name := range columns {
			col := table.Column(name)
			if s>>c&1 == 1 {
				col = table.Take(same).Column(name)
			}
			cols = append(cols, col)
		}
		mixed, err := data.NewTable(cols...)
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Predict(mixed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range table.Rows() {
			value[s] += float64(p.Probability(i, 1)) / float64(table.Rows())
		}
	}
	phi := make([]float64, n)
	for c := range columns {
		for s := range value {
			if s>>c&1 == 0 {
				share := 1 / float64(n)
				for i := range bits.OnesCount(uint(s)) { // by the binomial of n-1
					share *= float64(i+1) / float64(n-1-i)
				}
				phi[c] += share * (value[s|1<<c] - value[s])
			}
		}
	}
	return phi
}

func TestSampledIsNearTheShapleyValue(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	o := ExplainOptions{Rows: []int32{2, 31, 58}, Samples: 600, BackgroundRows: 60, Seed: 3}
	e := explain(t, m, table, o)
	if e.Method != Sampled || e.Unit != UnitPrediction {
		t.Fatalf("method %q, unit %q", e.Method, e.Unit)
	}
	for i, r := range o.Rows {
		for c, want := range slowInterventional(t, m, table, r) {
			got, stdErr := e.At(i, 0, c), e.StdErr[i*len(e.Columns)+c]
			if math.Abs(got-want) > 4.5*stdErr+1e-6 {
				t.Errorf("row %d, %s: %v ± %v, want %v", r, e.Columns[c], got, stdErr, want)
			}
			if stdErr > 0.02 {
				t.Errorf("row %d, %s: standard error %v of %v", r, e.Columns[c], stdErr, got)
			}
		}
	}
	// What is explained beside a row, and how often, changes nothing.
	again := explain(t, m, table, o)
	if d := cmp.Diff(e, again); d != "" {
		t.Error(d)
	}
	o.Rows = []int32{58}
	alone := explain(t, m, table, o)
	if d := cmp.Diff(e.Contributions[2*len(e.Columns):], alone.Contributions); d != "" {
		t.Error(d)
	}
}

func TestSampledAgainstOtherRows(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	one := explain(t, m, table.Take([]int32{9}), ExplainOptions{Background: table.Drop("out"), BackgroundRows: 20})
	if len(one.Rows) != 1 || one.Method != Sampled {
		t.Errorf("%d rows by %q", len(one.Rows), one.Method)
	}
}

func TestExplainManyClasses(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	s := m.spec
	s.Info.Task, s.Info.Classes = metrics.Multiclass, []string{"a", "b", "c"}
	leaf := func(v ...float64) predictor.Node { return predictor.Node{Feature: -1, Value: v, Cover: 5} }
	stump := func(f int32) predictor.Tree {
		return predictor.Tree{{Feature: f, Threshold: 31, Left: 1, Right: 2, Cover: 10}, leaf(.5, .25, .25), leaf(.125, .75, .125)}
	}
	s.Members = []Member{
		{Weight: .5, Predictor: predictor.NewTrees([]predictor.Tree{stump(0), stump(2)}, 3, nil, predictor.Mean)},
		{Weight: .5, Predictor: predictor.NewTrees([]predictor.Tree{stump(0)}, 3, nil, predictor.Mean)},
	}
	m, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []Method{Exact, Sampled} {
		e := explain(t, m, table, ExplainOptions{Method: method, Samples: 20})
		if e.Unit != UnitPrediction || !cmp.Equal(e.Outputs, s.Info.Classes) {
			t.Errorf("%s: unit %q, outputs %q", method, e.Unit, e.Outputs)
		}
		for i := range e.Predictions {
			if math.Abs(e.Predictions[i]-float64(p.Probabilities[i])) > 1e-6 {
				t.Fatalf("%s: %v explained, %v predicted", method, e.Predictions[i], p.Probabilities[i])
			}
		}
	}
}

// TestExactOfVirtualFeatures: virtual features are credited to the columns behind them.
func TestExactOfVirtualFeatures(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	features := len(m.spec.Pipeline.Features())
	city := featureOf(t, m, "city")
	paid := featureOf(t, m, "paid")
	both := predictor.Table{Features: []int32{min(city, paid), max(city, paid)}, Levels: []int32{3, 3}, Default: []uint8{3}}
	means := predictor.Lookup{Features: both.Features, Levels: both.Levels, Default: []float32{3}}
	for key := range uint64(16) {
		both.Keys, both.Values = append(both.Keys, key), append(both.Values, uint8(key*7%11))
		means.Keys, means.Values = append(means.Keys, key), append(means.Values, float32(key*7%11))
	}
	tree := predictor.Tree{
		{Feature: int32(features), Threshold: 3, Left: 1, Right: 2, Cover: 60},
		{Feature: -1, Value: []float64{-1}, Cover: 20},
		{Feature: featureOf(t, m, "age"), Threshold: 33, Left: 3, Right: 4, Cover: 40},
		{Feature: -1, Value: []float64{2}, Cover: 20},
		{Feature: -1, Value: []float64{5}, Cover: 20},
	}
	statistics, err := predictor.NewStatistics(features, []predictor.Table{both}, []predictor.Tree{tree}, 1, nil, predictor.Identity)
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := predictor.NewPrepared(features, []predictor.Lookup{means}, []predictor.Derived{{Op: predictor.OpLookup}},
		predictor.NewTrees([]predictor.Tree{tree}, 1, nil, predictor.Identity))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []predictor.Predictor{statistics, prepared} {
		table, m := withMembers(t, metrics.Regression, Member{Weight: 1, Predictor: p})
		e := explain(t, m, table, ExplainOptions{Method: Exact})
		moved := map[string]bool{}
		predictions, err := m.Predict(table)
		if err != nil {
			t.Fatal(err)
		}
		for i := range e.Rows {
			if math.Abs(e.Predictions[i]-predictions.Values[i]) > 1e-6 {
				t.Errorf("%s, row %d: %v explained, %v predicted", p.Kind(), i, e.Predictions[i], predictions.Values[i])
			}
			for c, name := range e.Columns {
				moved[name] = moved[name] || e.At(i, 0, c) != 0
			}
		}
		if want := map[string]bool{"age": true, "city": true, "paid": true}; !cmp.Equal(moved, want) {
			t.Errorf("%s: moved by %v, want %v", p.Kind(), moved, want)
		}
		if list, _, err := m.Usage(BySplits); err != nil || list[0] != (Usage{"age", 0.5}) || list[1].Share != 0.25 || list[2].Share != 0.25 {
			t.Errorf("%s: usage %v, %v", p.Kind(), list, err)
		}
	}
}

// TestExactOfTexts: words are credited to the columns that they stand in.
func TestExactOfTexts(t *testing.T) {
	t.Parallel()
	type review struct{ Title, Body, Out string }
	words := []string{"good", "bad", "fast", "slow", "round", "red"}
	rows := make([]review, 80)
	for i := range rows {
		rows[i] = review{"a " + words[i%6] + " thing", words[i%5] + " and " + words[i/7%6] + " were here", []string{"no", "yes"}[i/3%2]}
	}
	table, err := data.FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := featurize.Infer(table, featurize.Options{Target: "Out", Types: map[string]featurize.Type{"Title": featurize.Text, "Body": featurize.Text}})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := plan.Fit(table, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	dense, sparse := pipeline.Encoder().Cols(), pipeline.SparseCols()
	if sparse < 10 {
		t.Fatalf("%d sparse columns", sparse)
	}
	weights := make([]float32, dense+sparse)
	for j := range weights {
		weights[j] = float32(j%5) - 2
	}
	p, err := predictor.NewLinear(dense, sparse, 1, weights, []float32{1}, predictor.Identity)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Build(Spec{
		Info: Info{Task: metrics.Regression, Target: "Out"}, Plan: plan, Pipeline: pipeline, Members: []Member{{Weight: 1, Predictor: p}},
	})
	if err != nil {
		t.Fatal(err)
	}
	exact, sampled := explain(t, m, table, ExplainOptions{}), explain(t, m, table, ExplainOptions{Method: Sampled})
	for i, v := range exact.Contributions {
		if math.Abs(v-sampled.Contributions[i]) > 1e-5 {
			t.Errorf("contribution %d: exactly %v, sampled %v", i, v, sampled.Contributions[i])
		}
	}
}

// TestExplainImported: models that read doubles are explained and shuffled too.
func TestExplainImported(t *testing.T) {
	t.Parallel()
	table, _ := sample(t)
	plan, pipeline, err := featurize.PassThrough([]featurize.Exact{{Column: "age"}, {Column: "paid"}})
	if err != nil {
		t.Fatal(err)
	}
	tree := predictor.Tree{
		{Feature: 0, Threshold: 33.3, Left: 1, Right: 2, Cover: 60},
		{Feature: 1, Threshold: 0.1, MissingLeft: true, Left: 3, Right: 4, Cover: 28},
		{Feature: -1, Value: []float64{1.1}, Cover: 32},
		{Feature: -1, Value: []float64{2.2}, Cover: 10},
		{Feature: -1, Value: []float64{-1.3}, Cover: 18},
	}
	p := predictor.NewTrees([]predictor.Tree{tree}, 1, nil, predictor.Sigmoid)
	m, err := Build(Spec{
		Info: Info{Task: metrics.Binary, Target: "out", Metric: "log_loss", Classes: []string{"no", "yes"}}, Plan: plan, Pipeline: pipeline,
		Members: []Member{{Weight: 1, Predictor: p}},
	})
	if err != nil {
		t.Fatal(err)
	}
	predictions, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	e := explain(t, m, table, ExplainOptions{})
	for i := range e.Rows {
		if got, want := 1/(1+math.Exp(-e.Predictions[i])), predictions.Double(i, 1); math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: %v explained, %v predicted", i, got, want)
		}
	}
	list, err := m.Permute(context.Background(), table, PermuteOptions{Repeats: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if *i.Drop == 0 {
			t.Errorf("shuffling %s changes nothing", i.Column)
		}
	}
}

// strange is a predictor that nobody can look into.
type strange struct{ predictor.Predictor }

func (strange) Kind() string                                          { return "strange" }
func (strange) Width() int                                            { return 1 }
func (strange) View() matrix.View                                     { return matrix.Raw }
func (strange) Predict(_ *matrix.Matrix, rows []int32, out []float32) { clear(out[:len(rows)]) }

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	_, odd := withMembers(t, metrics.Binary, Member{Weight: 1, Predictor: strange{}})
	bare := predictor.NewTrees([]predictor.Tree{{{Feature: 0, Left: 1, Right: 2}, {Feature: -1, Value: []float64{1}}, {Feature: -1, Value: []float64{2}}}}, 1, nil, predictor.Identity)
	_, noCover := withMembers(t, metrics.Regression, Member{Weight: 1, Predictor: bare})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tt := range map[string]struct {
		ctx   context.Context
		m     *Model
		table *data.Table
		o     ExplainOptions
		want  string
	}{
		"links":             {m: m, o: ExplainOptions{Method: Exact}, want: "averaged after their links"},
		"kind":              {m: odd, o: ExplainOptions{Method: Exact}, want: `"strange"`},
		"no cover":          {m: noCover, want: "row counts"},
		"method":            {m: m, o: ExplainOptions{Method: "magic"}, want: `"magic"`},
		"row":               {m: m, o: ExplainOptions{Rows: []int32{60}}, want: "row 60"},
		"no row":            {m: m, o: ExplainOptions{Rows: []int32{}}, want: "nothing to explain"},
		"samples":           {m: m, o: ExplainOptions{Samples: -1}, want: "negative"},
		"alone":             {m: m, table: table.Take([]int32{0}), want: "give a background"},
		"empty background":  {m: m, o: ExplainOptions{Background: table.Take(nil)}, want: "give a background"},
		"column":            {m: m, table: table.Drop("age"), want: `"age"`},
		"background column": {m: m, o: ExplainOptions{Background: table.Drop("age")}, want: `background.*"age"`},
		"interrupt":         {ctx: ended, m: m, want: "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.ctx == nil {
				tt.ctx = context.Background()
			}
			if tt.table == nil {
				tt.table = table
			}
			_, err := tt.m.Explain(tt.ctx, tt.table, tt.o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range strings.Split(tt.want, ".*") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			}
		})
	}
	if _, err := m.Explain(ended, table, ExplainOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if e := explain(t, odd, table, ExplainOptions{Samples: 1}); fmt.Sprint(e.Contributions[0]) != "0" {
		t.Errorf("a constant is moved by %v", e.Contributions[0])
	}
}

// additive has a table of the first feature, which is numeric, and one of it and
// the second, a category.
func additive(t testing.TB, link predictor.Link) *predictor.Additive {
	t.Helper()
	p, err := predictor.NewAdditive([]float32{0.5}, link,
		[]predictor.Axis{{Feature: 0, Edges: []float32{30, 40}}, {Feature: 1, Levels: 2}},
		[]predictor.Term{
			{Axes: []int{0}, Values: []float32{-1, 0.25, 2, 0}},
			{Axes: []int{0, 1}, Values: []float32{0.5, 0, 1, -0.5, 0.25, 0, 0, 2, 0, 0, 0, 0.125}},
		})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestExactAdditive: the tables add up to the prediction, and only the columns of
// the two features get anything.
func TestExactAdditive(t *testing.T) {
	t.Parallel()
	table, m := withMembers(t, metrics.Regression, Member{Weight: 1, Predictor: additive(t, predictor.Identity)})
	e := explain(t, m, table, ExplainOptions{})
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, f := range m.spec.Pipeline.Features()[:2] {
		read[f.Sources[0]] = true
	}
	for i, v := range p.Values {
		if math.Abs(v-e.Predictions[i]) > 1e-6 || e.Method != Exact {
			t.Errorf("row %d: the prediction is %v, explained (%s) is %v", i, v, e.Method, e.Predictions[i])
		}
		for c, name := range e.Columns {
			if v := e.At(i, 0, c); v != 0 && !read[name] {
				t.Errorf("row %d: column %q, which nobody reads, adds %v", i, name, v)
			}
		}
	}
	_, m = withMembers(t, metrics.Binary, Member{Weight: 1, Predictor: additive(t, predictor.Sigmoid)})
	if e := explain(t, m, table, ExplainOptions{}); e.Unit != UnitMargin {
		t.Errorf("unit %q", e.Unit)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	_, m := withMembers(t, metrics.Binary, Member{Weight: 0.5, Predictor: additive(t, predictor.Sigmoid)},
		Member{Weight: 0.5, Predictor: predictor.NewConstant([]float32{0.5})})
	list, err := m.Terms()
	if err != nil || len(list) != 1 {
		t.Fatalf("%d additive members, %v", len(list), err)
	}
	features := m.spec.Pipeline.Features()
	pair := list[0].Terms[1]
	want := []TermAxis{
		{Feature: features[0].Name, Columns: features[0].Sources, Edges: []float64{30, 40}, Bins: 4},
		{Feature: features[1].Name, Columns: features[1].Sources, Levels: m.spec.Pipeline.Origins()[1].Levels[:2], Bins: 3},
	}
	if diff := cmp.Diff(want, pair.Axes); diff != "" {
		t.Error(diff)
	}
	if len(pair.Values) != 1 || len(pair.Values[0]) != 12 || pair.Values[0][2] != 1 {
		t.Errorf("values %v", pair.Values)
	}
	_, m = sample(t)
	if _, err := m.Terms(); err == nil {
		t.Error("a model without additive members has terms")
	}
}
