package xgboost

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Write writes a model as JSON that XGBoost 2.0 and later load. Thresholds
// become float32 that divide all float32 values as before, leaves the nearest
// float32. An intercept that base_score cannot hold in every version becomes a
// first round of trees of one leaf; trees with vector leaves become one tree a
// sum. Gains and covers are written where known (sum_hessian is the cover, by
// which XGBoost weighs attributions), and the names of categories where
// [Feature.Named]. Refused are linear leaves, zeros that
// count as missing but do not stand where missing values go, category codes
// from 2^24 on, and numbers beyond float32.
func Write(w io.Writer, m *Model) error {
	b := bufio.NewWriterSize(w, 1<<16)
	wr := &writer{w: b, model: m, info: []int{}}
	if err := wr.check(); err != nil {
		return fmt.Errorf("xgboost: %w", err)
	}
	if err := wr.write(); err != nil {
		return fmt.Errorf("xgboost: %w", err)
	}
	return b.Flush()
}

// writer holds what is being written; num is scratch.
type writer struct {
	w         *bufio.Writer
	model     *Model
	objective objective
	trees     int // to write
	info      []int
	num       []byte
}

func (w *writer) check() error {
	m := w.model
	var err error
	if w.objective, err = objectiveOf(m.Objective); err != nil {
		return err
	}
	switch {
	case w.objective.link != m.Link:
		return fmt.Errorf("objective %s does not make the predictions of the model", m.Objective)
	case m.Width < 1 || len(m.Base) != m.Width:
		return fmt.Errorf("%d intercepts for %d sums", len(m.Base), m.Width)
	case len(m.Features) == 0:
		return errors.New("no features")
	case !vectorLeaves(m.Trees, m.Width) && len(m.Trees)%m.Width != 0:
		return fmt.Errorf("%d trees for %d sums", len(m.Trees), m.Width)
	}
	seen := map[string]bool{}
	for _, f := range m.Features {
		if seen[f.Name] {
			return fmt.Errorf("feature %q is there twice", f.Name)
		}
		if f.Name == "" || strings.ContainsAny(f.Name, "[]<") {
			return fmt.Errorf("feature %q: XGBoost takes no empty names and none with [, ] or <: rename the column", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func (w *writer) write() error {
	m := w.model
	w.w.WriteString(`{"learner":{"attributes":{},"feature_names":`)
	w.marshal(names(m.Features))
	w.w.WriteString(`,"feature_types":`)
	w.marshal(types(m.Features))
	w.w.WriteString(`,"gradient_booster":{"model":{"trees":[`)
	base, err := w.writeTrees()
	if err != nil {
		return err
	}
	fmt.Fprintf(w.w, `],"tree_info":`)
	w.marshal(w.info)
	rounds := make([]int, w.trees/m.Width+1)
	for i := range rounds {
		rounds[i] = i * m.Width
	}
	w.w.WriteString(`,"iteration_indptr":`)
	w.marshal(rounds)
	if c := catsOf(m.Features); c != nil {
		w.w.WriteString(`,"cats":`)
		w.marshal(c)
	}
	fmt.Fprintf(w.w, `,"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"%d"}},"name":"gbtree"},`, w.trees)
	classes, targets := 0, 1
	if m.Link == predictor.Softmax {
		classes = m.Width
	} else {
		targets = m.Width
	}
	fmt.Fprintf(w.w, `"learner_model_param":{"base_score":"%s","boost_from_average":"1","num_class":"%d","num_feature":"%d","num_target":"%d"},`,
		base, classes, len(m.Features), targets)
	w.writeObjective()
	w.w.WriteString(`},"version":[2,1,0]}` + "\n")
	return nil
}

func (w *writer) writeObjective() {
	o, params := w.objective, w.objective.params
	fmt.Fprintf(w.w, `"objective":{"name":"%s"`, o.name)
	if o.link == predictor.Softmax {
		params = fmt.Sprintf(`{"num_class":"%d"}`, w.model.Width)
	}
	if o.block != "" {
		fmt.Fprintf(w.w, `,"%s":%s`, o.block, params)
	}
	w.w.WriteString("}")
}

// marshal writes what cannot fail to be written.
func (w *writer) marshal(v any) {
	b, _ := json.Marshal(v)
	w.w.Write(b)
}

func names(features []Feature) []string {
	out := make([]string, len(features))
	for i, f := range features {
		out[i] = f.Name
	}
	return out
}

func types(features []Feature) []string {
	out := make([]string, len(features))
	for i, f := range features {
		out[i] = "float"
		if f.Categorical {
			out[i] = "c"
		}
	}
	return out
}

// writeTrees writes the intercept as far as it takes trees, then the trees, and
// returns base_score.
func (w *writer) writeTrees() (base string, err error) {
	m := w.model
	base, ok := w.baseScore()
	if !ok {
		for k, v := range m.Base {
			if err := w.add(predictor.Tree{{Feature: -1, Value: []float64{v}}}, k, 0); err != nil {
				return "", fmt.Errorf("intercept: %w", err)
			}
		}
	}
	vector := vectorLeaves(m.Trees, m.Width)
	for i, t := range m.Trees {
		sums := []int{i % m.Width}
		if vector {
			sums = sums[:0]
			for k := range m.Width {
				sums = append(sums, k)
			}
		}
		for _, k := range sums {
			value := 0
			if vector {
				value = k
			}
			if err := w.add(t, k, value); err != nil {
				return "", fmt.Errorf("tree %d: %w", i, err)
			}
		}
	}
	return base, nil
}

// baseScore is the form of the intercept that all versions read alike, if there
// is one: a single number that float32 holds and no link changes. Else trees
// take it.
func (w *writer) baseScore() (string, bool) {
	m := w.model
	same, zero := true, true
	for _, v := range m.Base {
		same = same && v == m.Base[0] && v == float64(float32(v))
		zero = zero && v == 0
	}
	base := w.objective.neutral()
	// binary:logitraw is read as a probability by some versions.
	plain := same && w.objective.base == baseMargin && m.Objective != "binary:logitraw"
	if plain {
		base = m.Base[0]
	}
	return strconv.FormatFloat(base, 'G', -1, 32), plain || zero
}

// add writes one tree of sum k, whose leaves' values have the given index.
func (w *writer) add(t predictor.Tree, k, value int) error {
	if w.trees > 0 {
		w.w.WriteByte(',')
	}
	flat, err := flatten(t, value, w.model.Features)
	if err != nil {
		return err
	}
	w.writeTree(flat)
	w.trees++
	w.info = append(w.info, k)
	return nil
}

func (w *writer) writeTree(t *flatTree) {
	fmt.Fprintf(w.w, `{"id":%d,"tree_param":{"num_deleted":"0","num_feature":"%d","num_nodes":"%d","size_leaf_vector":"1"}`,
		w.trees, len(w.model.Features), len(t.left))
	for _, a := range []struct {
		name   string
		values []int32
	}{
		{"left_children", t.left}, {"right_children", t.right}, {"parents", t.parent}, {"split_indices", t.feature},
		{"split_type", t.kind}, {"default_left", t.defaultLeft}, {"categories", t.cats},
		{"categories_nodes", t.catNodes}, {"categories_segments", t.catStart}, {"categories_sizes", t.catSize},
	} {
		w.head(a.name)
		for i, v := range a.values {
			w.number(i, strconv.AppendInt(w.num[:0], int64(v), 10))
		}
		w.w.WriteByte(']')
	}
	for _, a := range []struct {
		name   string
		values []float32
	}{
		{"split_conditions", t.condition}, {"base_weights", t.weight}, {"loss_changes", t.gain}, {"sum_hessian", t.hessian},
	} {
		w.head(a.name)
		for i, v := range a.values {
			w.number(i, appendFloat(w.num[:0], v))
		}
		w.w.WriteByte(']')
	}
	w.w.WriteByte('}')
}

func (w *writer) head(name string) { fmt.Fprintf(w.w, `,"%s":[`, name) }

func (w *writer) number(i int, b []byte) {
	w.num = b
	if i > 0 {
		w.w.WriteByte(',')
	}
	w.w.Write(b)
}

// appendFloat writes a float32 in its shortest form; infinities, which only
// split conditions may be, as XGBoost does.
func appendFloat(b []byte, v float32) []byte {
	switch {
	case math.IsInf(float64(v), 1):
		return append(b, "Infinity"...)
	case math.IsInf(float64(v), -1):
		return append(b, "-Infinity"...)
	}
	return strconv.AppendFloat(b, float64(v), 'E', -1, 32)
}
