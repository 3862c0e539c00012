package trials

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// preset is a set of defaults for other options.
type preset struct {
	name, doc string
	time      time.Duration
	include   []string
	params    map[string]map[string]any
	best      bool
	limits    Limits
}

// presets in the order in which they are listed. Balanced is what holds without one. Limits
// of latency are for rows in batches; a row alone takes 5 to 12 times as long, so that fast
// answers within about 0.1 ms and best within 1 ms.
var presets = []preset{
	{
		name: "fast", doc: "a model soon, small and quick to answer",
		time: 10 * time.Second, include: []string{"baseline", "linear", "gbdt", "symmetric", "ebm"}, best: true,
		limits: Limits{MaxModelSize: 5e6, MaxPredictLatency: 7 * time.Microsecond},
	},
	{name: "balanced", doc: "what holds without a preset", time: time.Minute},
	{
		name: "best", doc: "the best score that 5 minutes buy",
		time: 5 * time.Minute, limits: Limits{MaxPredictLatency: 80 * time.Microsecond},
	},
	{
		name: "interpretable", doc: "one model that can be read: linear, additive, or trees of at most 8 leaves",
		time: time.Minute, include: []string{"baseline", "linear", "ebm", "gbdt"}, best: true,
		params: map[string]map[string]any{"gbdt": {
			"num_leaves":    map[string]any{"min": 2., "max": 8.},
			"learning_rate": map[string]any{"min": 0.02, "max": 0.1, "log": true},
		}},
	},
}

// Presets are the names of all presets.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

func findPreset(name string) (*preset, error) {
	for i := range presets {
		if presets[i].name == name {
			return &presets[i], nil
		}
	}
	return nil, fmt.Errorf("unknown preset %q: use %s", name, strings.Join(Presets(), ", "))
}

// ApplyPreset fills in what Preset says and is not given; it may be repeated. Best is
// the only option that is not told apart from one that is not given. It fails for an
// unknown name.
func (o *JobOptions) ApplyPreset() error {
	if o.Preset == "" {
		return nil
	}
	p, err := findPreset(o.Preset)
	if err != nil {
		return err
	}
	if o.Time == 0 && o.Trials == 0 && o.Deadline.IsZero() {
		o.Time = p.time
	}
	if len(o.Include) == 0 {
		o.Include = slices.DeleteFunc(slices.Clone(p.include), func(name string) bool { return slices.Contains(o.Exclude, name) })
		if len(o.Include) == 0 && len(p.include) > 0 {
			o.Include = p.include // the check then says that none is left
		}
	}
	for learner, named := range p.params {
		if _, given := o.Params[learner]; !given && slices.Contains(o.Include, learner) && !slices.Contains(o.Exclude, learner) {
			o.Params = maps.Clone(o.Params)
			if o.Params == nil {
				o.Params = map[string]map[string]any{}
			}
			o.Params[learner] = named
		}
	}
	o.Best = o.Best || p.best && !o.Distill // which needs an ensemble
	if o.MaxModelSize == 0 {
		o.MaxModelSize = p.limits.MaxModelSize
	}
	if o.MaxPredictLatency == 0 {
		o.MaxPredictLatency = p.limits.MaxPredictLatency
	}
	return nil
}
