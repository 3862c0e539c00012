package automl

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model/lightgbm"
	"github.com/seed-09a2cce4/automl/model/xgboost"
)

// ExportOptions say what to write.
type ExportOptions struct {
	Format Format
	// Part is the member of the ensemble to write, from 1; 0 means the best
	// boosted one, or the best other one if there is none.
	Part int
}

// Exported says what was written and how its inputs are made.
type Exported struct {
	Format Format `json:"format"`
	// Part is the number of the member among Parts, and Trial and Learner its own.
	Part    int    `json:"part"`
	Parts   int    `json:"parts"`
	Trial   int    `json:"trial"`
	Learner string `json:"learner"`
	Trees   int    `json:"trees"`
	// Inputs are the features in the order in which the written model wants them.
	Inputs []ExportedInput `json:"inputs"`
	// Notes are sentences for whoever uses the written model.
	Notes []string `json:"notes"`
}

// ExportedInput is a feature of a written model.
type ExportedInput struct {
	Name string `json:"name"`
	featurize.Origin
}

// Export writes one member of a model's ensemble in the format of another
// library, which then predicts what the member does, within the rounding of the
// format (XGBoost keeps float32). Members that a format cannot hold are refused
// by name. Errors satisfy [IsUserError] unless w caused them.
func Export(w io.Writer, m *Model, o ExportOptions) (*Exported, error) {
	if _, err := ParseFormat(string(o.Format)); err != nil {
		return nil, err
	}
	i, err := choosePart(m, o)
	if err != nil {
		return nil, &UserError{fmt.Errorf("export: %w", err)}
	}
	e := &exporter{
		model: m, features: m.Pipeline().Features(), origins: m.Pipeline().Origins(),
		trees: m.Members()[i].Predictor.(*predictor.Trees),
	}
	var text strings.Builder
	write := e.lightGBM
	if o.Format == XGBoost {
		write = e.xgBoost
	}
	if err := write(&text); err != nil {
		return nil, &UserError{fmt.Errorf("export: part %d: %w", i+1, err)}
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return nil, err
	}
	return e.report(i, o.Format), nil
}

// choosePart is the place of the member to write.
func choosePart(m *Model, o ExportOptions) (int, error) {
	members := m.Members()
	if o.Part != 0 {
		if o.Part < 1 || o.Part > len(members) {
			return 0, fmt.Errorf("part %d: the model has parts 1 to %d", o.Part, len(members))
		}
		if why := refused(m, o.Part-1); why != "" {
			return 0, fmt.Errorf("part %d: %s", o.Part, why)
		}
		return o.Part - 1, nil
	}
	best := -1
	for i := range members {
		if refused(m, i) == "" && (best < 0 || better(m, i, best)) {
			best = i
		}
	}
	if best < 0 {
		var why []string
		for i := range members {
			if s := refused(m, i); !slices.Contains(why, s) {
				why = append(why, s)
			}
		}
		return 0, fmt.Errorf("no part of the model can be held: %s", strings.Join(why, "; "))
	}
	return best, nil
}

// refused says why no other library can hold a member, "" if one can.
func refused(m *Model, i int) string {
	mem := m.Members()[i]
	t, ok := mem.Predictor.(*predictor.Trees)
	switch {
	case !ok:
		return fmt.Sprintf("%s makes no trees of features alone (it is a %s predictor)", mem.Learner, mem.Predictor.Kind())
	case t.Output().Link == predictor.Mean && m.Info().Task != metrics.Regression:
		return fmt.Sprintf("%s averages shares of classes, which boosted models do not", mem.Learner)
	}
	return ""
}

// better reports whether member i is to be preferred to j: boosted trees to
// averages, then the better trial, then the larger weight.
func better(m *Model, i, j int) bool {
	a, b := m.Members()[i], m.Members()[j]
	boosted := func(k int) bool {
		return m.Members()[k].Predictor.(*predictor.Trees).Output().Link != predictor.Mean
	}
	if boosted(i) != boosted(j) {
		return boosted(i)
	}
	if ra, rb := rankOf(m, a.Trial), rankOf(m, b.Trial); ra != rb {
		return ra < rb
	}
	return a.Weight > b.Weight
}

// rankOf is the place of a trial on the leaderboard.
func rankOf(m *Model, trial int) int {
	for i, row := range m.Leaderboard() {
		if row.Trial == trial && row.Rank > 0 {
			return i
		}
	}
	return len(m.Leaderboard())
}

// exporter writes one member.
type exporter struct {
	model    *Model
	trees    *predictor.Trees
	features []matrix.Feature
	origins  []featurize.Origin
	notes    []string
}

func (e *exporter) xgBoost(w io.Writer) error {
	x, err := xgboost.Of(e.trees, e.features, "")
	if err != nil {
		return err
	}
	codes := e.codes()
	for i, o := range e.origins {
		f := &x.Features[i]
		f.Categorical, f.Levels = codes[i] > 0, o.Levels
		if f.Categorical && f.Levels != nil && !f.Named() {
			e.notes = append(e.notes, fmt.Sprintf("%s: XGBoost cannot hold the names of its categories: give codes, the place of a category in levels", f.Name))
		}
	}
	return xgboost.Write(w, x)
}

func (e *exporter) lightGBM(w io.Writer) error {
	l := &lightgbm.Model{Trees: e.doubles(scalar(e.trees)), Classes: e.trees.Width()}
	if l.Trees.Output().Link == predictor.Identity && l.Classes == 1 {
		l.Objective = "regression"
	}
	codes := e.codes()
	for i, f := range e.features {
		lf := lightgbm.Feature{Name: f.Name}
		for k := range codes[i] {
			lf.Categories = append(lf.Categories, int32(k))
		}
		if levels := e.origins[i].Levels; levels != nil {
			lf.Levels = typed(levels)
			l.PandasCategorical = append(l.PandasCategorical, lf.Levels)
		}
		l.Features = append(l.Features, lf)
	}
	if e.flipped() {
		e.notes = append(e.notes, "codes of categories that no test lists count as missing values in LightGBM, unlike in this model")
	}
	notes, err := lightgbm.Write(w, l, 4)
	e.notes = append(e.notes, notes...)
	return err
}

// codes is the number of codes of each categorical feature, 0 for numbers: its
// levels or, where an imported model does not name them, those that tests list.
func (e *exporter) codes() []int {
	out := make([]int, len(e.features))
	for i, f := range e.features {
		out[i] = f.Levels
	}
	for _, t := range e.trees.Trees() {
		for i := range t {
			if n := &t[i]; n.Feature >= 0 && n.Cats != nil && e.features[n.Feature].Levels == 0 {
				out[n.Feature] = max(out[n.Feature], 32*len(n.Cats), 1)
			}
		}
	}
	return out
}

// flipped reports whether codes without a name may go another way in LightGBM,
// which has no tests that tell missing values from them.
func (e *exporter) flipped() bool {
	for _, t := range e.trees.Trees() {
		for i := range t {
			if n := &t[i]; n.Feature >= 0 && n.Cats != nil && n.MissingLeft && e.origins[n.Feature].Kind == "exact" && e.origins[n.Feature].Levels == nil {
				return true
			}
		}
	}
	return false
}

// doubles moves the thresholds of trees that see numbers as float32, perhaps
// less an offset, so that they divide the numbers themselves in the same way.
func (e *exporter) doubles(t *predictor.Trees) *predictor.Trees {
	if e.model.Pipeline().Exact() {
		return t
	}
	trees := t.Trees()
	for _, tree := range trees {
		for i := range tree {
			if n := &tree[i]; n.Feature >= 0 && n.Cats == nil {
				n.Threshold = widest(n.Threshold, e.origins[n.Feature].Offset)
			}
		}
	}
	return predictor.NewTreesOutput(trees, t.Width(), t.Base(), t.Output())
}

// widest is the largest double that, less the offset and rounded to float32, is
// at most the threshold.
func widest(threshold, offset float64) float64 {
	if math.IsInf(threshold, -1) {
		return -math.MaxFloat64
	}
	single := float32(threshold)
	if float64(single) > threshold {
		single = math.Nextafter32(single, float32(math.Inf(-1)))
	}
	next := float64(math.Nextafter32(single, float32(math.Inf(1))))
	if math.IsInf(next, 0) || next != next {
		return math.MaxFloat64
	}
	// Halfway to the next float32, or just below it.
	v := (float64(single)+next)/2 + offset
	for float32(v-offset) > single {
		v = math.Nextafter(v, math.Inf(-1))
	}
	for up := math.Nextafter(v, math.Inf(1)); float32(up-offset) <= single; up = math.Nextafter(v, math.Inf(1)) {
		v = up
	}
	return v
}

// typed are categories as pandas may have them: numbers if all are, else words.
func typed(levels []string) []any {
	out := make([]any, len(levels))
	for i, s := range levels {
		v, ok := data.ParseNumber(s)
		if !ok || data.NumberKey(v) != s {
			for k, s := range levels {
				out[k] = s
			}
			return out
		}
		out[i] = json.Number(s)
	}
	return out
}

// scalar turns leaves of several values into a tree a value.
func scalar(t *predictor.Trees) *predictor.Trees {
	var split []predictor.Tree
	for _, tree := range t.Trees() {
		for k := range t.Width() {
			one := slices.Clone(tree)
			for i := range one {
				if one[i].Feature < 0 {
					if len(one[i].Value) != t.Width() || t.Width() == 1 {
						return t
					}
					one[i].Value = one[i].Value[k : k+1]
				}
			}
			split = append(split, one)
		}
	}
	return predictor.NewTreesOutput(split, t.Width(), t.Base(), t.Output())
}

// report says what was written, with a note on every input that is not simply
// a column.
func (e *exporter) report(i int, f Format) *Exported {
	mem := e.model.Members()[i]
	r := &Exported{
		Format: f, Part: i + 1, Parts: len(e.model.Members()), Trial: mem.Trial, Learner: mem.Learner, Trees: e.trees.Len(),
		Notes: append([]string{}, e.notes...),
	}
	if r.Parts > 1 {
		r.Notes = append(r.Notes, fmt.Sprintf("the model is the weighted mean of %d parts; this is part %d alone, whose predictions differ from the whole's", r.Parts, r.Part))
	}
	if c := e.model.Calibration(); c != nil && c.Scale != 0 {
		r.Notes = append(r.Notes, "the model calibrates its probabilities, by a step that the format does not hold: this part's are as they are before it")
	}
	if c := e.model.Calibration(); c != nil && c.Decision != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("the model tells the class by probabilities times %v, the format by the largest probability", c.Decision))
	}
	var derived, reduced []string
	for k, feature := range e.features {
		o := e.origins[k]
		r.Inputs = append(r.Inputs, ExportedInput{feature.Name, o})
		switch {
		case o.Offset != 0 && f == XGBoost:
			reduced = append(reduced, fmt.Sprintf("%s (less %v)", feature.Name, o.Offset))
		case o.Kind != "numeric" && o.Kind != "category" && o.Kind != "boolean" && o.Kind != "exact":
			derived = append(derived, feature.Name)
		}
	}
	if len(derived) > 0 {
		r.Notes = append(r.Notes, "features that only automl makes of a table: "+strings.Join(derived, ", "))
	}
	if len(reduced) > 0 {
		r.Notes = append(r.Notes, "XGBoost keeps too few digits for these numbers, reduce them first: "+strings.Join(reduced, ", "))
	}
	return r
}
