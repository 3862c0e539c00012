package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type goldenCase struct {
	Name    string
	Task    Task
	Classes int
	Y, Pred []float32
	W       []float32
	Scores  map[string]float64
}

func golden(t *testing.T) []goldenCase {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []goldenCase }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("golden.json holds no cases")
	}
	return file.Cases
}

func TestScoresEqualScikitLearn(t *testing.T) {
	t.Parallel()
	for _, c := range golden(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, m := range ForTask(c.Task) {
				want, ok := c.Scores[m.Name]
				if !ok {
					t.Errorf("%s: no golden value", m.Name)
					continue
				}
				got, err := m.Score(c.Task, c.Classes, c.Y, c.Pred, c.W)
				if err != nil {
					t.Errorf("%s: %v", m.Name, err)
				} else if math.Abs(got-want) > 1e-10*max(1, math.Abs(want)) {
					t.Errorf("%s = %.15g, scikit-learn has %.15g", m.Name, got, want)
				}
			}
		})
	}
}

func TestWeightsAreRepeats(t *testing.T) {
	t.Parallel()
	for _, c := range golden(t) {
		width := Width(c.Task, c.Classes)
		w := make([]float32, len(c.Y))
		var y, pred []float32
		for i := range w {
			w[i] = float32(1 + i%3)
			for range 1 + i%3 {
				y = append(y, c.Y[i])
				pred = append(pred, c.Pred[i*width:(i+1)*width]...)
			}
		}
		for _, m := range ForTask(c.Task) {
			a, errA := m.Score(c.Task, c.Classes, c.Y, c.Pred, w)
			b, errB := m.Score(c.Task, c.Classes, y, pred, nil)
			if errA != nil || errB != nil {
				t.Errorf("%s, %s: %v, %v", c.Name, m.Name, errA, errB)
			} else if math.Abs(a-b) > 1e-9*max(1, math.Abs(a)) {
				t.Errorf("%s, %s: %v with weights, %v with repeats", c.Name, m.Name, a, b)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"auc": "roc_auc", "ROC-AUC": "roc_auc", " rmse ": "root_mean_squared_error", "log loss": "log_loss",
		"logloss": "log_loss", "mae": "mean_absolute_error", "mcc": "matthews_corrcoef", "ap": "average_precision",
		"mape": "mean_absolute_percentage_error", "brier": "brier_score_loss", "f1": "f1", "r2": "r2",
	} {
		m, err := Lookup(name)
		if err != nil || m.Name != want {
			t.Errorf("Lookup(%q) = %q, %v; want %q", name, m.Name, err, want)
		}
	}
	if _, err := Lookup("rsme"); err == nil || !strings.Contains(err.Error(), "root_mean_squared_error") {
		t.Errorf("the error of an unknown name lists no names: %v", err)
	}
	for alias, full := range aliases {
		if find(full) == nil {
			t.Errorf("alias %q names %q, which is not there", alias, full)
		}
		if find(alias) != nil {
			t.Errorf("alias %q is a metric's name", alias)
		}
	}
}

func TestDefaultComesFirst(t *testing.T) {
	t.Parallel()
	for task, want := range map[Task]string{Binary: "roc_auc", Multiclass: "log_loss", Regression: "root_mean_squared_error"} {
		list := ForTask(task)
		if Default(task).Name != want || list[0].Name != want {
			t.Errorf("%s: default %q, first %q, want %q", task, Default(task).Name, list[0].Name, want)
		}
		seen := map[string]bool{}
		for _, m := range list {
			if seen[m.Name] || !m.Supports(task) || m.Source == "" {
				t.Errorf("%s: %q is repeated, not supported or without source", task, m.Name)
			}
			seen[m.Name] = true
		}
	}
	if m := Default("clustering"); m.Name != "" || len(ForTask("clustering")) != 0 {
		t.Errorf("an unknown task has the default %q", m.Name)
	}
}

func TestLossTurnsBack(t *testing.T) {
	t.Parallel()
	for i := range definitions {
		m := definitions[i].metric()
		better, worse := 0.75, 0.25
		if !m.Greater {
			better, worse = worse, better
		}
		if m.Loss(better) >= m.Loss(worse) {
			t.Errorf("%s: the better score has the higher loss", m.Name)
		}
		if got := m.FromLoss(m.Loss(0.75)); got != 0.75 {
			t.Errorf("%s: loss and back gives %v", m.Name, got)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type doc struct{ M Metric }
	b, err := json.Marshal(doc{Default(Binary)})
	if err != nil || string(b) != `{"M":"roc_auc"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var d doc
	if err := json.Unmarshal([]byte(`{"M":"rmse"}`), &d); err != nil || d.M.Name != "root_mean_squared_error" || d.M.Greater {
		t.Errorf("%+v, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`{"M":""}`), &d); err != nil || d.M.Name != "" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`{"M":"nonsense"}`), &d); err == nil {
		t.Error("an unknown name was read")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	table := []struct {
		name, metric string
		task         Task
		classes      int
		y, pred, w   []float32
		want         string
	}{
		{"no rows", "auc", Binary, 2, nil, nil, nil, "no rows"},
		{"nan prediction", "rmse", Regression, 0, []float32{1, 2}, []float32{1, nan}, nil, "row 1"},
		{"infinite prediction", "rmse", Regression, 0, []float32{1, 2}, []float32{inf, 1}, nil, "row 0"},
		{"nan target", "rmse", Regression, 0, []float32{nan}, []float32{1}, nil, "target of row 0"},
		{"short predictions", "log_loss", Multiclass, 3, []float32{0, 1}, []float32{1, 0, 0}, nil, "3 predictions for 2 rows"},
		{"class beyond", "acc", Binary, 2, []float32{2}, []float32{1}, nil, "class of row 0"},
		{"class between", "acc", Binary, 2, []float32{0.5}, []float32{1}, nil, "class of row 0"},
		{"class nan", "acc", Binary, 2, []float32{nan}, []float32{1}, nil, "class of row 0"},
		{"three classes in binary", "acc", Binary, 3, []float32{1}, []float32{1}, nil, "3 classes"},
		{"wrong task", "rmse", Binary, 2, []float32{1}, []float32{1}, nil, "not defined for binary"},
		{"zero metric", "", Binary, 2, []float32{1}, []float32{1}, nil, "unknown metric"},
		{"weights too few", "acc", Binary, 2, []float32{1, 0}, []float32{1, 0}, []float32{1}, "1 weights"},
		{"weight negative", "acc", Binary, 2, []float32{1, 0}, []float32{1, 0}, []float32{1, -1}, "weight of row 1"},
		{"weight nan", "acc", Binary, 2, []float32{1, 0}, []float32{1, 0}, []float32{nan, 1}, "weight of row 0"},
		{"weights zero", "acc", Binary, 2, []float32{1, 0}, []float32{1, 0}, []float32{0, 0}, "all weights are 0"},
		{"one class", "auc", Binary, 2, []float32{1, 1}, []float32{1, 0}, nil, "one class"},
		{"one class with weight", "ap", Binary, 2, []float32{1, 0}, []float32{1, 0}, []float32{1, 0}, "one class"},
		{"no probability", "log_loss", Binary, 2, []float32{1, 0}, []float32{1, -1}, nil, "outside"},
		{"no probabilities", "brier", Multiclass, 2, []float32{1}, []float32{0, 3}, nil, "outside"},
		{"one row", "r2", Regression, 0, []float32{1}, []float32{1}, nil, "single row"},
	}
	for _, c := range table {
		m, _ := Lookup(c.metric)
		_, err := m.Score(c.task, c.classes, c.y, c.pred, c.w)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestAbsentClassesAreLeftOutOfRanking(t *testing.T) {
	t.Parallel()
	y := []float32{0, 1, 1, 0}
	pred := []float32{.6, .3, .1, .2, .7, .1, .5, .4, .1, .6, .3, .1}
	auc, _ := Lookup("auc")
	got, err := auc.Score(Multiclass, 3, y, pred, nil)
	// Class 0 has the scores .6 .6 against .2 .5, class 1 has .7 .4 against .3 .3.
	if err != nil || got != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// The radix sort of many rows and the comparison sort of few give one order.
func TestDescending(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		n := rapid.IntRange(1, 3000).Draw(r, "n")
		scores := make([]float32, n)
		for i := range scores {
			scores[i] = float32(rng.NormFloat64())
			if rng.IntN(4) == 0 {
				scores[i] = float32(rng.IntN(3) - 1)
			}
		}
		order := slices.Clone(new(sorter).descending(scores))
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		slices.SortStableFunc(want, func(a, b int) int {
			switch {
			case scores[a] > scores[b]:
				return -1
			case scores[a] < scores[b]:
				return 1
			}
			return 0
		})
		for i, key := range order {
			if int(uint32(key)) != want[i] {
				r.Fatalf("place %d holds row %d, want %d", i, uint32(key), want[i])
			}
		}
	})
}

func TestNegativeZeroTies(t *testing.T) {
	t.Parallel()
	auc := Default(Binary)
	got, err := auc.Score(Binary, 2, []float32{0, 1}, []float32{0, float32(math.Copysign(0, -1))}, nil)
	if err != nil || got != 0.5 {
		t.Errorf("%v, %v", got, err)
	}
}

func BenchmarkAUC(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	y, p := make([]float32, 20000), make([]float32, 20000)
	for i := range y {
		y[i], p[i] = float32(rng.IntN(2)), rng.Float32()
	}
	m := Default(Binary)
	for b.Loop() {
		if _, err := m.Score(Binary, 2, y, p, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLogLoss(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	y, p := make([]float32, 20000), make([]float32, 20000)
	for i := range y {
		y[i], p[i] = float32(rng.IntN(2)), rng.Float32()
	}
	m, _ := Lookup("log_loss")
	for b.Loop() {
		if _, err := m.Score(Binary, 2, y, p, nil); err != nil {
			b.Fatal(err)
		}
	}
}
