package gbdt

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// shares are those of the true classes: certain, or mixed with even ones.
func shares(d algos.Data, task metrics.Task, classes int, certain float32) []float32 {
	width := metrics.Width(task, classes)
	out := make([]float32, len(d.Y)*width)
	for i, y := range d.Y {
		for k := range width {
			truth := float32(0)
			if width == 1 && y == 1 || width > 1 && int(y) == k {
				truth = 1
			}
			out[i*width+k] = certain*truth + (1-certain)/float32(classes)
		}
	}
	return out
}

// TestSoft holds that shares of one and zero are the classes, to the bit, and that
// uncertain shares make uncertain predictions.
func TestSoft(t *testing.T) {
	t.Parallel()
	for _, k := range tasks[:2] {
		for _, l := range []algos.Learner{New(), NewSymmetric()} {
			d := mixedData(400, k.task, k.classes, 1)
			d.W = make([]float32, 400)
			for i := range d.W {
				d.W[i] = 1 + float32(i%2)
			}
			r := divided(t, d, k.task, k.classes, "log_loss")
			r.MaxSteps = 15
			want, err := l.Fit(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			r.Train.Soft = shares(d, k.task, k.classes, 1)
			got, err := l.Fit(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want.Predictor.Append(nil), got.Predictor.Append(nil)) {
				t.Errorf("%s, %s: shares of one class each give another model than the classes", l.Name(), k.name)
			}
			r.Train.Soft = shares(d, k.task, k.classes, 0)
			if got, err = l.Fit(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			for _, p := range predict(got.Predictor, d) {
				if math.Abs(float64(p)-1/float64(k.classes)) > 1e-3 {
					t.Fatalf("%s, %s: even shares give %v", l.Name(), k.name, p)
				}
			}
		}
	}
}

// TestSoftDerivatives compares the gradients with differences of the cross-entropy.
func TestSoftDerivatives(t *testing.T) {
	t.Parallel()
	const rows, classes, h = 40, 4, 1e-5
	d := mixedData(rows, metrics.Multiclass, classes, 2)
	d.Soft = shares(d, metrics.Multiclass, classes, 0.6)
	score, grad := make([][]float64, classes), make([][]pair, classes)
	for k := range score {
		score[k], grad[k] = make([]float64, rows), make([]pair, rows)
		for i := range score[k] {
			score[k][i] = math.Sin(float64(i*classes + k))
		}
	}
	o := soften(softmax{classes}, d)
	o.gradients(targetsOf(d), score, grad, 0, rows)
	loss := func(i, moved int, by float64) float64 {
		total, sum := 0.0, 0.0
		for k := range classes {
			s := score[k][i]
			if k == moved {
				s += by
			}
			total += math.Exp(s)
			sum -= float64(d.Soft[i*classes+k]) * s
		}
		return sum + math.Log(total)
	}
	for i := range rows {
		for k := range classes {
			if want := (loss(i, k, h) - loss(i, k, -h)) / (2 * h); math.Abs(want-float64(grad[k][i].g)) > 1e-5 {
				t.Fatalf("row %d, class %d: gradient %v, want %v", i, k, grad[k][i].g, want)
			}
		}
	}
}

func TestSoftErrors(t *testing.T) {
	t.Parallel()
	d := mixedData(100, metrics.Multiclass, 3, 1)
	r := divided(t, d, metrics.Multiclass, 3, "log_loss")
	r.Train.Soft = make([]float32, 299)
	refuses(t, r, "299 shares for 100 rows of 3")
	r.Train.Soft = make([]float32, 300)
	r.Train.Soft[1] = 2
	refuses(t, r, "a share of row 0 is 2")
	r.Train.Soft[1] = float32(math.NaN())
	refuses(t, r, "a share of row 0 is NaN")
	d = mixedData(100, metrics.Regression, 0, 1)
	r = divided(t, d, metrics.Regression, 0, "root_mean_squared_error")
	r.Train.Soft = make([]float32, 100)
	refuses(t, r, "shares of classes for a regression")
}
