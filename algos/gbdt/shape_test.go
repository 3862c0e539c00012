package gbdt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// TestMonotone: where a feature has a direction predictions never go the other
// way along it, whatever the rest of the row.
func TestMonotone(t *testing.T) {
	t.Parallel()
	for _, k := range []task{tasks[0], tasks[2]} {
		for name, params := range map[string]search.Params{
			"list":    {"monotone_constraints": "[1,-1,0,0,0,-1]"},
			"smooth":  {"monotone_constraints": "[1,-1,0,0,0,-1]", "path_smooth": 5., "max_delta_step": 0.5},
			"random":  {"monotone_constraints": "[1,-1,0,0,0,-1]", "extra_trees": "true", "lambda_l1": 0.1},
			"by name": {"monotone_constraints": `{"x":1,"y":-1,"last":-1}`, "grow_policy": "depth"},
		} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := mixedData(700, k.task, k.classes, 3)
				f := d.M.Frame
				f.Features[0].Name, f.Features[1].Name, f.Features[5].Name = "x", "y", "last"
				params["min_data_in_leaf"], params["learning_rate"] = 5., 0.3
				got := fit(t, &algos.Request{
					Problem: algos.Problem{Task: k.task, Classes: k.classes}, Train: d, Params: params, MaxSteps: 25,
				})
				for j, way := range map[int]float32{0: 1, 1: -1, 5: -1} {
					checkDirection(t, got.Predictor, f, j, way)
				}
			})
		}
	}
}

func checkDirection(t *testing.T, p predictor.Predictor, f *matrix.Frame, j int, way float32) {
	t.Helper()
	const steps = 60
	for row := range 20 {
		g := &matrix.Frame{Rows: steps, Features: f.Features}
		for k := range f.Cols {
			col := make([]float32, steps)
			for i := range col {
				col[i] = f.Cols[k][row]
				if k == j {
					col[i] = -4 + 9*float32(i)/steps
				}
			}
			g.Cols = append(g.Cols, col)
		}
		pred := algos.Predict(p, matrix.New(g, nil, 1), rowsBelow(steps), 1)
		for i := 1; i < steps; i++ {
			if way*(pred[i]-pred[i-1]) < 0 {
				t.Fatalf("feature %d, row %d: %v, then %v", j, row, pred[i-1], pred[i])
			}
		}
	}
}

func rowsBelow(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// TestInteractions: the features on a path share a group.
func TestInteractions(t *testing.T) {
	t.Parallel()
	d := mixedData(900, metrics.Regression, 0, 1)
	d.M.Frame.Features[3].Name = "town"
	b := fit(t, &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 10,
		Params: search.Params{"interaction_constraints": `[[0,"town"],[0,1],[2]]`, "min_data_per_group": 5.},
	}).Predictor.(*predictor.Trees)
	groups := [][]int32{{0, 3}, {0, 1}, {2}}
	pairs := 0
	var walk func(tree predictor.Tree, i int32, path []int32)
	walk = func(tree predictor.Tree, i int32, path []int32) {
		n := &tree[i]
		if n.Feature < 0 {
			return
		}
		if path = append(slices.Clone(path), n.Feature); len(slices.Compact(slices.Sorted(slices.Values(path)))) > 1 {
			pairs++
		}
		if !slices.ContainsFunc(groups, func(g []int32) bool {
			return !slices.ContainsFunc(path, func(j int32) bool { return !slices.Contains(g, j) })
		}) {
			t.Errorf("features %v are on one path", path)
		}
		walk(tree, n.Left, path)
		walk(tree, n.Right, path)
	}
	for _, tree := range b.Trees() {
		walk(tree, 0, nil)
	}
	if pairs == 0 {
		t.Error("no path has two features")
	}
}

// TestNodeFeatures: nodes that see two features of four each are split by the
// lesser features too, which the root of a free tree never is.
func TestNodeFeatures(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	f := &matrix.Frame{Rows: 500, Features: make([]matrix.Feature, 4), Cols: make([][]float32, 4)}
	y := make([]float32, 500)
	for i := range y {
		for j := range f.Cols {
			f.Cols[j] = append(f.Cols[j], r.Float32())
		}
		y[i] = 10*f.Cols[0][i] + f.Cols[1][i]
	}
	d := algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: rowsBelow(500)}
	roots := func(fraction float64) map[int32]int {
		p := fit(t, &algos.Request{
			Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 20,
			Params: search.Params{"feature_fraction_bynode": fraction, "learning_rate": 0.01},
		}).Predictor.(*predictor.Trees)
		count := map[int32]int{}
		for _, tree := range p.Trees() {
			count[tree[0].Feature]++
		}
		return count
	}
	if all := roots(1); all[0] != 20 {
		t.Errorf("with all features the roots are %v", all)
	}
	if half := roots(0.5); half[0] < 4 || half[0] > 16 || half[1] == 0 {
		t.Errorf("with half of them the roots are %v", half)
	}
}

// TestGrowPolicy: eight leaves by depth are three levels, the best eight of a
// target that is steep on one side a longer chain.
func TestGrowPolicy(t *testing.T) {
	t.Parallel()
	f := &matrix.Frame{Rows: 640, Features: make([]matrix.Feature, 1), Cols: make([][]float32, 1)}
	y := make([]float32, 640)
	for i := range y {
		f.Cols[0] = append(f.Cols[0], float32(i/5))
		y[i] = float32(i) / 100
		if i >= 320 {
			y[i] = float32(i)
		}
	}
	d := algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: rowsBelow(640)}
	for policy, deep := range map[string]bool{"leaf": true, "depth": false} {
		p := fit(t, &algos.Request{
			Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 1,
			Params: search.Params{"grow_policy": policy, "num_leaves": 8., "min_data_in_leaf": 20.},
		}).Predictor.(*predictor.Trees)
		tree := p.Trees()[0]
		if depth := depthOf(tree, 0); len(tree) != 15 || depth > 3 != deep {
			t.Errorf("%s: %d nodes, depth %d", policy, len(tree), depth)
		}
	}
}

func depthOf(tree predictor.Tree, i int32) int {
	if tree[i].Feature < 0 {
		return 0
	}
	return 1 + max(depthOf(tree, tree[i].Left), depthOf(tree, tree[i].Right))
}

func TestMaxDeltaStep(t *testing.T) {
	t.Parallel()
	d := mixedData(500, metrics.Regression, 0, 1)
	p := fit(t, &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 3,
		Params: search.Params{"max_delta_step": 0.25, "learning_rate": 0.5},
	}).Predictor.(*predictor.Trees)
	most := 0.0
	for _, tree := range p.Trees() {
		for i := range tree {
			if tree[i].Feature < 0 {
				most = max(most, math.Abs(tree[i].Value[0]))
			}
		}
	}
	if most != 0.125 {
		t.Errorf("the largest step is %v, want 0.125", most)
	}
}

// TestPathSmooth compares the leaves with the formula, written out from the root
// down.
func TestPathSmooth(t *testing.T) {
	t.Parallel()
	const strength = 30.
	d := mixedData(600, metrics.Regression, 0, 1)
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 1,
		Params: search.Params{"path_smooth": strength, "learning_rate": 0.5, "num_leaves": 12., "cat_l2": 0.},
	}
	b := boosted(t, r)
	nodes := b.fresh[0]
	if len(nodes) < 9 {
		t.Fatalf("%d nodes", len(nodes))
	}
	var check func(i int32, parent float64)
	check = func(i int32, parent float64) {
		n := &nodes[i]
		rows := float64(n.hi - n.lo)
		out := -n.g/n.h*(rows/strength)/(rows/strength+1) + parent/(rows/strength+1)
		if !n.leaf() {
			check(n.left, out)
			check(n.right, out)
		} else if math.Abs(float64(n.value)-0.5*out) > 1e-5 {
			t.Errorf("leaf %d is %v, want %v", i, n.value, 0.5*out)
		}
	}
	check(0, 0)
}

func TestConstraintsRefused(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		params search.Params
		want   string
	}{
		{search.Params{"monotone_constraints": "[1,0]"}, "2 directions for 6 features"},
		{search.Params{"monotone_constraints": "[0,0,1,0,0,0]"}, "categorical"},
		{search.Params{"monotone_constraints": "[2,0,0,0,0,0]"}, "direction 2"},
		{search.Params{"monotone_constraints": `{"no":1}`}, `no feature "no"`},
		{search.Params{"monotone_constraints": `age=1`}, "use an object"},
		{search.Params{"interaction_constraints": `[["no"]]`}, `no feature "no"`},
		{search.Params{"interaction_constraints": `[[6]]`}, "no feature number 6"},
		{search.Params{"interaction_constraints": `[[0.5]]`}, "no feature number 0.5"},
		{search.Params{"interaction_constraints": `[[true]]`}, "neither"},
		{search.Params{"interaction_constraints": `[0]`}, "list of lists"},
		{search.Params{"grow_policy": "width"}, "grow_policy"},
		{search.Params{"path_smooth": -1.}, "path_smooth"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			refuses(t, &algos.Request{
				Problem: algos.Problem{Task: metrics.Regression}, Train: mixedData(50, metrics.Regression, 0, 1), Params: tt.params,
			}, tt.want)
		})
	}
}
