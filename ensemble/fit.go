package ensemble

import (
	"fmt"
	"math"
	"time"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Problem is what models are combined for: the answers, and predictions of every
// model for rows that it was not trained on.
type Problem struct {
	Metric  metrics.Metric
	Task    metrics.Task
	Classes int
	// Y and W are as in metrics.Metric.Score.
	Y, W []float32
	// Preds[k] are model k's predictions, len(Y)×metrics.Width. A row where a model
	// has NaN (it was never validated there) is left out for all.
	Preds [][]float32
	// Parts says which rows belong together, such as by their fold: what is chosen
	// on some parts is checked on the others. nil divides rows by a fixed hash.
	Parts []int
}

// Predict gives what an ensemble of these weights and calibration predicts, rows×Width,
// NaN where a member has NaN; labels are not decided.
func (p *Problem) Predict(weights []float64, c *Calibration) []float32 {
	t := table{task: p.Task, classes: p.Classes, width: metrics.Width(p.Task, p.Classes), y: p.Y, preds: p.Preds}
	return t.predict(weights, c)
}

// Cost is what a model costs to keep and to use, its fold models together.
type Cost struct {
	Bytes int64
	// PerRow is the time to predict a row on one core.
	PerRow time.Duration
}

// Options of Fit; the zero value is good.
type Options struct {
	// Steps bounds the additions, 0 means 50.
	Steps int
	// MaxRows bounds the rows that models are chosen on, 0 means 10,000.
	MaxRows int
	// Patience is the number of additions without a new best after which the
	// selection ends, 0 means 10.
	Patience int
	// Costs of the models, nil if they are all the same. Limits bounds the sum over
	// the members, 0 for no bound.
	Costs  []Cost
	Limits Cost
	// Threads bounds the parts that are worked on at a time, 0 means one. They
	// change no bit of the result.
	Threads int
	// Labels says that the class of largest probability need not be the label:
	// where the metric is of labels, Calibration.Decision is then looked for.
	Labels bool
	// Flat keeps to weighted means: no second layer.
	Flat bool
	// Deadline, if not nil, is asked between candidates, by several goroutines; once
	// it answers true, the best combination so far is returned.
	Deadline func() bool
}

func (o *Options) late() bool { return o.Deadline != nil && o.Deadline() }

// Mix is how models are combined.
type Mix struct {
	// Weights of the models sum to 1.
	Weights []float64
	// Calibration is what is done to the weighted mean, nil for nothing.
	Calibration *Calibration
	// Loss is the metric's on rows whose part had no say: for each part, weights and
	// calibration were chosen anew on the others. Fitted is that of the
	// mean on the rows that chose its weights, which flatters. They are equal where there was no time
	// for the check, or too few rows.
	Loss, Fitted float64
	// OutOfFold are the predictions that Loss is of, before Calibration.Decision, NaN for
	// rows that are left out.
	OutOfFold []float32
	// StdErr is the standard error of Loss by its spread over the parts; 0 if it is
	// not known.
	StdErr float64
}

// Fit chooses weights for predictions that are averaged, or for a second layer that is
// linear in them, and what is then done to the outcome. Members below 1 % are dropped, and those without which next to
// nothing is lost (thin); ties go to a model chosen already and then to the
// earlier one, and a combination that is no better than the best single model
// gives that model weight one.
//
// It fails without models, when lengths do not fit, when no row counts, when a
// prediction is infinite, when the metric cannot be computed
// (metrics.Metric.Score), and when no model is within the limits by itself.
func Fit(p Problem, o Options) (*Mix, error) {
	all, rows, err := usable(&p)
	if err != nil {
		return nil, err
	}
	if o.Costs != nil && len(o.Costs) != len(p.Preds) {
		return nil, fmt.Errorf("%d costs for %d models", len(o.Costs), len(p.Preds))
	}
	some := all.subsample(orDefault(o.MaxRows, 10000))
	c := chooser{metric: p.Metric, spare: spare, Options: &o}
	weights, loss, err := c.choose(some, all)
	if err != nil {
		return nil, err
	}
	x := &Mix{Weights: weights, Fitted: loss, Loss: loss}
	pred := c.check(x, all, some)
	x.OutOfFold = make([]float32, len(p.Y)*all.width)
	for i := range x.OutOfFold {
		x.OutOfFold[i] = float32(math.NaN())
	}
	all.put(x.OutOfFold, rows, pred)
	return x, nil
}
