package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
)

// penalised is the slow loss of a layer: what Newton's steps minimise.
func penalised(l *layer, a []float64, b float64) float64 {
	total := 0.0
	for i, v := range l.y {
		row := make([]float64, l.width)
		for k := range row {
			row[k] = b
			for j, x := range l.x {
				row[k] += a[j] * x[i*l.width+k]
			}
		}
		switch l.task {
		case metrics.Regression:
			d := row[0] - (float64(v) - l.center)
			total += l.weight(i) * d * d / 2 / l.noise
		case metrics.Binary:
			p := sigmoid(row[0])
			total -= l.weight(i) * math.Log(p*float64(v)+(1-p)*(1-float64(v)))
		default:
			softmax(row)
			total -= l.weight(i) * math.Log(row[int(v)])
		}
	}
	for j, v := range a {
		total += layerRidge / 2 * (v - l.start[j]) * (v - l.start[j])
	}
	return total
}

// No weights nearby are better, unless they are negative.
func TestLayerIsTheLeast(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
		classes := map[metrics.Task]int{metrics.Binary: 2, metrics.Multiclass: 3}[task]
		y, preds := noisy(rand.New(rand.NewPCG(8, 4)), task, classes, 300, 4, 2)
		for i := range preds[3] { // knows less than nothing
			preds[3][i] = 1 - preds[3][i]
		}
		tab := &table{task: task, classes: classes, width: metrics.Width(task, classes), y: y, preds: preds, w: make([]float32, len(y))}
		for i := range tab.w {
			tab.w[i] = float32(i%3) + 0.5
		}
		start := []float64{0.5, 0, 0.3, 0.2}
		weights, c := fitLayer(tab, start)
		if c == nil || math.Abs(sum(weights)-1) > 1e-9 || weights[1] != 0 {
			t.Fatalf("%s: %v, %+v", task, weights, c)
		}
		l := newLayer(tab, start)
		a := make([]float64, len(l.members))
		for i, k := range l.members {
			a[i] = weights[k] * c.Scale
		}
		b := c.Shift - l.center
		for j, v := range a {
			b += v * l.means[j]
		}
		at := penalised(l, a, b)
		for _, d := range []float64{-0.05, -0.005, 0.005, 0.05} {
			for j := range a {
				moved := append([]float64(nil), a...)
				if moved[j] += d; moved[j] >= 0 && penalised(l, moved, b) < at-1e-6 {
					t.Errorf("%s: %v %v has %v, there is less with weight %d at %v", task, a, b, at, j, moved[j])
				}
			}
			if task != metrics.Multiclass && penalised(l, a, b+d) < at-1e-6 {
				t.Errorf("%s: shift %v has %v, there is less %v away", task, b, at, d)
			}
		}
	}
}

// Members whose predictions are all half as large as they should be are made right.
func TestLayerRegressionScales(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(1, 4)), metrics.Regression, 0, 400, 2, 0.3)
	for i := range y {
		y[i] += 100
		for k := range preds {
			preds[k][i] = preds[k][i]/2 + 3
		}
	}
	x, err := Fit(Problem{Metric: metric(t, "rmse"), Task: metrics.Regression, Y: y, Preds: preds}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := x.Calibration; c == nil || c.Logs || math.Abs(c.Scale-2) > 0.3 || x.Loss > 0.3 {
		t.Errorf("%+v, loss %v", x.Calibration, x.Loss)
	}
}

// A mean that is as good as a layer stays a mean: a metric of labels has none, and
// neither has what cannot be told apart.
func TestNoLayer(t *testing.T) {
	t.Parallel()
	y, preds := noisy(rand.New(rand.NewPCG(5, 4)), metrics.Binary, 2, 400, 3, 1)
	x, err := Fit(Problem{Metric: metric(t, "accuracy"), Task: metrics.Binary, Classes: 2, Y: y, Preds: preds}, Options{})
	if err != nil || x.Calibration != nil {
		t.Errorf("%+v, %v", x, err)
	}
	right := append([]float32(nil), []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}...)
	x, err = Fit(Problem{Metric: metric(t, "rmse"), Task: metrics.Regression, Y: right, Preds: [][]float32{right}}, Options{})
	if err != nil || x.Calibration != nil || x.Loss != 0 {
		t.Errorf("%+v, %v", x, err)
	}
}
