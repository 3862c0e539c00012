package mlp

import (
	"context"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
)

const (
	// heldRows is about how many rows all rehearsals together hold out, where there
	// are that many.
	heldRows = 1600
	// rehearsedRows bounds the training rows of a fit that is rehearsed: with more of
	// them a net overfits less, in fewer epochs, and time counts more.
	rehearsedRows = 8000
	// rehearsalMembers bounds the members of a net in rehearsal.
	rehearsalMembers = 2
)

// rehearse is train for a fit without validation rows: smaller nets go through the
// same schedule, each without the rows of one fold, and the fit ends with the cycle
// after which their loss on those rows is least. At the end of a cycle the rate is
// near zero: few rows can tell four such points apart, but not single epochs. The fit
// itself follows where they found a gain, so that ctx may end it at any time. On halves
// of small public tables it is needed: some lost a third by going on to the end, others
// more than doubled their loss by ending a cycle early.
func (t *trainer) rehearse(ctx context.Context, nets []*trainer) (steps int, truncated bool) {
	for t.steps < t.mark(firstEnd) {
		if !t.step(ctx) {
			return t.bestAt, true
		}
		t.keep()
	}
	best := math.Inf(1)
	for _, end := range []float64{firstEnd, secondEnd, thirdEnd, 1} {
		loss := 0.0
		for _, n := range nets {
			if !n.upTo(ctx, end) {
				return t.bestAt, true
			}
			loss += n.validate()
		}
		switch {
		case !(loss > best): // a loss that is not defined stops nothing
			if !t.upTo(ctx, end) {
				return t.bestAt, true
			}
			t.keep()
			best = loss
		case end == thirdEnd:
			return t.bestAt, false // the last cycle is longer than all others
		}
	}
	return t.bestAt, false
}

// mark is the number of steps up to a point of the schedule, at least one.
func (t *trainer) mark(end float64) int { return max(1, int(end*float64(t.total()))) }

// upTo takes the steps up to a point of the schedule and reports whether it came there.
func (t *trainer) upTo(ctx context.Context, end float64) bool {
	for t.steps < t.mark(end) {
		if !t.step(ctx) {
			return false
		}
	}
	return true
}

// rehearsals are the nets that rehearse: none where the steps are given, where there are
// validation rows to stop by, and for very few rows or many.
func (t *trainer) rehearsals() []*trainer {
	r, rows := t.request, len(t.rows)
	if r.MaxSteps > 0 || len(r.Valid.Rows) > 0 || rows < 4*encode.InnerFolds || rows > rehearsedRows {
		return nil
	}
	shape := algos.Shape{Rows: rows, Task: r.Problem.Task, Classes: r.Problem.Classes}
	params := Learner{}.Space(shape).Complete(r.Params) // those for all rows, not for fewer
	params["members"] = float64(min(t.set.members, rehearsalMembers))
	fold := encode.Folds(r.Train.Rows, r.Train.Groups, encode.InnerFolds, r.Seed)
	var nets []*trainer
	for k := range min(encode.InnerFolds, (encode.InnerFolds*heldRows-1)/rows+1) {
		q := *r
		q.Params, q.Report, q.Valid = params, nil, r.Train
		q.Train.Rows, q.Valid.Rows = nil, nil
		for i, row := range r.Train.Rows {
			if fold[i] == k {
				q.Valid.Rows = append(q.Valid.Rows, row)
			} else {
				q.Train.Rows = append(q.Train.Rows, row)
			}
		}
		f := &fit{request: &q}
		if len(q.Valid.Rows) > 0 && f.prepare() == nil { // else, as without weights, it tells nothing
			nets = append(nets, newTrainer(f))
		}
	}
	return nets
}
