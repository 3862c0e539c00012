package lightgbm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

const (
	// maxBytes bounds a file. Reading takes up to thirty times its size in memory,
	// for a node is larger than its shortest text.
	maxBytes = 1 << 30
	// maxOutputs bounds the trees of an iteration.
	maxOutputs = 1 << 16
)

// Read reads a model in LightGBM's text form (v2, v3 or v4; up to 1 GiB). Files
// need not be trusted: what is missing, doubled, out of range or not a tree is
// an error that names the line. Keys that prediction does not need may be absent.
func Read(r io.Reader) (*Model, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("lightgbm model: %w", err)
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("lightgbm model: larger than %d bytes", maxBytes)
	}
	p := &parser{rest: string(text)}
	m, trees, err := p.model()
	if err != nil {
		return nil, fmt.Errorf("lightgbm model: line %d: %w", p.line, err)
	}
	m.Trees = predictor.NewTreesOutput(trees, p.width, nil, p.out)
	return m, nil
}

// parser goes through the lines of a file.
type parser struct {
	rest string
	line int // lines taken so far
	// fields are the key=value lines of the part being read.
	fields map[string]string
	width  int // trees of an iteration
	out    predictor.Output
}

// peek is the next line without its end; false at the end of the file.
func (p *parser) peek() (string, bool) {
	if p.rest == "" {
		return "", false
	}
	line, _, _ := strings.Cut(p.rest, "\n")
	return strings.TrimSuffix(line, "\r"), true
}

// skip takes the next line.
func (p *parser) skip() {
	_, p.rest, _ = strings.Cut(p.rest, "\n")
	p.line++
}

// field takes a key=value line.
func (p *parser) field(line string) error {
	key, value, _ := strings.Cut(line, "=")
	if _, ok := p.fields[key]; ok {
		return fmt.Errorf("key %q is there twice", short(key))
	}
	p.fields[key] = value
	return nil
}

// short cuts text for a message.
func short(s string) string { return s[:min(len(s), 60)] }

// model reads the file.
func (p *parser) model() (*Model, []predictor.Tree, error) {
	if err := p.header(); err != nil {
		return nil, nil, err
	}
	m, err := p.describe()
	if err != nil {
		return nil, nil, err
	}
	sizes, sized := p.fields["tree_sizes"]
	version := p.fields["version"]
	trees, err := p.trees(len(m.Features))
	if err != nil {
		return nil, nil, err
	}
	switch n := len(strings.Fields(sizes)); {
	case sized && n != len(trees):
		return nil, nil, fmt.Errorf("%d trees, tree_sizes has %d: is the file cut off?", len(trees), n)
	case len(trees)%p.width != 0:
		return nil, nil, fmt.Errorf("%d trees are no multiple of num_tree_per_iteration=%d", len(trees), p.width)
	}
	if line, _ := p.peek(); line == "end of trees" {
		p.skip()
	} else if len(trees) == 0 || sized && version != "" && version != "v2" {
		return nil, nil, errors.New("no \"end of trees\": is the file cut off?")
	}
	return m, trees, p.tail(m)
}

// header reads the lines in front of the trees.
func (p *parser) header() error {
	p.fields = map[string]string{}
	first, _ := p.peek()
	if strings.TrimPrefix(first, "\ufeff") != "tree" {
		return errors.New("no LightGBM text model: the first line is not \"tree\" (JSON dumps can't be read, use save_model)")
	}
	p.skip()
	for {
		line, ok := p.peek()
		if !ok || strings.HasPrefix(line, "Tree=") || line == "end of trees" {
			return nil
		}
		p.skip()
		if line == "" {
			continue
		}
		if err := p.field(line); err != nil {
			return err
		}
	}
}

// describe makes a model of the header, without trees, and learns how many trees
// an iteration has and what becomes of their sums.
func (p *parser) describe() (*Model, error) {
	switch v := p.fields["version"]; v {
	case "", "v2", "v3", "v4":
	default:
		return nil, fmt.Errorf("version %q is not v2, v3 or v4: written by a newer LightGBM?", short(v))
	}
	m := &Model{Objective: p.fields["objective"]}
	var err error
	if m.Classes, err = p.number("num_class", 1, maxOutputs, 0); err != nil {
		return nil, err
	}
	if p.width, err = p.number("num_tree_per_iteration", 1, maxOutputs, m.Classes); err != nil {
		return nil, err
	}
	if p.out, err = output(m.Objective, p.width); err != nil {
		return nil, err
	}
	_, p.out.Average = p.fields["average_output"]
	if m.Features, err = p.features(); err != nil {
		return nil, err
	}
	return m, nil
}

// number reads a header's number from low to high. Without one it is the
// alternative, unless that is 0.
func (p *parser) number(key string, low, high, alternative int) (int, error) {
	s, ok := p.fields[key]
	if !ok && alternative > 0 {
		return alternative, nil
	}
	if !ok {
		return 0, fmt.Errorf("the header has no %s", key)
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s=%s is no number from %d to %d", key, short(s), low, high)
	}
	return n, nil
}

// features reads names, value ranges and monotone constraints.
func (p *parser) features() ([]Feature, error) {
	names := strings.FieldsFunc(p.fields["feature_names"], func(r rune) bool { return r == ' ' })
	last, err := p.number("max_feature_idx", 0, maxBytes, 0)
	if err != nil {
		return nil, err
	}
	if len(names) != last+1 {
		return nil, fmt.Errorf("%d feature_names for max_feature_idx=%d", len(names), last)
	}
	features := make([]Feature, len(names))
	for i, name := range names {
		features[i].Name = name
	}
	if s, ok := p.fields["feature_infos"]; ok {
		infos := strings.Fields(s)
		if len(infos) != len(features) {
			return nil, fmt.Errorf("%d feature_infos for %d features", len(infos), len(features))
		}
		for i, info := range infos {
			if err := features[i].describe(info); err != nil {
				return nil, fmt.Errorf("feature_infos of %q: %w", short(names[i]), err)
			}
		}
	}
	if s, ok := p.fields["monotone_constraints"]; ok {
		signs := strings.Fields(s)
		if len(signs) != len(features) {
			return nil, fmt.Errorf("%d monotone_constraints for %d features", len(signs), len(features))
		}
		for i, sign := range signs {
			v, err := strconv.ParseInt(sign, 10, 8)
			if err != nil || v < -1 || v > 1 {
				return nil, fmt.Errorf("monotone constraint %q of %q", short(sign), short(names[i]))
			}
			features[i].Monotone = int8(v)
		}
	}
	return features, nil
}

// describe reads what training saw of a feature: "none", "[low:high]" or
// categories with colons between.
func (f *Feature) describe(info string) error {
	if info == "none" {
		return nil
	}
	if inner, ok := strings.CutPrefix(info, "["); ok {
		low, high, _ := strings.Cut(strings.TrimSuffix(inner, "]"), ":")
		var errLow, errHigh error
		f.Min, errLow = strconv.ParseFloat(low, 64)
		f.Max, errHigh = strconv.ParseFloat(high, 64)
		if errLow != nil || errHigh != nil || !(f.Min <= f.Max) {
			return fmt.Errorf("%q is no range", short(info))
		}
		return nil
	}
	for word := range strings.SplitSeq(info, ":") {
		v, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no category", short(word))
		}
		f.Categories = append(f.Categories, int32(v))
	}
	return nil
}

// trees reads blocks that begin with Tree=, until another line comes.
func (p *parser) trees(features int) ([]predictor.Tree, error) {
	var trees []predictor.Tree
	for {
		line, ok := p.peek()
		if ok && line == "" {
			p.skip()
			continue
		}
		if !ok || !strings.HasPrefix(line, "Tree=") {
			return trees, nil
		}
		p.skip()
		tree, err := p.tree(features)
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", len(trees), err)
		}
		trees = append(trees, tree)
	}
}

// tail reads what comes after the trees: parameters and pandas' categories.
func (p *parser) tail(m *Model) error {
	part := ""
	for {
		line, ok := p.peek()
		if !ok {
			return nil
		}
		p.skip()
		levels, pandas := strings.CutPrefix(line, "pandas_categorical:")
		switch {
		case part == "parameters:" && line == "end of parameters", part == "feature_importances:" && line == "":
			part = ""
		case part == "parameters:" && line != "":
			m.Parameters = append(m.Parameters, line)
		case part != "":
		case line == "parameters:", line == "feature_importances:":
			part = line
		case strings.HasPrefix(line, "Tree="):
			return errors.New("a tree after the end of the trees")
		case pandas:
			if err := m.setLevels(levels); err != nil {
				return err
			}
		}
	}
}

// setLevels reads pandas' categories. They name no columns: features get them
// where there are as many categorical features as lists.
func (m *Model) setLevels(text string) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&m.PandasCategorical); err != nil {
		return fmt.Errorf("pandas_categorical: %w", err)
	}
	for _, levels := range m.PandasCategorical {
		if slices.ContainsFunc(levels, func(v any) bool {
			switch v.(type) {
			case []any, map[string]any:
				return true
			}
			return false
		}) {
			return errors.New("pandas_categorical: a level is no string, number or bool")
		}
	}
	var categorical []int
	for i := range m.Features {
		if m.Features[i].Categories != nil {
			categorical = append(categorical, i)
		}
	}
	if len(categorical) == len(m.PandasCategorical) {
		for k, i := range categorical {
			m.Features[i].Levels = m.PandasCategorical[k]
		}
	}
	return nil
}
