package gbdt

import (
	"context"
	"math"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// boosted runs a fit and keeps what only the trainer knows.
func boosted(t *testing.T, r *algos.Request) *booster {
	t.Helper()
	s, err := newSettings(r)
	if err != nil {
		t.Fatal(err)
	}
	b := newBooster(s, r, alone)
	if _, err := b.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNodesKnowTheirRows: Cover counts rows, Weight adds up Hessians and Gain is
// what the split saves, in the units of the loss.
func TestNodesKnowTheirRows(t *testing.T) {
	t.Parallel()
	for _, k := range tasks {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			d := mixedData(900, k.task, k.classes, 1)
			r := &algos.Request{
				Problem: algos.Problem{Task: k.task, Classes: k.classes}, Train: d, MaxSteps: 1,
				Params: search.Params{"cat_l2": 0., "lambda_l2": 0.},
			}
			b := boosted(t, r)
			f := treeMaker{features: b.features}
			for i, nodes := range b.fresh {
				tree := f.tree(&b.trees[i])
				if tree[0].Cover != 900 {
					t.Errorf("the root covers %v rows", tree[0].Cover)
				}
				checkNodes(t, tree, nodes)
			}
		})
	}
}

func checkNodes(t *testing.T, tree predictor.Tree, nodes []node) {
	t.Helper()
	score := func(i int32) float64 { return nodes[i].g * nodes[i].g / nodes[i].h }
	for i := range tree {
		n := &tree[i]
		if n.Feature < 0 {
			continue
		}
		if l, r := &tree[n.Left], &tree[n.Right]; l.Cover+r.Cover != n.Cover ||
			math.Abs(float64(l.Weight+r.Weight-n.Weight)) > 1e-4*float64(n.Weight) {
			t.Errorf("node %d: rows %v = %v + %v, Hessians %v = %v + %v", i, n.Cover, l.Cover, r.Cover, n.Weight, l.Weight, r.Weight)
		}
		want := score(n.Left) + score(n.Right) - score(int32(i))
		if math.Abs(float64(n.Gain)-want) > 0.02*want+0.02 {
			t.Errorf("node %d: gain %v, want about %v", i, n.Gain, want)
		}
	}
}

func TestWeightIsTheHessian(t *testing.T) {
	t.Parallel()
	d := mixedData(300, metrics.Regression, 0, 1)
	d.W = make([]float32, 300)
	total := float32(0)
	for i := range d.W {
		d.W[i] = float32(1 + i%3)
		total += d.W[i]
	}
	b := boosted(t, &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 1})
	f := treeMaker{features: b.features}
	if root := f.tree(&b.trees[0])[0]; root.Weight != total || root.Cover != 300 {
		t.Errorf("the root has %v rows of weight %v, want 300 of %v", root.Cover, root.Weight, total)
	}
}
