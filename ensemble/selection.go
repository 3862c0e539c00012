package ensemble

import (
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// selection is one run of the greedy search.
type selection struct {
	rows   *table
	metric metrics.Metric
	out    []bool // models that must not be chosen, nil for none
}

// evaluator gives the loss of (sum of the models chosen + model k) / (n + 1),
// +Inf where it is not defined, and adds a model to the sum.
type evaluator interface {
	loss(k int) float64
	add(k int)
}

func (s *selection) evaluator() evaluator {
	r := s.rows
	switch {
	case s.metric.Name == "root_mean_squared_error" || s.metric.Name == "mean_squared_error":
		return newSquares(r)
	case s.metric.Name == "log_loss":
		return newLogs(r)
	}
	return &general{rows: r, metric: s.metric, sum: make([]float32, len(r.preds[0])), mix: make([]float32, len(r.preds[0]))}
}

// run adds models until nothing has helped for patience steps and returns the
// weights of the best prefix.
func (s *selection) run(first, steps, patience int, late func() bool) []float64 {
	ev := s.evaluator()
	count := make([]int, len(s.rows.preds))
	best := append([]int(nil), count...)
	best[first] = 1
	bestLoss, since := ev.loss(first), 0
	ev.add(first)
	count[first]++
	for n := 1; n < steps && since < patience; n++ {
		k, loss := s.next(ev, count, late)
		if k < 0 {
			break
		}
		ev.add(k)
		count[k]++
		since++
		if loss < bestLoss-minGain {
			bestLoss, since = loss, 0
			copy(best, count)
		}
	}
	return shares(best)
}

// next is the best model to add, -1 when late or when none can be evaluated.
func (s *selection) next(ev evaluator, count []int, late func() bool) (int, float64) {
	next, nextLoss := -1, math.Inf(1)
	for k := range count {
		if late != nil && late() {
			return -1, 0
		}
		if s.out != nil && s.out[k] {
			continue
		}
		loss := ev.loss(k)
		tie := next >= 0 && loss == nextLoss && count[next] == 0 && count[k] > 0
		if loss < nextLoss || tie {
			next, nextLoss = k, loss
		}
	}
	return next, nextLoss
}

func shares(count []int) []float64 {
	total := 0
	for _, c := range count {
		total += c
	}
	weights := make([]float64, len(count))
	for k, c := range count {
		weights[k] = float64(c) / float64(total)
	}
	return weights
}

// general asks the metric itself.
type general struct {
	rows     *table
	metric   metrics.Metric
	sum, mix []float32
	n        int
}

func (g *general) loss(k int) float64 {
	scale := 1 / float32(g.n+1)
	p := g.rows.preds[k]
	for i, v := range g.sum {
		g.mix[i] = (v + p[i]) * scale
	}
	loss, err := g.rows.loss(g.metric, g.mix)
	if err != nil {
		return math.Inf(1)
	}
	return loss
}

func (g *general) add(k int) {
	for i, v := range g.rows.preds[k] {
		g.sum[i] += v
	}
	g.n++
}

// squares knows the products of all pairs of residuals, from which the squared
// error of any average follows without looking at a row again. Its losses are
// mean squared errors, in the order of their roots.
type squares struct {
	products [][]float64
	cross    []float64 // of the summed residuals with each model's
	own      float64   // of the summed residuals with themselves
	n        float64
}

func newSquares(t *table) *squares {
	models := len(t.preds)
	q := &squares{products: make([][]float64, models), cross: make([]float64, models)}
	residuals := make([][]float64, models)
	total := 0.0
	for i := range t.y {
		total += t.weight(i)
	}
	for k, p := range t.preds {
		residuals[k] = make([]float64, len(t.y))
		for i, v := range p {
			residuals[k][i] = math.Sqrt(t.weight(i)/total) * (float64(v) - float64(t.y[i]))
		}
	}
	for a := range models {
		q.products[a] = make([]float64, models)
		for b := range a + 1 {
			sum := 0.0
			for i, v := range residuals[a] {
				sum += float64(v * residuals[b][i])
			}
			q.products[a][b], q.products[b][a] = sum, sum
		}
	}
	return q
}

func (t *table) weight(i int) float64 {
	if t.w == nil {
		return 1
	}
	return float64(t.w[i])
}

func (q *squares) loss(k int) float64 {
	n := q.n + 1
	return (q.own + 2*q.cross[k] + q.products[k][k]) / (n * n)
}

func (q *squares) add(k int) {
	q.own += 2*q.cross[k] + q.products[k][k]
	for j := range q.cross {
		q.cross[j] += q.products[k][j]
	}
	q.n++
}

// logs looks only at the probability of the true class.
type logs struct {
	truth  [][]float64 // by model and row
	sum    []float64
	weight []float64 // nil: one
	n      float64
}

func newLogs(t *table) *logs {
	l := &logs{sum: make([]float64, len(t.y))}
	if t.w != nil {
		for i := range t.y {
			l.weight = append(l.weight, t.weight(i))
		}
	}
	for _, p := range t.preds {
		truth := make([]float64, len(t.y))
		for i, v := range t.y {
			switch {
			case t.width > 1:
				truth[i] = float64(p[i*t.width+int(v)])
			case v == 1:
				truth[i] = float64(p[i])
			default:
				truth[i] = 1 - float64(p[i])
			}
		}
		l.truth = append(l.truth, truth)
	}
	return l
}

// The floor of a probability, as in metrics: eight of them multiply to a
// normal number.
const floor = 0x1p-52

func (l *logs) loss(k int) float64 {
	scale, total, truth := 1/(l.n+1), 0.0, l.truth[k]
	if l.weight != nil {
		all := 0.0
		for i, w := range l.weight {
			total += float64(w * math.Log(max(floor, (l.sum[i]+truth[i])*scale)))
			all += w
		}
		return -total / all
	}
	for lo := 0; lo < len(truth); lo += 8 {
		product := 1.0
		for i := lo; i < min(lo+8, len(truth)); i++ {
			product *= max(floor, (l.sum[i]+truth[i])*scale)
		}
		total += math.Log(product)
	}
	return -total / float64(len(truth))
}

func (l *logs) add(k int) {
	for i, v := range l.truth[k] {
		l.sum[i] += v
	}
	l.n++
}
