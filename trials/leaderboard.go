package trials

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// Row is one line of the leaderboard.
type Row struct {
	// Rank counts from 1; 0 for trials that did not succeed.
	Rank    int    `json:"rank,omitempty"`
	Trial   int    `json:"trial"`
	Learner string `json:"learner"`
	// Score is in the metric's own direction, nil without a result.
	Score *float64 `json:"score,omitempty"`
	// StdErr is the standard error of the mean over folds, nil with fewer than two.
	StdErr *float64 `json:"std_err,omitempty"`
	// Behind is how much more loss the trial has than the best one, in the mean over the
	// folds that both were judged on, and BehindErr the standard error of it; nil with fewer
	// than two. The error allows for the rows that folds have in common in training (Nadeau
	// and Bengio 2003).
	Behind    *float64 `json:"behind,omitempty"`
	BehindErr *float64 `json:"behind_err,omitempty"`
	// EndSeconds is when the trial ended, from the dispatch of the first; 0 if it has not.
	EndSeconds     float64       `json:"end_seconds,omitempty"`
	FitSeconds     float64       `json:"fit_seconds"`
	PredictSeconds float64       `json:"predict_seconds"`
	Folds          int           `json:"folds"`
	Params         search.Params `json:"params,omitempty"`
	State          State         `json:"state"`
	Reason         string        `json:"reason,omitempty"`
}

// Rank orders trials: the succeeded ones by loss (equal losses by number), then
// the rest by state and number.
func Rank(records []*Record, m metrics.Metric) []Row {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, compare)
	start := firstQueued(records)
	rows := make([]Row, len(sorted))
	for i, r := range sorted {
		rows[i] = row(r, m)
		if !start.IsZero() && r.Finished.After(start) {
			rows[i].EndSeconds = r.Finished.Sub(start).Seconds()
		}
		if ranked(r) {
			rows[i].Rank = i + 1
			rows[i].Behind, rows[i].BehindErr = behind(r, sorted[0])
		}
	}
	return rows
}

// firstQueued is when the first of the records was dispatched, zero if it is not known.
func firstQueued(records []*Record) (t time.Time) {
	for _, r := range records {
		if !r.Queued.IsZero() && (t.IsZero() || r.Queued.Before(t)) {
			t = r.Queued
		}
	}
	return t
}

// behind compares a trial with the best one fold by fold.
func behind(r, best *Record) (mean, se *float64) {
	a, b := r.Result.FoldLosses, best.Result.FoldLosses
	if r == best || len(a) != len(b) {
		return nil, nil
	}
	diffs := make([]float64, len(a))
	sum := 0.0
	for i := range a {
		diffs[i] = a[i] - b[i]
		sum += diffs[i]
	}
	if se = stdErr(diffs); se == nil {
		return nil, nil
	}
	n := float64(len(a))
	sum /= n
	// k folds, of which each trains on k-1 parts and is judged on one.
	wider := *se * math.Sqrt(1+n/max(1, float64(best.Spec.Split.Folds-1)))
	return &sum, &wider
}

func ranked(r *Record) bool { return r.State == Succeeded && r.Result != nil }

func compare(a, b *Record) int {
	if c := cmp.Compare(order(a), order(b)); c != 0 {
		return c
	}
	if ranked(a) {
		if c := cmp.Compare(a.Result.Loss, b.Result.Loss); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Spec.Number, b.Spec.Number)
}

func order(r *Record) int {
	if ranked(r) {
		return 0
	}
	return 1 + slices.Index([]State{Succeeded, Running, Queued, Pruned, Failed, Cancelled}, r.State)
}

func row(r *Record, m metrics.Metric) Row {
	out := Row{
		Trial: r.Spec.Number, Learner: r.Spec.Learner, Params: r.Spec.Params,
		State: r.State, Reason: r.Reason,
	}
	if res := r.Result; res != nil {
		out.FitSeconds, out.PredictSeconds = res.FitSeconds, res.PredictSeconds
		out.Folds = len(res.FoldLosses)
		score := m.FromLoss(res.Loss)
		out.Score = &score
		out.StdErr = res.StdErr()
	}
	return out
}

// StdErr is the standard error of the mean loss over folds, nil with fewer than two or
// where it is not finite.
func (r *Result) StdErr() *float64 { return stdErr(r.FoldLosses) }

func stdErr(x []float64) *float64 {
	if len(x) < 2 {
		return nil
	}
	n := float64(len(x))
	var mean, ss float64
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		d := v - mean
		ss += float64(d * d)
	}
	se := math.Sqrt(ss / (n - 1) / n)
	if math.IsNaN(se) || math.IsInf(se, 0) {
		return nil
	}
	return &se
}
