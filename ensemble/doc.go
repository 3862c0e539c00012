// Package ensemble combines trained models by weights chosen on predictions
// for rows that none of them has seen.
//
// Fit follows R. Caruana et al., Ensemble Selection from Libraries of
// Models, ICML 2004: models are added one at a time, with replacement, each
// time the one that improves the metric of the average the most. What costs more
// than it brings is left out, and limits of size and time are kept to (limits.go).
//
// What is chosen on rows looks better on them than it is. So the choice is made
// anew without each part of the rows, and the loss that Fit tells is of the
// predictions for the parts left out (nested.go). What goes beyond a mean is used only
// if it is better there: a second layer (layer.go), a scale of the probabilities
// (scale.go), factors by which labels are told (decision.go).
//
// Tried on fourteen tables and left out: bags of models (Caruana's; worse), the mean
// of weights chosen on different rows (no better), more or fewer steps, a layer over all
// candidates (no better than over the members, which predict faster), smoothed isotonic
// regression beside the scale (on 22 tables it was chosen for three by a standard error, and
// worse on new rows for each), a boosted layer over the members and the table's features (39 cases: by
// a standard error over the parts it was chosen once).
//
// The package is pure: its goroutines end before Fit returns, and it persists
// nothing.
package ensemble
