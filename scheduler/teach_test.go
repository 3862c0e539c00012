package scheduler

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// taughtPlan is a plan with a number and a category, whose last valid rows only validate.
func taughtPlan(t *testing.T, rows, valid int) *plan {
	t.Helper()
	x, y, codes := make([]float64, rows), make([]float64, rows), make([]int32, rows)
	for i := range x {
		x[i], y[i], codes[i] = float64(i)+0.25, float64(i%3), int32(i%5)
	}
	table, err := data.NewTable(&data.Column{Name: "x", Floats: x}, &data.Column{Name: "y", Floats: y},
		&data.Column{Name: "c", Kind: data.String, Dict: []string{"a", "b", "c", "d", "e"}, Codes: codes})
	if err != nil {
		t.Fatal(err)
	}
	features, err := featurize.Infer(table, featurize.Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	key := featurize.Key{Dataset: "d", Plan: "p", Target: "y", Task: metrics.Regression, TrainRows: rows - valid}
	load := func() (*data.Table, *featurize.Plan, error) { return table, features, nil }
	p := &plan{table: table, valid: valid, features: features, shape: algos.Shape{Rows: rows - valid, Features: 2, Task: metrics.Regression}}
	if p.prepared, err = featurize.NewCache(1<<24).Prepare(context.Background(), key, load, 1); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestMakeUp holds that rows are made up of the training rows' values, mostly of their
// own, in the same way each time.
func TestMakeUp(t *testing.T) {
	t.Parallel()
	const rows, valid, made = 100, 20, 160
	p := taughtPlan(t, rows, valid)
	m, err := p.makeUp(made, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.makeUp(made, 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m.matrix.Frame.Cols, again.matrix.Frame.Cols); d != "" {
		t.Error("the same seed gives other rows:", d)
	}
	x := m.matrix.Frame.Cols[0]
	if len(x) != rows+made || !slices.Equal(x[:rows], func() []float32 {
		out := make([]float32, rows)
		for i := range out {
			out[i] = float32(i) + 0.25
		}
		return out
	}()) {
		t.Fatal("the table's rows are not as they were")
	}
	own := 0
	for i, row := range m.from {
		v := x[rows+i]
		if v > rows-valid {
			t.Fatalf("a value of a row that only validates: %v", v)
		}
		if v == float32(row)+0.25 {
			own++
		}
	}
	if share := float64(own) / made; share < 0.6 || share > 0.85 {
		t.Errorf("%v of the values are their row's own, want about %v", share, 1-swapped)
	}
	with := m.with([]int32{3, 5})
	for _, row := range with[2:] {
		if from := m.from[int(row)-rows]; from != 3 && from != 5 {
			t.Errorf("row %d, which was made up from row %d, is among those of rows 3 and 5", row, from)
		}
	}
	if len(with) != 2+4 {
		t.Errorf("%v: want rows 3 and 5 and two made-up rows of each", with)
	}
}

// constant members of which each fold model says another number.
func constantMembers(t *testing.T, values [][]float32) ([]Member, [][]predictor.Predictor) {
	t.Helper()
	var members []Member
	var models [][]predictor.Predictor
	for _, list := range values {
		m := Member{Weight: 1 / float64(len(values)), Kept: []int{0, 1}}
		var own []predictor.Predictor
		for _, v := range list {
			own = append(own, predictor.NewConstant([]float32{v}))
		}
		members, models = append(members, m), append(models, own)
	}
	return members, models
}

// TestTeacher holds that what is learned of a fold comes from the models of that fold
// alone, and that the rows of the table keep their answers.
func TestTeacher(t *testing.T) {
	t.Parallel()
	p := taughtPlan(t, 30, 0)
	made, err := p.makeUp(30, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	te := &teacher{plan: p, made: made, predicted: map[int][]float32{}, w: make([]float32, 60), threads: 2}
	te.members, te.models = constantMembers(t, [][]float32{{1, 2, 30}, {3, 4, 50}})
	for fold, want := range map[int]float32{0: 2, 1: 3, 2: 40, -1: 2.5} {
		d := te.data(fold, []int32{4})
		if d.Y[30] != want || d.Y[4] != 1 || !slices.Equal(d.Rows, []int32{4, 34}) {
			t.Errorf("fold %d: a made-up row is %v, want %v; row 4 is %v; rows %v", fold, d.Y[30], want, d.Y[4], d.Rows)
		}
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p    []float32
		u    float64
		want int
	}{
		{[]float32{0.3}, 0.29, 1}, {[]float32{0.3}, 0.31, 0}, {[]float32{0}, 0, 0},
		{[]float32{0.2, 0.5, 0.3}, 0.1, 0}, {[]float32{0.2, 0.5, 0.3}, 0.6, 1}, {[]float32{0.2, 0.5, 0.3}, 0.99, 2},
		{[]float32{0.2, 0.5, 0.2}, 0.99, 2},
	} {
		if got := draw(tt.p, tt.u); got != tt.want {
			t.Errorf("%v by %v: class %d, want %d", tt.p, tt.u, got, tt.want)
		}
	}
}

// TestDistillTime holds what is planned: nothing that was not asked for, a part of the
// budget at most, and no student where the time is up.
func TestDistillTime(t *testing.T) {
	t.Parallel()
	p := taughtPlan(t, 300, 0)
	p.split, p.learners = trials.Split{Folds: 3}, []algos.Learner{paper{"gbdt"}, paper{"linear"}}
	p.folds = p.split.Assign(300, metrics.Regression, p.prepared.Y, nil)
	if d := p.distillTime(&trials.JobOptions{}, time.Minute, 2); d != 0 {
		t.Errorf("%v are kept for what was not asked for", d)
	}
	if d := p.distillTime(&trials.JobOptions{Distill: true}, 100*time.Millisecond, 2); d != 25*time.Millisecond {
		t.Errorf("%v of 100 ms are kept", d)
	}
	rec := &trials.Record{Spec: trials.Spec{Number: 0, Learner: "gbdt"}, Result: &trials.Result{FitSeconds: 1, RowSeconds: 1e-6}}
	r := &runner{c: &Config{Threads: 2}, plan: p, job: &trials.Job{Options: trials.JobOptions{Distill: true}}}
	d := &distillery{runner: r, tried: []candidate{{record: rec}}, end: time.Now().Add(-time.Hour)}
	o := &Outcome{Members: []Member{{Trial: 0, Kept: []int{0, 1, 2}}}}
	list, err := d.candidates()
	if err != nil || len(list) != 1 {
		t.Fatalf("students %v, %v", list, err)
	}
	if _, err := d.affordable(o, list); !errors.Is(err, errNoTime) {
		t.Errorf("without time: %v", err)
	}
	for _, tt := range []struct {
		left     time.Duration
		low, top int
	}{{time.Hour, 1500, 1500}, {3 * time.Second, 300, 900}} {
		d.end = time.Now().Add(tt.left)
		if rows, err := d.affordable(o, list); err != nil || rows < tt.low || rows > tt.top {
			t.Errorf("within %v %d rows, %v: want %d to %d", tt.left, rows, err, tt.low, tt.top)
		}
	}
	d.end = time.Time{}
	if rows, err := d.affordable(o, list); err != nil || rows != madeUpTimes*300 {
		t.Errorf("without a limit %d rows, %v", rows, err)
	}
	r.job.Options.MaxMemory = 1
	if _, err := d.affordable(o, list); err == nil {
		t.Error("a memory that nothing goes into is not refused")
	}
}
