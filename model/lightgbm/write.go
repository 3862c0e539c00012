package lightgbm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Write writes a model in LightGBM's text form: version 4, or 3 for older
// readers. The notes say which feature names were replaced because the text
// can't hold them (spaces, JSON's punctuation, doubles). The trees' base becomes
// part of the first trees. Without an objective the model gets one that has the
// trees' link.
//
// A tree whose leaves have a value for each output becomes a tree for each.
//
// It is an error if the objective contradicts the trees' link, if trees read a feature that m does not have, and
// if a test sends missing categories left of a feature without known Categories.
func Write(w io.Writer, m *Model, version int) (notes []string, err error) {
	text, notes, err := compose(m, version)
	if err != nil {
		return nil, fmt.Errorf("lightgbm model: %w", err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, fmt.Errorf("lightgbm model: %w", err)
	}
	return notes, nil
}

func compose(m *Model, version int) (string, []string, error) {
	if version != 3 && version != 4 {
		return "", nil, fmt.Errorf("version %d is not 3 or 4", version)
	}
	if m.Trees == nil || len(m.Features) == 0 {
		return "", nil, errors.New("no trees or no features")
	}
	objective, average, err := m.objective()
	if err != nil {
		return "", nil, err
	}
	trees, err := writable(m)
	if err != nil {
		return "", nil, err
	}
	width := m.Trees.Width()
	blocks := make([]string, len(trees))
	sizes := make([]string, len(trees))
	for i, tree := range trees {
		if blocks[i], err = m.block(i, tree, version); err != nil {
			return "", nil, fmt.Errorf("tree %d: %w", i, err)
		}
		sizes[i] = strconv.Itoa(len(blocks[i]))
	}
	names, notes := m.names()
	var b strings.Builder
	fmt.Fprintf(&b, "tree\nversion=v%d\nnum_class=%d\nnum_tree_per_iteration=%d\nlabel_index=0\nmax_feature_idx=%d\n",
		version, max(m.Classes, width), width, len(m.Features)-1)
	if objective != "" {
		b.WriteString("objective=" + objective + "\n")
	}
	if average {
		b.WriteString("average_output\n")
	}
	b.WriteString("feature_names=" + strings.Join(names, " ") + "\n")
	m.infos(&b)
	b.WriteString("tree_sizes=" + strings.Join(sizes, " ") + "\n\n" + strings.Join(blocks, "") + "end of trees\n")
	writeImportance(&b, trees, names)
	if slices.ContainsFunc(m.Parameters, func(s string) bool { return strings.Contains(s, "\n") }) {
		return "", nil, errors.New("a line of the parameters holds a line break")
	}
	if len(m.Parameters) > 0 {
		b.WriteString("\nparameters:\n" + strings.Join(m.Parameters, "\n") + "\n\nend of parameters\n")
	}
	levels, err := json.Marshal(m.PandasCategorical)
	if err != nil {
		return "", nil, fmt.Errorf("pandas categories: %w", err)
	}
	b.WriteString("\npandas_categorical:" + string(levels) + "\n")
	return b.String(), notes, nil
}

// objective is the objective's line, and whether outputs are averages.
func (m *Model) objective() (string, bool, error) {
	out := m.Trees.Output()
	if out.Link == predictor.Mean {
		out = predictor.Output{Average: true}
	}
	if out.Link != predictor.Sigmoid || out.Scale == 1 {
		out.Scale = 0
	}
	width := m.Trees.Width()
	if m.Objective == "" {
		name, err := objectiveOf(out, width)
		return name, out.Average, err
	}
	want, err := output(m.Objective, width)
	if err != nil {
		return "", false, err
	}
	if want.Average = out.Average; want != out {
		return "", false, fmt.Errorf("objective %q has another link than the trees", m.Objective)
	}
	return m.Objective, out.Average, nil
}

// singleOutputs makes width trees of one output each of every tree whose leaves have a
// value for each. Where there is such a tree all are taken apart, so that a tree's
// index still tells its output.
func singleOutputs(trees []predictor.Tree, width int) []predictor.Tree {
	vector := func(t predictor.Tree) bool {
		return slices.ContainsFunc(t, func(n predictor.Node) bool { return n.Feature < 0 && len(n.Value) != 1 })
	}
	if !slices.ContainsFunc(trees, vector) {
		return trees
	}
	out := make([]predictor.Tree, 0, len(trees)*width)
	for i, tree := range trees {
		for k := range width {
			part := slices.Clone(tree)
			for at := range part {
				n := &part[at]
				switch {
				case n.Feature >= 0:
				case len(n.Value) == width:
					n.Value = n.Value[k : k+1 : k+1]
				case k != i%width:
					n.Value, n.Linear = []float64{0}, nil
				}
			}
			out = append(out, part)
		}
	}
	return out
}

// writable returns the trees with the base in those of the first iteration.
func writable(m *Model) ([]predictor.Tree, error) {
	trees, base := m.Trees.Trees(), m.Trees.Base()
	for i, tree := range trees {
		for k := range tree {
			if n := &tree[k]; int(n.Feature) >= len(m.Features) {
				return nil, fmt.Errorf("tree %d reads feature %d of %d", i, n.Feature, len(m.Features))
			}
		}
	}
	trees = singleOutputs(trees, len(base))
	if slices.ContainsFunc(base, func(v float64) bool { return v != 0 }) && len(trees) == 0 {
		for range base {
			trees = append(trees, predictor.Tree{{Feature: -1, Value: []float64{0}}})
		}
	}
	for k, v := range base {
		if k >= len(trees) || v == 0 {
			continue
		}
		for i := range trees[k] {
			n := &trees[k][i]
			if n.Feature >= 0 {
				continue
			}
			// The first leaf is added to the base: the same sum.
			n.Value = []float64{v + n.Value[0]}
			if n.Linear != nil {
				moved := *n.Linear
				moved.Const += v
				n.Linear = &moved
			}
		}
	}
	return trees, nil
}

// names are the features' names as the text can hold them, and what had to be
// replaced.
func (m *Model) names() (names, notes []string) {
	taken := make(map[string]bool, len(m.Features))
	for _, f := range m.Features {
		taken[f.Name] = true
	}
	used := make(map[string]bool, len(m.Features))
	for i, f := range m.Features {
		name := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`",:[]{}`, r) {
				return '_'
			}
			return r
		}, f.Name)
		if name == "" {
			name = "Column_" + strconv.Itoa(i)
		}
		plain := name
		for k := 2; used[name] || name != f.Name && taken[name]; k++ {
			name = plain + "_" + strconv.Itoa(k)
		}
		used[name] = true
		if name != f.Name {
			notes = append(notes, fmt.Sprintf("feature %q is written as %q", f.Name, name))
		}
		names = append(names, name)
	}
	return names, notes
}

// infos writes monotone constraints, if any, and what training saw of features.
func (m *Model) infos(b *strings.Builder) {
	signs, infos := make([]string, len(m.Features)), make([]string, len(m.Features))
	constrained := false
	for i, f := range m.Features {
		signs[i] = strconv.Itoa(int(f.Monotone))
		constrained = constrained || f.Monotone != 0
		infos[i] = f.info()
	}
	if constrained {
		b.WriteString("monotone_constraints=" + strings.Join(signs, " ") + "\n")
	}
	b.WriteString("feature_infos=" + strings.Join(infos, " ") + "\n")
}

func (f *Feature) info() string {
	switch {
	case len(f.Categories) > 0:
		words := make([]string, len(f.Categories))
		for i, c := range f.Categories {
			words[i] = strconv.Itoa(int(c))
		}
		return strings.Join(words, ":")
	case f.Min < f.Max:
		return "[" + number(f.Min) + ":" + number(f.Max) + "]"
	}
	return "none"
}

// number is a float64 that reads back as the same.
func number(v float64) string {
	if math.IsInf(v, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// writeImportance writes how many tests each feature has, most first.
func writeImportance(b *strings.Builder, trees []predictor.Tree, names []string) {
	splits := make([]int, len(names))
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	for _, tree := range trees {
		for i := range tree {
			if f := tree[i].Feature; f >= 0 {
				splits[f]++
			}
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return splits[y] - splits[x] })
	b.WriteString("\nfeature_importances:\n")
	for _, i := range order {
		if splits[i] > 0 {
			b.WriteString(names[i] + "=" + strconv.Itoa(splits[i]) + "\n")
		}
	}
}
