package gbdt

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// TestSamplesByGradient: the rows with the largest gradients are all kept, and
// the others stand for those left out.
func TestSamplesByGradient(t *testing.T) {
	t.Parallel()
	const n = 4000
	d := mixedData(n, metrics.Regression, 0, 1)
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 1,
		Params: search.Params{"data_sample_strategy": "goss", "top_rate": .1, "other_rate": .2, "learning_rate": .5},
	}
	b := boosted(t, r)
	if b.draw(2) != nil {
		t.Error("round 2 of learning rate 0.5 is sampled")
	}
	b.obj.gradients(b.train, b.score, b.grad, 0, n)
	before := slices.Clone(b.grad[0])
	bag := b.draw(3)
	if len(bag) != n*3/10 {
		t.Fatalf("%d rows in the bag", len(bag))
	}
	order := make([]float64, n)
	for i, p := range before {
		order[i] = math.Abs(float64(p.g))
	}
	sorted := slices.Sorted(slices.Values(order))
	top := sorted[n-n/10]
	hessians := 0.0
	for _, i := range bag {
		want := float32(1)
		if order[i] < top {
			want = 4.5 // nine tenths over two tenths
		}
		if p := b.grad[0][i]; p.g != before[i].g*want || p.h != want {
			t.Fatalf("row %d: %v of %v, want %v times", i, p, before[i], want)
		}
		hessians += float64(b.grad[0][i].h)
	}
	if hessians != n {
		t.Errorf("the bag stands for %v rows of %d", hessians, n)
	}
	all := append(slices.Clone(bag), b.out.idx[:n-len(bag)]...)
	slices.Sort(all)
	if !slices.Equal(all, rowsBelow(n)) {
		t.Error("the bag and the rest are not all rows")
	}
}
