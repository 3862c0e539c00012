package model

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// hybridRows is about how many mixed rows are scored at a time.
	hybridRows = 2048
	// rowsAtOnce bounds the explained rows whose sums are in memory one by one.
	rowsAtOnce = 64
)

// walker samples contributions. A walk takes an order of the columns and a row of
// the background, which turns into the explained row column by column in that
// order, and then once more in the reverse order; a column gets half of the
// two changes that it makes. The walks of a row meet every row of the
// background equally often.
type walker struct {
	*explained
	background int // rows
	walks      int // of each explained row
	perTask    int // walks
	tasks      int // of each explained row
	columns    int
}

// tally is what some walks of one row add up to.
type tally struct {
	sum, square []float64 // outputs×columns
	from, to    []float64 // outputs: predictions for the background and the row
	err         error
}

// sampled estimates contributions to the prediction.
func (x *explained) sampled(ctx context.Context) (*Explanation, error) {
	if x.alone {
		return nil, errAlone
	}
	w := &walker{explained: x, background: x.table.Rows() - x.first, columns: len(x.result.Columns)}
	w.walks = (orDefault(x.Samples, defaultSamples) + w.background - 1) / w.background * w.background
	w.perTask = max(1, hybridRows/w.states())
	w.tasks = (w.walks + w.perTask - 1) / w.perTask
	r := x.result
	r.Method, r.Unit, r.StdErr = Sampled, UnitPrediction, make([]float64, len(r.Contributions))
	for from := 0; from < x.first; from += rowsAtOnce {
		if err := w.rows(ctx, from, min(x.first, from+rowsAtOnce)); err != nil {
			return nil, err
		}
	}
	w.finish()
	return r, nil
}

// rows makes the walks of some of the rows to explain.
func (w *walker) rows(ctx context.Context, from, to int) error {
	tallies := make([]tally, (to-from)*w.tasks)
	each(len(tallies), func(i int) {
		if ctx.Err() == nil {
			tallies[i] = w.task(from+i/w.tasks, i%w.tasks)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, t := range tallies {
		if t.err != nil {
			return t.err
		}
		w.add(from+i/w.tasks, t)
	}
	return nil
}

// task makes the walks of one task for the i-th row.
func (w *walker) task(i, task int) tally {
	from, to := task*w.perTask, min((task+1)*w.perTask, w.walks)
	rng := rand.New(rand.NewPCG(w.Seed, uint64(w.Rows[i])<<24^uint64(task)))
	orders := make([][]int, to-from)
	for k := range orders {
		orders[k] = rng.Perm(w.columns)
	}
	scores, err := w.score(i, from, orders)
	t := tally{
		sum: make([]float64, w.width*w.columns), square: make([]float64, w.width*w.columns),
		from: make([]float64, w.width), to: make([]float64, w.width), err: err,
	}
	if err != nil {
		return t
	}
	change := make([]float64, w.width*w.columns)
	for k, order := range orders {
		clear(change)
		w.changes(scores[k*w.states()*w.width:(k+1)*w.states()*w.width], order, change)
		for j, v := range change {
			t.sum[j] += v
			t.square[j] += float64(v * v)
		}
		for j := range w.width {
			t.from[j] += scores[k*w.states()*w.width+j]
			t.to[j] += scores[(k*w.states()+w.columns)*w.width+j]
		}
	}
	return t
}

// states of a walk: after 0 to columns columns forth, after 1 to columns-1 back.
func (w *walker) states() int { return 2 * w.columns }

// score predicts all states of the walks of row i from walk number first on.
func (w *walker) score(i, first int, orders [][]int) ([]float64, error) {
	n := len(orders) * w.states()
	from := make([][]int32, w.columns) // of each column: the row of x.table it is taken from
	for c := range from {
		from[c] = make([]int32, n)
	}
	for k, order := range orders {
		start, back := k*w.states(), int32(w.first+(first+k)%w.background)
		for place, c := range order {
			states := from[c][start : start+w.states()]
			for s := range states {
				states[s] = back
				forth := s <= w.columns && place < s
				reverse := s > w.columns && w.columns-1-place < s-w.columns
				if forth || reverse {
					states[s] = int32(i)
				}
			}
		}
	}
	cols := make([]*data.Column, w.columns)
	for c, name := range w.result.Columns {
		one, err := w.table.Select(name)
		if err != nil {
			return nil, err
		}
		cols[c] = one.Take(from[c]).Column(name)
	}
	table, err := data.NewTable(cols...)
	if err != nil {
		return nil, err
	}
	pl := w.m.spec.Pipeline
	frame, err := pl.Frame(table, 1)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, n*w.width)
	w.m.score(matrix.New(frame, pl.Encoder(), 1), scores, 1)
	w.m.spec.Calibration.Apply(w.m.spec.Info.Task, len(w.m.spec.Info.Classes), scores)
	return scores, nil
}

// changes adds what each column changes in a walk, the mean of both directions.
func (w *walker) changes(scores []float64, order []int, change []float64) {
	state := func(s, k int) float64 { return scores[s*w.width+k] }
	// back is the state after n columns in reverse order.
	back := func(n int) int {
		switch n {
		case 0:
			return 0
		case w.columns:
			return w.columns
		}
		return w.columns + n
	}
	for place, c := range order {
		n := w.columns - 1 - place
		for k := range w.width {
			change[k*w.columns+c] += (state(place+1, k) - state(place, k)) / 2
			change[k*w.columns+c] += (state(back(n+1), k) - state(back(n), k)) / 2
		}
	}
}

// add adds a tally of the i-th row to the result.
func (w *walker) add(i int, t tally) {
	r, size := w.result, w.width*w.columns
	n := float64(w.walks)
	for j, v := range t.sum {
		r.Contributions[i*size+j] += v / n
		r.StdErr[i*size+j] += t.square[j] / n
	}
	for k, v := range t.to {
		r.Predictions[i*w.width+k] += v / n
		if i == 0 {
			r.Expected[k] += t.from[k] / n
		}
	}
}

// finish turns the mean squares into standard errors of the means.
func (w *walker) finish() {
	r := w.result
	for j, square := range r.StdErr {
		mean := r.Contributions[j]
		variance := max(0, square-float64(mean*mean)) / float64(max(1, w.walks-1))
		r.StdErr[j] = math.Sqrt(variance)
	}
}

// threads of a call.
func threads() int { return runtime.GOMAXPROCS(0) }
