package metrics

import "fmt"

// Task is the kind of a supervised problem.
type Task string

// The three tasks. A binary problem has exactly two classes, the positive one
// at index 1; regression has none.
const (
	Binary     Task = "binary"
	Multiclass Task = "multiclass"
	Regression Task = "regression"
)

// ParseTask reads a task as a user writes it.
func ParseTask(s string) (Task, error) {
	switch t := Task(s); t {
	case Binary, Multiclass, Regression:
		return t, nil
	}
	return "", fmt.Errorf("unknown task %q: use binary, multiclass or regression", s)
}

// Width is the number of prediction values a row has: 1 for regression and for
// binary problems (the probability of the positive class, index 1), one
// probability a class for multiclass problems. All prediction slices of the
// project are row-major rows×Width float32.
func Width(t Task, classes int) int {
	if t == Multiclass {
		return classes
	}
	return 1
}
