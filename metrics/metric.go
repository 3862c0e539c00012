package metrics

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Metric is a score by scikit-learn's name and definition. It is plain data
// and marshals as its name; the zero value scores nothing.
type Metric struct {
	// Name is scikit-learn's, such as "roc_auc".
	Name string
	// Greater says that higher scores are better.
	Greater bool
	// Tasks are the kinds of problem the metric is defined for.
	Tasks []Task
	// Source names the definition that Score follows.
	Source string
}

// Lookup finds a metric by its full name or an alias such as "auc", "rmse" or
// "logloss". Case, spaces and hyphens do not matter.
func Lookup(name string) (Metric, error) {
	key := lookupKey(name)
	if full, ok := aliases[key]; ok {
		key = full
	}
	if d := find(key); d != nil {
		return d.metric(), nil
	}
	return Metric{}, fmt.Errorf("unknown metric %q: there are %s", name, strings.Join(Names(), ", "))
}

// lookupKey is a name as metrics are found by.
func lookupKey(name string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// Names lists the full names of all metrics in alphabetical order.
func Names() []string {
	var names []string
	for _, d := range all() {
		names = append(names, d.name)
	}
	sort.Strings(names)
	return names
}

// ForTask lists the metrics of a task, its default first.
func ForTask(t Task) []Metric {
	var list []Metric
	def := Default(t)
	if def.Name != "" {
		list = append(list, def)
	}
	for _, d := range all() {
		if m := d.metric(); m.Name != def.Name && m.Supports(t) {
			list = append(list, m)
		}
	}
	return list
}

// Default is the metric of a task when the user names none: roc_auc (binary),
// log_loss (multiclass) or root_mean_squared_error (regression); the zero
// Metric for an unknown task.
func Default(t Task) Metric {
	name := map[Task]string{Binary: "roc_auc", Multiclass: "log_loss", Regression: "root_mean_squared_error"}[t]
	if d := find(name); d != nil {
		return d.metric()
	}
	return Metric{}
}

// Supports reports whether the metric is defined for a task.
func (m Metric) Supports(t Task) bool { return slices.Contains(m.Tasks, t) }

// OfLabels reports whether the metric looks at the classes that are predicted, not at
// their probabilities.
func (m Metric) OfLabels() bool {
	switch m.Name {
	case "", "roc_auc", "average_precision", "log_loss", "brier_score_loss":
		return false
	}
	return !m.Supports(Regression)
}

// Loss turns a score into a number of which lower is better and, for metrics
// whose best score is 1, 0 is best.
func (m Metric) Loss(score float64) float64 {
	if m.Greater {
		return 1 - score
	}
	return score
}

// FromLoss is the score that has the given Loss.
func (m Metric) FromLoss(loss float64) float64 {
	if m.Greater {
		return 1 - loss
	}
	return loss
}

// String is the metric's name.
func (m Metric) String() string { return m.Name }

// MarshalText gives the metric's name.
func (m Metric) MarshalText() ([]byte, error) { return []byte(m.Name), nil }

// UnmarshalText reads a name or alias; an empty text gives the zero Metric.
func (m *Metric) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = Metric{}
		return nil
	}
	found, err := Lookup(string(b))
	if err != nil {
		return err
	}
	*m = found
	return nil
}
