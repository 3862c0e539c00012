package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// Origin is how a model came about, so that the same can be done again.
type Origin struct {
	// Dataset is the digest of the table.
	Dataset string `json:"dataset"`
	// Split is how trials were validated.
	Split trials.Split `json:"split"`
	// Options are those of the job, with the task, metric and validation that it came
	// to, and without the plan of the features, which the model has by itself.
	Options trials.JobOptions `json:"options"`
	// Teacher is the ensemble that the model was distilled from, nil if it was not.
	Teacher *Teacher `json:"teacher,omitempty"`
}

// Teacher is an ensemble that one model stands for.
type Teacher struct {
	// Configs of its members, with their weights.
	Configs     []trials.Config       `json:"configs"`
	Calibration *ensemble.Calibration `json:"calibration,omitempty"`
	// Student is the configuration of the model.
	Student trials.Config `json:"student"`
}

// ErrNoOrigin is returned for models that do not say how they came about.
var ErrNoOrigin = errors.New("the model does not say how it was made: it was imported, or an older version made it")

// Origin says how the model came about, nil if it does not.
func (m *Model) Origin() *Origin { return m.spec.Origin }

// Configs are the configurations of the ensemble's members with their weights
// to nine digits, the heaviest first. For a distilled model the ensemble is its teacher.
func (m *Model) Configs() ([]trials.Config, error) {
	if o := m.spec.Origin; o != nil && o.Teacher != nil {
		return slices.Clone(o.Teacher.Configs), nil
	}
	byTrial := map[int]int{}
	var out []trials.Config
	for _, member := range m.spec.Members {
		i, seen := byTrial[member.Trial]
		if !seen {
			row := slices.IndexFunc(m.spec.Leaderboard, func(r trials.Row) bool { return r.Trial == member.Trial })
			if row < 0 {
				return nil, fmt.Errorf("%w (no trial %d)", ErrNoOrigin, member.Trial)
			}
			i = len(out)
			byTrial[member.Trial] = i
			out = append(out, trials.Config{Learner: member.Learner, Params: m.spec.Leaderboard[row].Params})
		}
		out[i].Weight += member.Weight
		out[i].Models++
	}
	for i := range out { // the shares of folds do not sum up to the same bits
		out[i].Weight = math.Round(out[i].Weight*1e9) / 1e9
	}
	return out, nil
}

// Best are the configurations of the n best trials of the search.
func (m *Model) Best(n int) []trials.Config {
	var out []trials.Config
	for _, r := range m.spec.Leaderboard {
		if r.Rank > 0 && len(out) < n {
			out = append(out, trials.Config{Learner: r.Learner, Params: r.Params})
		}
	}
	return out
}

// Past is what a sampler may know of the search: its n best trials. nil if the model
// does not say how it came about.
func (m *Model) Past(n int) *trials.Past {
	o := m.spec.Origin
	metric, err := metrics.Lookup(m.spec.Info.Metric)
	if o == nil || err != nil {
		return nil
	}
	p := &trials.Past{Dataset: o.Dataset, Split: o.Split, Metric: metric.Name}
	for _, r := range m.spec.Leaderboard {
		if r.Rank > 0 && r.Score != nil && len(p.Trials) < n {
			p.Trials = append(p.Trials, trials.Tried{Config: trials.Config{Learner: r.Learner, Params: r.Params}, Loss: metric.Loss(*r.Score)})
		}
	}
	return p
}

// SameTable reports how a table of the given columns and target differs from the one
// that the model was made of, in words.
func (m *Model) SameTable(target string, columns []string) error {
	origin := m.spec.Origin
	if origin == nil {
		return ErrNoOrigin
	}
	if was := m.spec.Info.Target; target != was {
		return fmt.Errorf("the earlier target was %q, not %q", was, target)
	}
	var missing, extra []string
	known := m.spec.inputs(origin)
	for _, name := range known {
		if !slices.Contains(columns, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range columns {
		if !slices.Contains(known, name) {
			extra = append(extra, name)
		}
	}
	switch {
	case len(missing) > 0 && len(extra) > 0:
		return fmt.Errorf("the table lacks %s of the earlier one, and has %s beside", quoted(missing), quoted(extra))
	case len(missing) > 0:
		return fmt.Errorf("the table lacks %s of the earlier one", quoted(missing))
	case len(extra) > 0:
		return fmt.Errorf("the table has %s, which the earlier one had not", quoted(extra))
	}
	return nil
}

// inputs are all columns of the table that the model was made of.
func (s *Spec) inputs(o *Origin) []string {
	names := []string{s.Info.Target}
	for _, name := range []string{o.Options.Weight, o.Options.Group, o.Options.TimeColumn, o.Options.Fold} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, c := range s.Plan.Columns {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// quoted lists names, a few of them if there are many.
func quoted(names []string) string {
	const most = 5
	text := "column"
	if len(names) > 1 {
		text += "s"
	}
	shown := make([]string, min(most, len(names)))
	for i := range shown {
		shown[i] = strconv.Quote(names[i])
	}
	text += " " + strings.Join(shown, ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
