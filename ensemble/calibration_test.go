package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
	"pgregory.net/rapid"
)

// drawn are probabilities, and answers drawn by them: of the classes, one in rare is of
// the second.
func drawn(seed uint64, classes, rows int, shift float64) (y, probs []float32) {
	rng := rand.New(rand.NewPCG(seed, 7))
	row := make([]float64, classes)
	for range rows {
		for k := range row {
			row[k] = 1.5 * rng.NormFloat64()
		}
		row[0] += shift
		softmax(row)
		u, k := rng.Float64(), 0
		for ; k < classes-1 && u >= row[k]; k++ {
			u -= row[k]
		}
		y = append(y, float32(k))
		if classes == 2 {
			probs = append(probs, float32(row[1]))
			continue
		}
		for _, v := range row {
			probs = append(probs, float32(v))
		}
	}
	return y, probs
}

func taskOf(classes int) metrics.Task {
	if classes == 2 {
		return metrics.Binary
	}
	return metrics.Multiclass
}

// bent are probabilities as a model has them that is too sure of itself.
func bent(t metrics.Task, classes int, probs []float32, scale, shift float64) []float32 {
	c := &Calibration{Scale: scale, Shift: shift}
	return c.Judged(metrics.Metric{}, t, classes, probs)
}

func TestScaleStraightensWhatIsBent(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{2, 4} {
		task := taskOf(classes)
		y, probs := drawn(1, classes, 1500, 0.5)
		for _, name := range []string{"log_loss", "brier"} {
			m := metric(t, name)
			p := Problem{Metric: m, Task: task, Classes: classes, Y: y, Preds: [][]float32{bent(task, classes, probs, 2, 0)}}
			x, err := Fit(p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if x.Calibration == nil || math.Abs(x.Calibration.Scale-0.5) > 0.08 || math.Abs(x.Calibration.Shift) > 0.2 {
				t.Errorf("%s of %d classes: %+v, want a scale of 0.5", name, classes, x.Calibration)
			}
			if !(x.Loss < x.Fitted-0.005) {
				t.Errorf("%s of %d classes: loss %v, %v without calibration", name, classes, x.Loss, x.Fitted)
			}
			p.Preds = [][]float32{probs}
			if x, err = Fit(p, Options{}); err != nil || x.Calibration != nil && math.Abs(x.Calibration.Scale-1) > 0.1 {
				t.Errorf("%s of %d classes: what is right is made %+v, %v", name, classes, x.Calibration, err)
			}
		}
	}
}

// Newton's scale and shift have the least penalised loss of all nearby.
func TestScaleIsTheLeast(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{2, 3} {
		task := taskOf(classes)
		y, probs := drawn(2, classes, 80, 1)
		tab := &table{task: task, classes: classes, width: metrics.Width(task, classes), y: y, w: make([]float32, len(y))}
		for i := range tab.w {
			tab.w[i] = float32(i%3) + 0.5
		}
		pred := bent(task, classes, probs, 3, 0)
		loss := func(a, b float64) float64 {
			v, err := tab.loss(metric(t, "log_loss"), bent(task, classes, pred, a, b))
			if err != nil {
				t.Fatal(err)
			}
			total := 0.0
			for i := range y {
				total += tab.weight(i)
			}
			return v*total + ridge/2*((a-1)*(a-1)+b*b)
		}
		c := fitScale(tab, pred)
		at := loss(c.Scale, c.Shift)
		for _, d := range []float64{-0.1, -0.01, 0.01, 0.1} {
			if loss(c.Scale+d, c.Shift) < at-1e-4 || classes == 2 && loss(c.Scale, c.Shift+d) < at-1e-4 {
				t.Errorf("%d classes: %+v has %v, there is less %v away", classes, c, at, d)
			}
		}
	}
}

func TestDecisionsForMetricsOfLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		metric  string
		classes int
		shift   float64
		want    bool
	}{
		{"f1", 2, 3, true}, {"balanced_accuracy", 2, 3, true}, {"matthews_corrcoef", 2, 3, true},
		{"balanced_accuracy", 3, 2, true}, {"f1_macro", 3, 2.5, true},
		// The likeliest class is the best there is.
		{"accuracy", 2, 0, false}, {"accuracy", 3, 0, false},
	} {
		y, probs := drawn(3, c.classes, 2000, c.shift)
		p := Problem{Metric: metric(t, c.metric), Task: taskOf(c.classes), Classes: c.classes, Y: y, Preds: [][]float32{probs}}
		x, err := Fit(p, Options{Labels: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Calibration != nil; got != c.want {
			t.Errorf("%s of %d classes: %+v, loss %v (%v as it is)", c.metric, c.classes, x.Calibration, x.Loss, x.Fitted)
			continue
		}
		if c.want && !(x.Loss < x.Fitted-0.02) {
			t.Errorf("%s of %d classes: loss %v, %v as it is", c.metric, c.classes, x.Loss, x.Fitted)
		}
		if x, err = Fit(p, Options{}); err != nil || x.Calibration != nil {
			t.Errorf("%s: labels were not asked for: %+v, %v", c.metric, x.Calibration, err)
		}
	}
}

func TestApplyKeepsProbabilities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		classes := rapid.IntRange(2, 5).Draw(r, "classes")
		task := taskOf(classes)
		c := &Calibration{Scale: rapid.Float64Range(0.05, 20).Draw(r, "scale")}
		if classes == 2 {
			c.Shift = rapid.Float64Range(-5, 5).Draw(r, "shift")
		}
		if err := c.Check(task, classes); err != nil {
			r.Fatal(err)
		}
		p := make([]float64, metrics.Width(task, classes))
		for k := range p {
			p[k] = rapid.Float64Range(0, 1).Draw(r, "p")
		}
		before := append([]float64(nil), p...)
		c.Apply(task, classes, p)
		for k, v := range p {
			if !(v >= 0 && v <= 1) {
				r.Fatalf("%v became %v", before, p)
			}
			for j := range p {
				if before[j] > before[k] && p[j] < p[k] {
					r.Fatalf("%v changes the order: %v", before, p)
				}
			}
		}
		if task == metrics.Multiclass && math.Abs(sum(p)-1) > 1e-9 {
			r.Fatalf("%v sum to %v", p, sum(p))
		}
	})
}

// Labelled and the largest product agree, ties included.
func TestLabelledIsTheLargestProduct(t *testing.T) {
	t.Parallel()
	c := &Calibration{Decision: []float64{0.25, 1}}
	for p, want := range map[float32]bool{0: false, 0.1999: false, 0.2: false, 0.2001: true, 1: true} {
		if no, yes := 0.25*(1-float64(p)), float64(p); p == 0.2 {
			want = yes > no
		}
		if got := c.Labelled(metrics.Binary, 2, []float32{p})[0] > 0.5; got != want {
			t.Errorf("probability %v: %v, want %v", p, got, want)
		}
	}
	many := &Calibration{Decision: []float64{1, 4, 0.5}}
	out := many.Labelled(metrics.Multiclass, 3, []float32{0.7, 0.2, 0.1, 0, 0, 0})
	if !(out[1] > out[0] && out[0] > out[2]) || out[3] != 0 {
		t.Errorf("%v", out)
	}
	var none *Calibration
	p := []float32{0.5}
	if &none.Labelled(metrics.Binary, 2, p)[0] != &p[0] || &none.Judged(metrics.Default(metrics.Binary), metrics.Binary, 2, p)[0] != &p[0] {
		t.Error("without a calibration predictions stay as they are")
	}
}

func TestCheckOfCalibrations(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []Calibration{
		{Scale: -1}, {Scale: nan}, {Scale: inf}, {Scale: 1, Shift: nan}, {Shift: 1},
		{Decision: []float64{1}}, {Decision: []float64{1, 0}}, {Decision: []float64{1, nan}}, {Decision: []float64{1, inf}},
	} {
		if c.Check(metrics.Binary, 2) == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	good := Calibration{Scale: 0.5, Decision: []float64{1, 2, 3}}
	if err := good.Check(metrics.Multiclass, 3); err != nil {
		t.Error(err)
	}
	if good.Check(metrics.Regression, 0) == nil || (&Calibration{Scale: 1, Shift: 1}).Check(metrics.Multiclass, 3) == nil {
		t.Error("a regression, or a shift of three classes, is accepted")
	}
}
