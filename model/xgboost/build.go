package xgboost

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// model checks what was read and makes a model of it. size is that of the file.
func (f *file) model(size int) (*Model, error) {
	switch f.booster {
	case "gbtree":
	case "dart", "gblinear":
		return nil, fmt.Errorf("booster %q cannot be held, only gbtree", f.booster)
	case "":
		return nil, errors.New("no booster: is the file whole?")
	default:
		return nil, fmt.Errorf("unknown booster %q", f.booster)
	}
	if !f.hasModel {
		return nil, errors.New(`no "model" in the booster: is the file whole?`)
	}
	o, err := objectiveOf(f.objective)
	if err != nil {
		return nil, err
	}
	m := &Model{Objective: f.objective, Link: o.link}
	if err := f.setWidth(m); err != nil {
		return nil, err
	}
	m.Classes = classes(o, m.Width)
	if m.Features, err = f.inputs(m, size); err != nil {
		return nil, err
	}
	if err := f.setBase(m, o); err != nil {
		return nil, err
	}
	m.Trees, err = f.decode(m, size)
	return m, err
}

func (f *file) setWidth(m *Model) error {
	if f.classes < 0 || f.targets < 0 || f.classes > maxWidth || f.targets > maxWidth {
		return fmt.Errorf("%d classes, %d targets", f.classes, f.targets)
	}
	if f.classes > 1 && f.targets > 1 {
		return fmt.Errorf("%d classes and %d targets at a time cannot be held", f.classes, f.targets)
	}
	m.Width = int(max(1, f.classes, f.targets))
	if m.Width > len(f.trees)+len(f.base)+2 && m.Width > 1024 {
		return fmt.Errorf("%d outputs of %d trees", m.Width, len(f.trees))
	}
	if m.Link == predictor.Softmax && f.classes < 2 {
		return fmt.Errorf("%s with num_class %d", f.objective, f.classes)
	}
	if m.Link != predictor.Softmax && f.classes > 1 {
		return fmt.Errorf("%s with num_class %d", f.objective, f.classes)
	}
	return nil
}

// maxUnnamed features may have no name in the smallest file: sparse data has many
// columns that no tree reads.
const maxUnnamed = 1 << 17

// inputs are the features; those without a name are called f0, f1 and so on, as
// XGBoost does. What their categories lack becomes a warning.
func (f *file) inputs(m *Model, size int) ([]Feature, error) {
	n := int(f.features)
	if n == 0 { // versions before 1.1 may leave it at 0
		n = len(f.names)
	}
	switch {
	case n < 1:
		return nil, errors.New("no features: num_feature is 0")
	case len(f.names) != 0 && len(f.names) != n, len(f.types) != 0 && len(f.types) != n:
		return nil, fmt.Errorf("%d names and %d types for %d features", len(f.names), len(f.types), n)
	case len(f.levels) > n:
		return nil, fmt.Errorf("the categories of %d features for %d", len(f.levels), n)
	case len(f.names) == 0 && n > maxUnnamed+size:
		return nil, fmt.Errorf("%d features without a name in a file of %d bytes", n, size)
	}
	features := make([]Feature, n)
	for i := range features {
		features[i].Name = "f" + strconv.Itoa(i)
		if len(f.names) != 0 {
			features[i].Name = f.names[i]
		}
		if len(f.types) != 0 {
			features[i].Categorical = f.types[i] == "c"
		}
		if i < len(f.levels) && len(f.levels[i]) > 0 {
			features[i].Categorical, features[i].Levels = true, f.levels[i]
		}
		if i < len(f.garbled) && f.garbled[i] {
			features[i].Categorical = true
			m.Warnings = append(m.Warnings, fmt.Sprintf("feature %q: its categories have letters outside of ASCII, whose names "+
				"XGBoost does not store whole: give codes instead of names", features[i].Name))
		}
	}
	return features, nil
}

func (f *file) setBase(m *Model, o objective) error {
	base := f.base
	if !f.hasBase {
		base = []float64{0.5} // the default of all versions before 3.1
	}
	if len(base) != 1 && len(base) != m.Width {
		return fmt.Errorf("base_score has %d entries for %d outputs", len(base), m.Width)
	}
	m.Base = make([]float64, m.Width)
	for k := range m.Base {
		v, err := o.margin(base[k%len(base)])
		if err != nil {
			return err
		}
		m.Base[k] = v
	}
	return nil
}

// decode makes the trees and puts them in the order in which tree i belongs to
// sum i mod Width; there may be several a round for each sum.
func (f *file) decode(m *Model, size int) ([]predictor.Tree, error) {
	if len(f.info) != len(f.trees) {
		return nil, fmt.Errorf("tree_info has %d entries for %d trees", len(f.info), len(f.trees))
	}
	r := &treeReader{features: len(m.Features), categorical: make([]bool, len(m.Features)), words: 1<<22 + 4*size}
	vector := len(f.trees) > 0 && f.trees[0].vector > 1
	bySum := make([][]predictor.Tree, m.Width)
	if vector {
		bySum = bySum[:1]
	}
	for i := range f.trees {
		t := &f.trees[i]
		want := int32(1)
		if vector {
			want = int32(m.Width)
			if t.leafWeights == nil {
				return nil, fmt.Errorf("tree %d: vector leaves as versions before 3.2 wrote them cannot be held: load the model with XGBoost 3.2 and save it again", i)
			}
		}
		if t.vector != want && !(want == 1 && t.vector == 0) {
			return nil, fmt.Errorf("tree %d: leaves of %d values where %d should be", i, t.vector, want)
		}
		k := int(f.info[i])
		if k < 0 || k >= len(bySum) {
			return nil, fmt.Errorf("tree %d: belongs to output %d of %d", i, k, len(bySum))
		}
		tree, err := r.tree(t)
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		*t = rawTree{} // it may be large
		bySum[k] = append(bySum[k], tree)
	}
	for i, c := range r.categorical {
		m.Features[i].Categorical = m.Features[i].Categorical || c
	}
	return interleave(bySum)
}

func interleave(bySum [][]predictor.Tree) ([]predictor.Tree, error) {
	var trees []predictor.Tree
	for k, list := range bySum {
		if len(list) != len(bySum[0]) {
			return nil, fmt.Errorf("output %d has %d trees, output 0 has %d", k, len(list), len(bySum[0]))
		}
	}
	for j := range bySum[0] {
		for k := range bySum {
			trees = append(trees, bySum[k][j])
		}
	}
	return trees, nil
}
