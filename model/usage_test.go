package model

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// featureOf finds a feature of the model by name.
func featureOf(t testing.TB, m *Model, name string) int32 {
	t.Helper()
	for i, f := range m.spec.Pipeline.Features() {
		if f.Name == name {
			return int32(i)
		}
	}
	t.Fatalf("no feature %q", name)
	return 0
}

// stumps are trees of one test each, on the features given.
func stumps(features ...int32) *predictor.Trees {
	var trees []predictor.Tree
	for _, f := range features {
		trees = append(trees, predictor.Tree{
			{Feature: f, Threshold: 30, Left: 1, Right: 2, Cover: 9, Gain: float32(1 + f)},
			{Feature: -1, Value: []float64{1}, Cover: 3},
			{Feature: -1, Value: []float64{2}, Cover: 6},
		})
	}
	return predictor.NewTrees(trees, 1, nil, predictor.Identity)
}

func TestUsageIsWeighted(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	age, city, paid := featureOf(t, m, "age"), featureOf(t, m, "city"), featureOf(t, m, "paid")
	_, m = withMembers(t, metrics.Regression,
		Member{Weight: 0.3, Predictor: stumps(age, age, age, city)},
		Member{Weight: 0.2, Predictor: stumps(paid)},
		Member{Weight: 0.5, Predictor: line(t, m, predictor.Identity)})
	list, known, err := m.Usage(BySplits)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(known-0.5) > 1e-12 {
		t.Errorf("known of %v of the ensemble, want half", known)
	}
	want := []Usage{{"age", 0.45}, {"paid", 0.4}, {"city", 0.15}}
	for i, u := range list {
		if u.Column != want[i].Column || math.Abs(u.Share-want[i].Share) > 1e-12 {
			t.Errorf("place %d: %+v, want %+v", i+1, u, want[i])
		}
	}
}

func TestUsageRefuses(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	_, m = withMembers(t, metrics.Regression, Member{Weight: 1, Predictor: line(t, m, predictor.Identity)})
	for kind, want := range map[UsageKind]string{ByGain: "the gain of their tests", BySplits: "no member", "magic": `"magic"`} {
		if _, _, err := m.Usage(kind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}
