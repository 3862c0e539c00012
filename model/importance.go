package model

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// FoldMember is a member that was trained without the rows of one fold.
type FoldMember struct {
	Weight    float64 // within its fold: the weights of a fold sum to 1
	Fold      int
	Predictor predictor.Predictor
}

// OutOfFold is what Permute needs to judge columns on rows the members have
// not seen.
type OutOfFold struct {
	Table    *data.Table // the training table
	Pipeline *featurize.Pipeline
	Metric   metrics.Metric
	Task     metrics.Task
	Classes  int
	Y        []float32
	Folds    [][]int32 // the rows of each fold
	Members  []FoldMember
	// Calibration of the members' weighted mean, nil for none.
	Calibration *ensemble.Calibration
	Seed        uint64
	// MaxRows bounds the rows that judge a column, 0 means 1,000.
	MaxRows int
	// Repeats is how often each column is shuffled, 0 means once. Two or more
	// give a standard error.
	Repeats int
}

// Out-of-fold rows that judge a column: permuteRows where time allows it, at
// least fewestRows.
const (
	permuteRows = 1000
	fewestRows  = 100
)

// Permute measures the permutation importance of every input column on
// out-of-fold rows: MaxRows, or as few as 100 if until (zero for no limit) would
// come before all columns are measured. Columns not reached by then have no
// figure. The result is sorted, the most important first.
func Permute(o OutOfFold, until time.Time) ([]Importance, error) {
	return permute(o, until, func() bool { return !until.IsZero() && time.Now().After(until) })
}

// permute is Permute that begins no column after late answers true.
func permute(o OutOfFold, until time.Time, late func() bool) ([]Importance, error) {
	columns := o.Pipeline.Columns()
	result := make([]Importance, len(columns))
	for i, column := range columns {
		result[i].Column = column
	}
	if late() || len(columns) == 0 {
		return result, nil
	}
	p, err := newPermuter(o, orDefault(o.MaxRows, permuteRows))
	if err != nil {
		return nil, err
	}
	if rows := p.affordable(len(columns), until); rows < len(p.y) {
		if p, err = newPermuter(o, rows); err != nil {
			return nil, err
		}
	}
	errs := make([]error, len(columns))
	each(len(columns), func(i int) {
		if late() {
			return
		}
		errs[i] = p.measure(&result[i])
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(result, func(a, b Importance) int { return cmp.Compare(b.drop(), a.drop()) })
	return result, nil
}

// affordable is the number of rows for which all columns can be measured until
// then, judged by what the sample's own loss took.
func (p *permuter) affordable(columns int, until time.Time) int {
	if until.IsZero() {
		return len(p.y)
	}
	need := float64(p.took) * float64(columns*len(p.perms)) / float64(runtime.GOMAXPROCS(0))
	share := 0.8 * float64(time.Until(until)) / max(need, 1)
	return max(fewestRows, int(min(share, 1)*float64(len(p.y))))
}

func (i Importance) drop() float64 {
	if i.Drop == nil {
		return -1e300
	}
	return *i.Drop
}

// permuter holds the sample of rows that judges all columns.
type permuter struct {
	OutOfFold
	table *data.Table
	frame *matrix.Frame
	y     []float32
	byK   [][]int32 // rows of the sample, by fold
	perms [][]int32 // of the sample, one a repeat
	base  float64
	took  time.Duration // to compute base
}

func newPermuter(o OutOfFold, most int) (*permuter, error) {
	rng := rand.New(rand.NewPCG(o.Seed, 0x7065726d))
	type row struct {
		index int32
		fold  int
	}
	var all []row
	for k, rows := range o.Folds {
		for _, r := range rows {
			all = append(all, row{r, k})
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(len(all), most)]
	p := &permuter{OutOfFold: o, byK: make([][]int32, len(o.Folds))}
	rows := make([]int32, len(all))
	for i, r := range all {
		rows[i] = r.index
		p.byK[r.fold] = append(p.byK[r.fold], int32(i))
		p.y = append(p.y, o.Y[r.index])
	}
	for range orDefault(o.Repeats, 1) {
		perm := interval(0, len(rows))
		rng.Shuffle(len(perm), func(i, j int) { perm[i], perm[j] = perm[j], perm[i] })
		p.perms = append(p.perms, perm)
	}
	p.table = o.Table.Take(rows)
	var err error
	if p.frame, err = o.Pipeline.Frame(p.table, 1); err != nil {
		return nil, err
	}
	start := time.Now()
	p.base, err = p.loss(p.frame)
	p.took = time.Since(start)
	return p, err
}

// loss of the ensemble on the sample, featurized as frame.
func (p *permuter) loss(frame *matrix.Frame) (float64, error) {
	width := metrics.Width(p.Task, p.Classes)
	pred := make([]float32, frame.Rows*width)
	x := matrix.New(frame, p.Pipeline.Encoder(), 1)
	for k, rows := range p.byK {
		out := make([]float32, len(rows)*width)
		for _, m := range p.Members {
			if m.Fold != k || len(rows) == 0 {
				continue
			}
			m.Predictor.Predict(x, rows, out)
			for i, r := range rows {
				for j := range width {
					pred[int(r)*width+j] += float32(m.Weight * p.Calibration.Term(p.Task, out[i*width+j]))
				}
			}
		}
	}
	score, err := p.Metric.Score(p.Task, p.Classes, p.y, p.Calibration.Judged(p.Metric, p.Task, p.Classes, pred), nil)
	return p.Metric.Loss(score), err
}

// measure finds the mean loss that shuffling one column adds, and its standard
// error over the repeats.
func (p *permuter) measure(i *Importance) error {
	drops, mean, square := make([]float64, len(p.perms)), 0.0, 0.0
	for k, perm := range p.perms {
		frame, err := p.shuffled(i.Column, perm)
		if err != nil {
			return err
		}
		loss, err := p.loss(frame)
		if err != nil {
			return err
		}
		drops[k] = loss - p.base
		mean += drops[k] / float64(len(drops))
	}
	for _, d := range drops {
		square += float64((d - mean) * (d - mean))
	}
	i.Drop = &mean
	if n := float64(len(drops)); n > 1 {
		i.StdErr = math.Sqrt(square / (n - 1) / n)
	}
	return nil
}

// shuffled is the sample's frame with one input column shuffled. Features made
// of that column alone are shuffled as they are; only where a feature has
// other sources too, or is text, is the column itself shuffled.
func (p *permuter) shuffled(column string, perm []int32) (*matrix.Frame, error) {
	frame := *p.frame
	frame.Cols, frame.Exact = slices.Clone(p.frame.Cols), slices.Clone(p.frame.Exact)
	alone := frame.Sparse == nil
	for f, feature := range frame.Features {
		if !slices.Contains(feature.Sources, column) {
			continue
		}
		if len(feature.Sources) > 1 {
			alone = false
			break
		}
		if frame.Exact != nil {
			frame.Exact[f] = take(p.frame.Exact[f], perm)
		} else {
			frame.Cols[f] = take(p.frame.Cols[f], perm)
		}
	}
	if alone {
		return &frame, nil
	}
	cols := slices.Clone(p.table.Columns())
	for i, c := range cols {
		if c.Name == column {
			cols[i] = p.table.Take(perm).Column(column)
		}
	}
	table, err := data.NewTable(cols...)
	if err != nil {
		return nil, err
	}
	return p.Pipeline.Frame(table, 1)
}

func take[T any](values []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
