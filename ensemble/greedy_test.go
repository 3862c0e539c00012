package ensemble

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
	"pgregory.net/rapid"
)

var nan = float32(math.NaN())

func metric(t testing.TB, name string) metrics.Metric {
	t.Helper()
	m, err := metrics.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// noisy makes a target and models that see it through noise of their own.
func noisy(rng *rand.Rand, task metrics.Task, classes, n, models int, noise float64) (y []float32, preds [][]float32) {
	width := metrics.Width(task, classes)
	y = make([]float32, n)
	for i := range y {
		if y[i] = float32(rng.NormFloat64()); task != metrics.Regression {
			y[i] = float32((i + rng.IntN(2)) % classes)
		}
	}
	for range models {
		p := make([]float32, 0, n*width)
		for _, v := range y {
			switch task {
			case metrics.Regression:
				p = append(p, v+float32(noise*rng.NormFloat64()))
			case metrics.Binary:
				p = append(p, float32(1/(1+math.Exp(-(2*float64(v)-1)-noise*rng.NormFloat64()))))
			default:
				p = append(p, softly(rng, classes, int(v), noise)...)
			}
		}
		preds = append(preds, p)
	}
	return y, preds
}

func softly(rng *rand.Rand, classes, truth int, noise float64) []float32 {
	row, total := make([]float64, classes), 0.0
	for k := range row {
		row[k] = noise * rng.NormFloat64()
		if k == truth {
			row[k]++
		}
		row[k] = math.Exp(row[k])
		total += row[k]
	}
	out := make([]float32, classes)
	for k := range out {
		out[k] = float32(row[k] / total)
	}
	return out
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

func TestBlendBeatsItsMembers(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Binary, metrics.Multiclass, metrics.Regression} {
		classes := map[metrics.Task]int{metrics.Binary: 2, metrics.Multiclass: 4}[task]
		rng := rand.New(rand.NewPCG(3, 4))
		y, preds := noisy(rng, task, classes, 400, 5, 1.5)
		for _, m := range metrics.ForTask(task) {
			weights, loss, err := greedy(m, task, classes, y, nil, preds, Options{})
			if err != nil {
				t.Errorf("%s, %s: %v", task, m.Name, err)
				continue
			}
			if math.Abs(sum(weights)-1) > 1e-12 {
				t.Errorf("%s: weights %v", m.Name, weights)
			}
			for k, p := range preds {
				score, err := m.Score(task, classes, y, p, nil)
				if err != nil {
					t.Fatal(err)
				}
				if m.Loss(score) < loss {
					t.Errorf("%s, %s: model %d alone has %v, the ensemble %v", task, m.Name, k, m.Loss(score), loss)
				}
			}
		}
		if weights, _, _ := greedy(metrics.Default(task), task, classes, y, nil, preds, Options{}); len(members(weights)) < 2 {
			t.Errorf("%s: independent models were not combined: %v", task, weights)
		}
	}
}

func members(weights []float64) (list []int) {
	for k, w := range weights {
		if w > 0 {
			list = append(list, k)
		}
	}
	return list
}

func TestWorthlessModelsGetNoWeight(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	y, preds := noisy(rng, metrics.Regression, 0, 300, 1, 0.1)
	for range 3 {
		p := make([]float32, len(y))
		for i := range p {
			p[i] = float32(50 * rng.NormFloat64())
		}
		preds = append(preds, p)
	}
	weights, _, err := greedy(metric(t, "rmse"), metrics.Regression, 0, y, nil, preds, Options{})
	if want := []float64{1, 0, 0, 0}; err != nil || !reflect.DeepEqual(weights, want) {
		t.Errorf("%v, %v", weights, err)
	}
}

func TestTwinsLeaveTheBestAlone(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(7, 8)), metrics.Binary, 2, 100, 1, 1)
	preds = append(preds, preds[0], preds[0])
	for _, name := range []string{"auc", "log_loss", "accuracy"} {
		weights, _, err := greedy(metric(t, name), metrics.Binary, 2, y, nil, preds, Options{})
		if want := []float64{1, 0, 0}; err != nil || !reflect.DeepEqual(weights, want) {
			t.Errorf("%s: %v, %v", name, weights, err)
		}
	}
}

func TestRowsNeverValidatedAreLeftOut(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 1))
	y, preds := noisy(rng, metrics.Multiclass, 3, 200, 3, 1)
	w := make([]float32, len(y))
	var rows []int
	for i := range y {
		w[i] = 0.5 + rng.Float32()
		if i%7 == 0 {
			preds[i%3][i*3+1] = nan
		} else {
			rows = append(rows, i)
		}
	}
	full := &table{width: 3, y: y, w: w, preds: preds}
	part := full.take(rows)
	m := metric(t, "log_loss")
	a, lossA, err := greedy(m, metrics.Multiclass, 3, y, w, preds, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, lossB, err := greedy(m, metrics.Multiclass, 3, part.y, part.w, part.preds, Options{})
	if err != nil || !reflect.DeepEqual(a, b) || lossA != lossB {
		t.Errorf("%v %v with holes, %v %v without, %v", a, lossA, b, lossB, err)
	}
}

func TestDeadlineLeavesTheBestModel(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(2, 2)), metrics.Regression, 0, 100, 4, 1)
	m := metric(t, "rmse")
	weights, loss, err := greedy(m, metrics.Regression, 0, y, nil, preds, Options{Deadline: func() bool { return true }})
	if err != nil || len(members(weights)) != 1 {
		t.Fatalf("%v, %v", weights, err)
	}
	score, _ := m.Score(metrics.Regression, 0, y, preds[members(weights)[0]], nil)
	if score != loss {
		t.Errorf("loss %v, the model has %v", loss, score)
	}
}

func TestManyRowsAreSampledForTheChoice(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(4, 2)), metrics.Binary, 2, 5000, 3, 2)
	m := metric(t, "auc")
	weights, loss, err := greedy(m, metrics.Binary, 2, y, nil, preds, Options{MaxRows: 500})
	if err != nil || len(members(weights)) < 2 {
		t.Fatalf("%v, %v", weights, err)
	}
	all := &table{task: metrics.Binary, classes: 2, width: 1, y: y, preds: preds}
	if n := len(all.subsample(500).y); n < 400 || n > 600 {
		t.Errorf("%d rows of 5000 were sampled, want about 500", n)
	}
	if got, err := all.loss(m, all.blend(weights)); err != nil || got != loss {
		t.Errorf("loss %v, on all rows it is %v, %v", loss, got, err)
	}
}

func TestSampleKeepsRareClasses(t *testing.T) {
	t.Parallel()
	y := make([]float32, 10000)
	y[17], y[18] = 1, 1
	sub := (&table{task: metrics.Binary, classes: 2, width: 1, y: y}).subsample(100)
	if got := sum64(sub.y); got != 2 {
		t.Errorf("%v of 2 rare rows are in the sample", got)
	}
}

func sum64(v []float32) (s float64) {
	for _, x := range v {
		s += float64(x)
	}
	return s
}

// The fast evaluators agree with the metric on the blended predictions.
func TestEvaluatorsAgreeWithTheMetric(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		metric  string
		task    metrics.Task
		classes int
	}{
		{"mse", metrics.Regression, 0}, {"log_loss", metrics.Binary, 2}, {"log_loss", metrics.Multiclass, 3},
		{"auc", metrics.Binary, 2}, {"mae", metrics.Regression, 0},
	} {
		rapid.Check(t, func(r *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 9))
			y, preds := noisy(rng, c.task, c.classes, 40, 3, 1)
			rows := &table{task: c.task, classes: c.classes, width: metrics.Width(c.task, c.classes), y: y, preds: preds}
			if rng.IntN(2) == 0 {
				rows.w = make([]float32, len(y))
				for i := range rows.w {
					rows.w[i] = rng.Float32() + 0.1
				}
			}
			m := metric(t, c.metric)
			ev := (&selection{rows: rows, metric: m}).evaluator()
			count := make([]int, 3)
			for range 5 {
				k := rng.IntN(3)
				got := ev.loss(k)
				ev.add(k)
				count[k]++
				want, err := rows.loss(m, rows.blend(shares(count)))
				if err != nil || math.Abs(got-want) > 1e-5*max(1, want) {
					r.Fatalf("%s: %v, the metric says %v, %v", c.metric, got, want, err)
				}
			}
		})
	}
}

func TestPruneDropsSmallMembers(t *testing.T) {
	t.Parallel()
	got := prune([]float64{0.005, 0.495, 0.5})
	if got[0] != 0 || math.Abs(sum(got)-1) > 1e-15 {
		t.Errorf("%v", got)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	auc := metric(t, "auc")
	inf := float32(math.Inf(-1))
	for _, c := range []struct {
		name  string
		y, w  []float32
		preds [][]float32
		want  string
	}{
		{"no models", []float32{0, 1}, nil, nil, "no models"},
		{"short", []float32{0, 1}, nil, [][]float32{{1}}, "model 0 has 1 predictions"},
		{"infinite", []float32{0, 1}, nil, [][]float32{{1, 0}, {1, inf}}, "model 1 predicts -Inf"},
		{"nothing shared", []float32{0, 1}, nil, [][]float32{{1, nan}, {nan, 1}}, "share no validated row"},
		{"one class", []float32{1, 1}, nil, [][]float32{{1, 0}}, "one class"},
		{"bad class", []float32{1, 7}, nil, [][]float32{{1, 0}}, "class of row 1"},
		{"weights", []float32{1, 0}, []float32{1}, [][]float32{{1, 0}}, "1 weights for 2 rows"},
	} {
		_, _, err := greedy(auc, metrics.Binary, 2, c.y, c.w, c.preds, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func BenchmarkGreedyAUC(b *testing.B) {
	y, preds := noisy(rand.New(rand.NewPCG(1, 2)), metrics.Binary, 2, 20000, 10, 2)
	m := metric(b, "auc")
	for b.Loop() {
		if _, _, err := greedy(m, metrics.Binary, 2, y, nil, preds, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGreedyLogLoss(b *testing.B) {
	y, preds := noisy(rand.New(rand.NewPCG(1, 2)), metrics.Multiclass, 6, 20000, 10, 1)
	m := metric(b, "log_loss")
	for b.Loop() {
		if _, _, err := greedy(m, metrics.Multiclass, 6, y, nil, preds, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// greedy is Fit with the loss on the rows that chose the weights.
func greedy(m metrics.Metric, t metrics.Task, classes int, y, w []float32, preds [][]float32, opts Options) (weights []float64, loss float64, err error) {
	x, err := Fit(Problem{Metric: m, Task: t, Classes: classes, Y: y, W: w, Preds: preds}, opts)
	if err != nil {
		return nil, 0, err
	}
	if c := x.Calibration; c != nil && c.Scale > 0 {
		// The second layer's weights are others: those of the mean.
		all, _, _ := usable(&Problem{Metric: m, Task: t, Classes: classes, Y: y, W: w, Preds: preds})
		return (&chooser{metric: m, spare: spare, Options: &opts}).choose(all.subsample(orDefault(opts.MaxRows, 10000)), all)
	}
	return x.Weights, x.Fitted, nil
}
