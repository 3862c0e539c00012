package ensemble

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/metrics"
)

// coins are an answer by chance and models that know nothing of it.
func coins(seed uint64, rows, models int) Problem {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := Problem{Task: metrics.Binary, Classes: 2, Y: make([]float32, rows)}
	for i := range p.Y {
		p.Y[i] = float32(rng.IntN(2))
	}
	for range models {
		pred := make([]float32, rows)
		for i := range pred {
			pred[i] = rng.Float32()
		}
		p.Preds = append(p.Preds, pred)
	}
	return p
}

// Of many models that know nothing some look good on the rows that choose them; the
// loss that is told does not.
func TestLossIsOfRowsWithoutASay(t *testing.T) {
	t.Parallel()
	var told, fitted float64
	const tries = 10
	for seed := range uint64(tries) {
		p := coins(seed, 300, 30)
		p.Metric = metric(t, "auc")
		x, err := Fit(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		told += (1 - x.Loss) / tries
		fitted += (1 - x.Fitted) / tries
		if !(x.StdErr > 0.005 && x.StdErr < 0.1) {
			t.Errorf("standard error %v", x.StdErr)
		}
	}
	if fitted < 0.56 || math.Abs(told-0.5) > 0.02 {
		t.Errorf("AUC of noise: %v on the rows that chose, told is %v", fitted, told)
	}
}

func TestThreadsAndPartsGiveTheSameBits(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(3, 3)), metrics.Multiclass, 3, 600, 6, 2)
	p := Problem{Metric: metric(t, "log_loss"), Task: metrics.Multiclass, Classes: 3, Y: y, Preds: preds}
	for _, parts := range []int{0, 1, 2, 3, 7} {
		p.Parts = nil
		for i := range y {
			if parts > 0 {
				p.Parts = append(p.Parts, i%parts-1)
			}
		}
		one, err := Fit(p, Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		four, err := Fit(p, Options{Threads: 4})
		if err != nil || !reflect.DeepEqual(one, four) {
			t.Errorf("%d parts: %+v with one thread, %+v with four, %v", parts, one, four, err)
		}
		if one.Loss == one.Fitted {
			t.Errorf("%d parts: nothing was checked: %+v", parts, one)
		}
	}
}

// The slow way: without part k choose, and predict k.
func TestNestedLossIsTheSlowOne(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
		classes := map[metrics.Task]int{metrics.Binary: 2, metrics.Multiclass: 3}[task]
		y, preds := noisy(rand.New(rand.NewPCG(8, 3)), task, classes, 200, 4, 2)
		p := Problem{Metric: metrics.Default(task), Task: task, Classes: classes, Y: y, Preds: preds}
		for i := range y {
			p.Parts = append(p.Parts, i%4)
		}
		x, err := Fit(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := usable(&p)
		if err != nil {
			t.Fatal(err)
		}
		c := chooser{metric: p.Metric, spare: spare, Options: &Options{}}
		pred := make([]float32, len(x.OutOfFold))
		for part := range 4 {
			others := all.take(all.rowsOf(part, true))
			weights, _, err := c.choose(others, others)
			if err != nil {
				t.Fatal(err)
			}
			var cal *Calibration
			if x.Calibration != nil {
				weights, cal = fitLayer(others, weights)
			}
			rows := all.rowsOf(part, false)
			all.put(pred, rows, all.take(rows).predict(weights, cal))
		}
		loss, err := all.loss(p.Metric, pred)
		if err != nil || loss != x.Loss || !reflect.DeepEqual(pred, x.OutOfFold) {
			t.Errorf("%s: loss %v, want %v (%v)", task, x.Loss, loss, err)
		}
	}
}

func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(5, 3)), metrics.Regression, 0, 500, 6, 1)
	p := Problem{Metric: metric(t, "rmse"), Task: metrics.Regression, Y: y, Preds: preds}
	costs := make([]Cost, len(preds))
	for k := range costs {
		costs[k] = Cost{Bytes: int64(100 * (k + 1)), PerRow: time.Duration(6-k) * time.Microsecond}
	}
	for _, limits := range []Cost{{Bytes: 1000}, {Bytes: 300}, {PerRow: 4 * time.Microsecond}, {Bytes: 900, PerRow: 9 * time.Microsecond}, {}} {
		x, err := Fit(p, Options{Costs: costs, Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		var total Cost
		for k, w := range x.Weights {
			if w > 0 {
				total.Bytes += costs[k].Bytes
				total.PerRow += costs[k].PerRow
			}
		}
		if limits.Bytes > 0 && total.Bytes > limits.Bytes || limits.PerRow > 0 && total.PerRow > limits.PerRow {
			t.Errorf("limits %+v: the members cost %+v", limits, total)
		}
		if one := limits.Bytes == 0 || limits.PerRow == 0; one && len(members(x.Weights)) < 2 {
			t.Errorf("limits %+v: weights %v: there is room for two", limits, x.Weights)
		}
	}
	_, err := Fit(p, Options{Costs: costs, Limits: Cost{Bytes: 99}})
	if err == nil || !strings.Contains(err.Error(), "the smallest has 100 bytes (limit 99), the fastest takes 1µs a row (limit none)") {
		t.Errorf("no model fits: %v", err)
	}
	if _, err := Fit(p, Options{Costs: costs[1:]}); err == nil {
		t.Error("5 costs for 6 models")
	}
}

// A member that adds next to nothing goes, the dearer of two equal ones first.
func TestThinDropsWhatAddsNothing(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(6, 3)), metrics.Regression, 0, 2000, 3, 1)
	twin := make([]float32, len(y))
	for i, v := range preds[0] {
		twin[i] = v + 1e-4*float32(i%3-1)
	}
	tab := &table{task: metrics.Regression, width: 1, y: y, preds: append(preds, twin)}
	c := chooser{metric: metric(t, "rmse"), spare: spare, Options: &Options{Costs: []Cost{{Bytes: 10}, {Bytes: 10}, {Bytes: 10}, {Bytes: 20}}}}
	alone, err := tab.loss(c.metric, preds[0])
	if err != nil {
		t.Fatal(err)
	}
	weights := []float64{0.3, 0.34, 0.34, 0.02}
	got := c.thin(tab, weights, alone)
	if want := []int{0, 1, 2}; !reflect.DeepEqual(members(got), want) || math.Abs(sum(got)-1) > 1e-12 {
		t.Errorf("weights %v, want members %v", got, want)
	}
}

// What is dropped of an ensemble that is too large is what has the most bytes for
// its weight, and never the last member.
func TestExcess(t *testing.T) {
	t.Parallel()
	const mb = 1_000_000
	for _, c := range []struct {
		bytes   []int64
		weights []float64
		want    int
	}{
		{[]int64{10 * mb, 20 * mb}, []float64{0.5, 0.5}, -1},
		{[]int64{40 * mb, 20 * mb}, []float64{0.5, 0.5}, 0},
		{[]int64{40 * mb, 20 * mb}, []float64{0.9, 0.1}, 1},
		{[]int64{90 * mb, 20 * mb}, []float64{0, 1}, -1},
		{[]int64{90 * mb}, []float64{1}, -1},
	} {
		o := Options{Limits: Cost{Bytes: 48 * mb}}
		for _, b := range c.bytes {
			o.Costs = append(o.Costs, Cost{Bytes: b})
		}
		if got := (&chooser{Options: &o}).excess(c.weights); got != c.want {
			t.Errorf("%v with weights %v: %d, want %d", c.bytes, c.weights, got, c.want)
		}
	}
}
