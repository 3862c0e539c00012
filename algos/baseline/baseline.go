package baseline

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var (
	_ algos.Learner  = Learner{}
	_ algos.Monotone = Learner{}
)

// Learner predicts a constant.
type Learner struct{}

// Name is "baseline".
func (Learner) Name() string { return "baseline" }

// View is matrix.Raw, of which nothing is read.
func (Learner) View() matrix.View { return matrix.Raw }

// Space is empty: there is nothing to choose.
func (Learner) Space(algos.Shape) search.Space { return nil }

// Portfolio is the one configuration that there is.
func (Learner) Portfolio(algos.Shape) []search.Params { return []search.Params{{}} }

// Monotone implements algos.Monotone: a constant keeps every direction.
func (Learner) Monotone(map[string]int) search.Params { return nil }

// Estimate is the cost of one pass over the target.
func (Learner) Estimate(s algos.Shape, _ search.Params) algos.Cost {
	return algos.Cost{Seconds: 1e-8 * float64(s.Rows), Bytes: 16 * int64(s.Rows)}
}

// Fit takes one step, whatever ctx says. It fails without training rows or
// without weight on them.
func (Learner) Fit(_ context.Context, r *algos.Request) (*algos.Fitted, error) {
	if len(r.Train.Rows) == 0 {
		return nil, fmt.Errorf("baseline: no training rows")
	}
	var values []float32
	var err error
	if r.Problem.Task == metrics.Regression {
		values, err = centre(&r.Train, r.Problem.Metric.Name)
	} else {
		values, err = shares(&r.Train, r.Problem)
	}
	if err != nil {
		return nil, err
	}
	p := predictor.NewConstant(values)
	f := &algos.Fitted{Predictor: p, Steps: 1}
	if n := len(r.Valid.Rows); n > 0 {
		f.ValidPred = make([]float32, n*p.Width())
		p.Predict(r.Valid.M, r.Valid.Rows, f.ValidPred)
	}
	return f, nil
}

func weight(d *algos.Data, row int32) float64 {
	if d.W == nil {
		return 1
	}
	return float64(d.W[row])
}

// shares are the weighted shares of the classes; every class gets a little, so
// that none is impossible.
func shares(d *algos.Data, p algos.Problem) ([]float32, error) {
	count := make([]float64, max(2, p.Classes))
	total := 0.0
	for _, r := range d.Rows {
		k := int(d.Y[r])
		if k < 0 || k >= len(count) {
			return nil, fmt.Errorf("baseline: class %d of row %d is not among %d", k, r, len(count))
		}
		count[k] += weight(d, r)
		total += weight(d, r)
	}
	if !(total > 0) {
		return nil, fmt.Errorf("baseline: no training row has weight")
	}
	const little = 1e-6
	out := make([]float32, len(count))
	for k, c := range count {
		out[k] = float32((c/total + little) / (1 + little*float64(len(count))))
	}
	if p.Task == metrics.Binary {
		return out[1:2], nil
	}
	return out, nil
}

// centre is the weighted mean or median of the target.
func centre(d *algos.Data, metric string) ([]float32, error) {
	total, sum := 0.0, 0.0
	for _, r := range d.Rows {
		total += weight(d, r)
		sum += float64(weight(d, r) * float64(d.Y[r]))
	}
	if !(total > 0) {
		return nil, fmt.Errorf("baseline: no training row has weight")
	}
	value := sum / total
	switch metric {
	case "mean_absolute_error", "median_absolute_error", "mean_absolute_percentage_error":
		value = median(d, total)
	}
	return []float32{float32(max(-math.MaxFloat32, min(math.MaxFloat32, value)))}, nil
}

func median(d *algos.Data, total float64) float64 {
	rows := append([]int32(nil), d.Rows...)
	sort.Slice(rows, func(a, b int) bool { return d.Y[rows[a]] < d.Y[rows[b]] })
	below := 0.0
	for _, r := range rows {
		if below += weight(d, r); below >= total/2 {
			return float64(d.Y[r])
		}
	}
	return float64(d.Y[rows[len(rows)-1]])
}
