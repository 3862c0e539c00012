package matrix

import "fmt"

// Encoding is how a category becomes the mean of the target.
type Encoding struct {
	By By `json:"by"`
	// Smooth is the weight of the overall mean, in rows, from 0 to 1e12.
	Smooth float64 `json:"smooth"`
}

// By says which rows the number of a training row comes from.
type By string

const (
	// ByFolds: from the other folds of an inner split.
	ByFolds By = "folds"
	// ByOthers: from all other rows, "leave one out"; with groups of rows it is ByFolds.
	// Trees may find out, if faintly, what a row's own target is: where all other
	// rows are the same, it is what differs.
	ByOthers By = "leave_one_out"
	// ByEarlier: from the rows before it in a random order (ordered target statistics,
	// Prokhorenkova et al. 2018).
	ByEarlier By = "ordered"
)

// ParseBy reads a By as a user writes it.
func ParseBy(s string) (By, error) {
	switch b := By(s); b {
	case ByFolds, ByOthers, ByEarlier:
		return b, nil
	}
	return "", fmt.Errorf("%q: use %s, %s or %s", s, ByFolds, ByOthers, ByEarlier)
}

// maxSmooth leaves nothing of a category, and keeps sums finite.
const maxSmooth = 1e12

// Check reports an encoding that cannot be made.
func (e *Encoding) Check() error {
	if _, err := ParseBy(string(e.By)); err != nil {
		return fmt.Errorf("by %w", err)
	}
	if !(e.Smooth >= 0 && e.Smooth <= maxSmooth) {
		return fmt.Errorf("smooth %v: use a number of rows from 0 to %g", e.Smooth, maxSmooth)
	}
	return nil
}
