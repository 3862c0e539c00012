package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// watcher follows the loss on the validation rows. Whoever boosts adds the new
// trees to score, [class][validation row], before it asks after.
type watcher struct {
	problem algos.Problem
	report  func(step int, loss float64) bool
	link    predictor.Link
	crew    crew
	valid   *rowset
	score   [][]float64
	metric  metrics.Metric
	rows    int // training rows
	every   int // rounds between evaluations

	pred, bestPred []float32
	best           int // round, 0 before the first evaluation
	bestLoss       float64
	last           int // round evaluated last
	blind          bool
}

// newWatcher starts all rows at the base score.
func newWatcher(r *algos.Request, c crew, valid *rowset, base []float64, link predictor.Link, every int) *watcher {
	w := &watcher{problem: r.Problem, report: r.Report, link: link, crew: c, valid: valid,
		metric: r.Problem.Metric, rows: len(r.Train.Rows), every: every, bestLoss: math.Inf(1)}
	w.score = make([][]float64, len(base))
	for k := range w.score {
		w.score[k] = constant(base[k], valid.n)
	}
	w.pred, w.bestPred = make([]float32, valid.n*len(base)), make([]float32, valid.n*len(base))
	return w
}

// evaluateEvery spaces evaluations (about 60 ns a value, sorting included) so
// that they take no more than about a fifth of the time, as a function of the
// shape alone.
func evaluateEvery(valid, train, features, leaves int) int {
	round := 1.5*float64(train)*float64(features+10) + 300*float64(leaves)*float64(features)
	return max(1, min(10, int(math.Round(60*float64(valid)/(0.2*round)))))
}

// after a round answers whether to go on.
func (w *watcher) after(round int, final bool) bool {
	if round%w.every == 0 || final {
		loss := w.evaluate(round)
		if w.report != nil && !w.report(round, loss) {
			return false
		}
	}
	return w.blind || round-w.best < patience(w.rows, w.best)
}

// finish evaluates the last round, if that is still to be done.
func (w *watcher) finish(round int) {
	if w.last < round {
		w.evaluate(round)
	}
}

// evaluate computes the loss after a round and keeps the best. Where the metric
// is not defined (one class among the validation rows, say) the task's own
// loss stands in, and where that fails too the last round counts as the best.
func (w *watcher) evaluate(round int) float64 {
	w.predict()
	w.last = round
	loss, ok := w.loss()
	if !ok {
		w.blind = true
	}
	if w.blind || loss < w.bestLoss || w.best == 0 {
		w.best, w.bestLoss = round, loss
		w.pred, w.bestPred = w.bestPred, w.pred
	}
	return loss
}

func (w *watcher) loss() (float64, bool) {
	p := w.problem
	score, err := w.metric.Score(p.Task, p.Classes, w.valid.y, w.pred, w.valid.w)
	if err != nil {
		w.metric = metrics.Default(p.Task)
		if p.Task == metrics.Binary {
			w.metric, _ = metrics.Lookup("log_loss")
		}
		if score, err = w.metric.Score(p.Task, p.Classes, w.valid.y, w.pred, w.valid.w); err != nil {
			return 0, false
		}
	}
	loss := w.metric.Loss(score)
	return loss, !math.IsNaN(loss)
}

// predict writes the predictions to pred: the bits that the predictor gives, as
// both sum up the trees in order.
func (w *watcher) predict() {
	c := w.crew
	if w.valid.n < parallelRows {
		c = alone
	}
	c.blocks(w.valid.n, func(lo, hi, _ int) { w.predictBlock(lo, hi) })
}

func (w *watcher) predictBlock(lo, hi int) {
	width := len(w.score)
	if width == 1 {
		sum := append([]float64(nil), w.score[0][lo:hi]...)
		w.link.Apply(sum, 1, w.pred[lo:hi])
		return
	}
	sum := make([]float64, width)
	for i := lo; i < hi; i++ {
		for k := range sum {
			sum[k] = w.score[k][i]
		}
		w.link.Apply(sum, 1, w.pred[i*width:(i+1)*width])
	}
}
