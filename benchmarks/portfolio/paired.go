package main

import "math"

// paired gives the mean losses over folds 0 to k, for k below the last, above which a
// trial is behind a reference, a trial with the given losses on all folds, and
// unlikely to come up with it in those that remain: its partial mean is compared
// with the reference's on the same folds, so that what makes a fold hard for all
// does not count (a paired test). Behind means by width standard errors of the
// difference that all folds will show, given the folds so far. near are losses of
// other trials that are about as good: how much their differences from the reference
// change from fold to fold is how much a difference is expected to. nil if there
// are fewer than two folds or no others.
func paired(reference []float64, near [][]float64, width float64) []float64 {
	folds := len(reference)
	if folds < 2 {
		return nil
	}
	spread, n := 0.0, 0
	for _, losses := range near {
		if len(losses) == folds {
			spread += pairedVariance(reference, losses)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	deviation := math.Sqrt(spread / float64(n))
	out := make([]float64, folds-1)
	sum := 0.0
	for k := range out {
		sum += reference[k]
		seen := float64(k + 1)
		out[k] = sum/seen + float64(width*deviation)*math.Sqrt(1/seen-1/float64(folds))
	}
	return out
}

// pairedVariance is that of the differences between two trials over the folds.
func pairedVariance(a, b []float64) float64 {
	mean, sum := 0.0, 0.0
	for k := range a {
		mean += (b[k] - a[k]) / float64(len(a))
	}
	for k := range a {
		d := b[k] - a[k] - mean
		sum += float64(d * d)
	}
	return sum / float64(len(a)-1)
}
