package metrics

import (
	"fmt"
	"slices"
	"sync"
)

// Scorer is a metric of your own, see [Register]. Its methods are pure functions, safe for
// concurrent use.
type Scorer interface {
	// Metric says its name, direction and tasks, and where its definition comes from.
	Metric() Metric
	// Score computes it as Metric.Score says, from rows that have passed the checks there.
	Score(t Task, classes int, y, pred, w []float32) (float64, error)
}

var registered struct {
	sync.RWMutex
	list []definition
}

// Register makes a metric known by its name to this process: learners stop early by it
// and the search ranks by it where a job names it. Workers in other processes have to
// register it too. The name is written as Lookup reads it: small letters, digits and
// underscores. It fails if the name is another or taken, or if there is no task.
func Register(s Scorer) error {
	m := s.Metric()
	switch {
	case m.Name == "" || m.Name != lookupKey(m.Name):
		return fmt.Errorf("metric %q: write its name as %q", m.Name, lookupKey(m.Name))
	case len(m.Tasks) == 0:
		return fmt.Errorf("metric %q is for no task", m.Name)
	}
	for _, t := range m.Tasks {
		if _, err := ParseTask(string(t)); err != nil {
			return fmt.Errorf("metric %q: %w", m.Name, err)
		}
	}
	registered.Lock()
	defer registered.Unlock()
	same := func(d definition) bool { return d.name == m.Name }
	if slices.ContainsFunc(definitions, same) || slices.ContainsFunc(registered.list, same) || aliases[m.Name] != "" {
		return fmt.Errorf("metric %q is registered already", m.Name)
	}
	registered.list = append(registered.list, definition{m.Name, m.Greater, slices.Clone(m.Tasks), m.Source, func(x *sample) (v float64, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panicked: %v", p)
			}
		}()
		return s.Score(x.task, x.classes, x.y, x.pred, x.w)
	}})
	return nil
}

// all are the definitions of this package and the registered ones.
func all() []definition {
	registered.RLock()
	defer registered.RUnlock()
	return slices.Concat(definitions, registered.list)
}

// find is the definition of a full name, nil if there is none.
func find(name string) *definition {
	for i := range definitions {
		if definitions[i].name == name {
			return &definitions[i]
		}
	}
	registered.RLock()
	defer registered.RUnlock()
	for _, d := range registered.list {
		if d.name == name {
			return &d
		}
	}
	return nil
}
