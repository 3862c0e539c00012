package scheduler

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/trials"
)

// The candidates of the ensemble: the best trials, and the best of each learner
// for the sake of diversity.
const (
	poolBest    = 30
	poolLearner = 3
)

// pool are the records that belong to the ensemble's candidates, best first.
// A record that is not among the candidates of a set of records is not among
// those of any larger set, so that what is let go is never missed.
func pool(records []*trials.Record, maxBytes, oofBytes int64) []*trials.Record {
	var in []*trials.Record
	split(records, maxBytes, oofBytes, func(r *trials.Record, ok bool) {
		if ok {
			in = append(in, r)
		}
	})
	return in
}

// outside are the records that hold something but are not candidates.
func outside(records []*trials.Record, maxBytes, oofBytes int64) []*trials.Record {
	var out []*trials.Record
	split(records, maxBytes, oofBytes, func(r *trials.Record, ok bool) {
		if !ok {
			out = append(out, r)
		}
	})
	return out
}

// split goes through the records that hold predictions, best first. The bytes
// of all better ones count, candidates or not: that only grows.
func split(records []*trials.Record, maxBytes, oofBytes int64, visit func(*trials.Record, bool)) {
	var held []*trials.Record
	for _, r := range records {
		if res := r.Result; r.State == trials.Succeeded && res != nil && res.OutOfFold != "" && !math.IsNaN(res.Loss) {
			held = append(held, r)
		}
	}
	slices.SortFunc(held, func(a, b *trials.Record) int {
		return cmp.Or(cmp.Compare(a.Result.Loss, b.Result.Loss), cmp.Compare(a.Spec.Number, b.Spec.Number))
	})
	bytes := int64(0)
	of := map[string]int{}
	for i, r := range held {
		bytes += r.Result.Bytes + oofBytes
		of[r.Spec.Learner]++
		ranked := i < poolBest || of[r.Spec.Learner] <= poolLearner
		visit(r, i == 0 || ranked && (maxBytes <= 0 || bytes <= maxBytes))
	}
}
