package xgboost

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// damaged is a small model with some of its text replaced.
func damaged(t *testing.T, old, new string) string {
	const whole = `{"learner":{"feature_names":["a"],"feature_types":["c"],"gradient_booster":{"model":{` +
		`"cats":{"enc":[{"offsets":[0,1,3],"values":[120,121,122]}],"feature_segments":[0,2],"sorted_idx":[0,1]},` +
		`"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],"trees":[{` +
		`"categories":[1],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1],"default_left":[0,0,0],"id":0,` +
		`"left_children":[1,-1,-1],"loss_changes":[1.5,0,NaN],"parents":[2147483647,0,0],"right_children":[2,-1,-1],` +
		`"split_conditions":[1E-45,-2.5,3.5],"split_indices":[0,0,0],"split_type":[1,0,0],"sum_hessian":[3,2,Infinity],` +
		`"tree_param":{"num_deleted":"0","num_feature":"1","num_nodes":"3","size_leaf_vector":"1"}}]},"name":"gbtree"},` +
		`"learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"1","num_target":"1"},` +
		`"objective":{"name":"reg:squarederror"}},"version":[3,2,0]}`
	if !strings.Contains(whole, old) {
		t.Fatalf("%q is not in the model", old)
	}
	return strings.Replace(whole, old, new, 1)
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Read(strings.NewReader(damaged(t, "", ""))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`{"learner"`, `{L`, "UBJSON"},
		{`{"learner"`, `binf`, "old binary format"},
		{`{"learner"`, `[{"learner"`, "dump_model"},
		{`{"learner"`, `tree`, "not JSON"},
		{`{"learner"`, `{"teacher"`, "save_model"},
		{`{"model"`, `{"other"`, `no "model"`},
		{`"gbtree"},`, `"dart"},`, `booster "dart"`},
		{`"gbtree"},`, `"gblinear"},`, `booster "gblinear"`},
		{`"gbtree"},`, `"gbmagic"},`, "unknown booster"},
		{`"reg:squarederror"`, `"my:loss"`, `objective "my:loss"`},
		{`"reg:squarederror"`, `"multi:softprob"`, "num_class 0"},
		{`[3,2,0]}`, `[3,2,0]`, "ends too early"},
		{`[3,2,0]}`, `[3,2,0]}}`, "more after"},
		{`[3,2,0]}`, `[3,2,0}`, "where ']' should be"},
		{`"num_feature":"1","num_target"`, `"num_feature":"99999999","num_target"`, "1 names"},
		{`"num_feature":"1","num_target"`, `"num_feature":"-1","num_target"`, "num_feature"},
		{`"num_class":"0"`, `"num_class":"2000000000"`, "2000000000 classes"},
		{`"num_class":"0"`, `"num_class":"60000"`, "60000 outputs"},
		{`"[5E-1]"`, `"[5E-1,1]"`, "2 entries"},
		{`"[5E-1]"`, `"half"`, "base_score"},
		{`"[5E-1]"`, `"NaN"`, "base_score"},
		{`"tree_info":[0]`, `"tree_info":[]`, "tree_info has 0"},
		{`"tree_info":[0]`, `"tree_info":[7]`, "output 7 of 1"},
		{`"tree_info":[0]`, `"tree_info":[0.5]`, "whole number"},
		{`"left_children":[1,-1,-1]`, `"left_children":[]`, "no nodes"},
		{`"left_children":[1,-1,-1]`, `"left_children":[1,0,-1]`, "another parent"},
		{`"left_children":[1,-1,-1]`, `"left_children":[0,-1,-1]`, "another parent"},
		{`"left_children":[1,-1,-1]`, `"left_children":[2,-1,-1]`, "another parent"},
		{`"left_children":[1,-1,-1]`, `"left_children":[9,-1,-1]`, "child 9 of a tree of 3"},
		{`"left_children":[1,-1,-1]`, `"left_children":[-7,-1,-1]`, "child -7"},
		{`"right_children":[2,-1,-1]`, `"right_children":[2]`, "right_children has 1"},
		{`"split_indices":[0,0,0]`, `"split_indices":[1,0,0]`, "feature 1 of 1"},
		{`"split_type":[1,0,0]`, `"split_type":[1]`, "split_type has 1"},
		{`"split_conditions":[1E-45,-2.5`, `"split_conditions":[1E-45,1E999`, "not a finite number"},
		{`"split_type":[1,0,0]`, `"split_type":[0,0,0],"split_conditions":[NaN,1,1]`, "divides nothing"},
		{`"categories":[1]`, `"categories":[]`, "outside of the list"},
		{`"categories":[1]`, `"categories":[-1]`, "category -1"},
		{`"categories":[1]`, `"categories":[16777216]`, "category 16777216"},
		{`"categories_segments":[0]`, `"categories_segments":[-5]`, "outside of the list"},
		{`"categories_sizes":[1]`, `"categories_sizes":[2147483647]`, "outside of the list"},
		{`"categories_nodes":[0]`, `"categories_nodes":[2]`, "without categories"},
		{`"size_leaf_vector":"1"`, `"size_leaf_vector":"2"`, "vector leaves"},
		{`"offsets":[0,1,3]`, `"offsets":[0,1,9]`, "outside of its feature's text"},
		{`"offsets":[0,1,3]`, `"offsets":[0,-1,3]`, "outside of its feature's text"},
		{`"values":[120,121,122]`, `"values":["x"]`, "not a whole number"},
		{`"version":`, `"deep":` + strings.Repeat("[", 100_000) + `,"version":`, "deep"},
		{`"version":`, `"x":"\q","version":`, "string"},
		{`"version":`, `"x":tru,"version":`, "not a number"},
	} {
		m, err := Read(strings.NewReader(damaged(t, c.old, c.new)))
		if err == nil {
			t.Errorf("%s for %s: read as %+v", c.new, c.old, m)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s for %s: %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestReadBoundsFeatures(t *testing.T) {
	t.Parallel()
	b := damaged(t, `"feature_names":["a"],"feature_types":["c"],`, "")
	if m, err := Read(strings.NewReader(b)); err != nil || m.Features[0].Name != "f0" || !m.Features[0].Categorical {
		t.Errorf("%+v, %v", m, err)
	}
	b = strings.Replace(b, `"num_feature":"1","num_target"`, `"num_feature":"16000000","num_target"`, 1)
	if _, err := Read(strings.NewReader(b)); err == nil || !strings.Contains(err.Error(), "features without a name") {
		t.Error(err)
	}
}

func TestReadTruncated(t *testing.T) {
	t.Parallel()
	whole := damaged(t, "", "")
	for n := range len(whole) {
		if _, err := Read(strings.NewReader(whole[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes are a model", n, len(whole))
		}
	}
}

// TestReadBoundsSets makes sets whose bits take far more than the file.
func TestReadBoundsSets(t *testing.T) {
	t.Parallel()
	var nodes, starts, sizes []string
	for i := range 2000 {
		nodes, starts, sizes = append(nodes, fmt.Sprint(i)), append(starts, "0"), append(sizes, "1")
	}
	b := damaged(t, `"categories":[1],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]`,
		fmt.Sprintf(`"categories":[16777215],"categories_nodes":[%s],"categories_segments":[%s],"categories_sizes":[%s]`,
			strings.Join(nodes, ","), strings.Join(starts, ","), strings.Join(sizes, ",")))
	if _, err := Read(strings.NewReader(b)); err == nil || !strings.Contains(err.Error(), "larger than the file") {
		t.Error(err)
	}
}

// FuzzRead reads anything without harm; what can be read can be written unless
// it is refused, and read again.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"named", "binary_v1", "vector", "onehot"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, m); err != nil {
			return
		}
		if _, err := Read(&out); err != nil {
			t.Errorf("what was written is not read: %v", err)
		}
	})
}
