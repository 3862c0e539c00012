package dataset

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func small() *Set {
	return &Set{
		Name: "small", Train: 3, Test: 1, Features: 2, Levels: []int{0, 2}, Classes: 2,
		Cols: [][]float32{{1.5, -2, float32(math.NaN()), 4}, {0, 1, 1, float32(math.NaN())}}, Y: []float32{0, 1, 1, 0},
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	dir, want := t.TempDir(), small()
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Read(filepath.Join(dir, "small"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != want.Name || got.Train != 3 || got.Test != 1 || got.Classes != 2 || !slices.Equal(got.Levels, want.Levels) {
		t.Errorf("read %+v", got)
	}
	for j := range want.Cols {
		if !sameBits(got.Cols[j], want.Cols[j]) {
			t.Errorf("column %d is %v, want %v", j, got.Cols[j], want.Cols[j])
		}
	}
	if !slices.Equal(got.Y, want.Y) {
		t.Errorf("targets %v", got.Y)
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, content, want string }{
		"short values":    {"x.f32", "1234", "want 2 columns of 4 floats"},
		"no json":         {"meta.json", "rows", "small"},
		"levels":          {"meta.json", `{"train":3,"test":1,"features":2,"levels":[0]}`, "levels of 1 features"},
		"negative rows":   {"meta.json", `{"train":-3,"test":1,"features":2,"levels":[0,0]}`, "-3 training rows"},
		"one class":       {"meta.json", `{"train":3,"test":1,"features":2,"levels":[0,0],"classes":1}`, "1 classes"},
		"too many values": {"meta.json", `{"train":1,"test":1,"features":2,"levels":[0,0]}`, "want 2 columns of 2 floats"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := small().Write(dir); err != nil {
				t.Fatal(err)
			}
			dir = filepath.Join(dir, "small")
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestFrameAndTake(t *testing.T) {
	t.Parallel()
	s := small()
	f := s.Frame(1, 3)
	if f.Rows != 2 || f.Features[1].Levels != 2 || f.Cols[0][0] != -2 {
		t.Errorf("frame %+v", f)
	}
	rows := []int32{3, 0}
	if g := s.Take(rows); g.Rows != 2 || g.Cols[0][0] != 4 || g.Cols[0][1] != 1.5 {
		t.Errorf("taken %+v", g)
	}
	if y := s.Targets([]int32{1, 3}); !slices.Equal(y, []float32{1, 0}) {
		t.Errorf("targets %v", y)
	}
}

func TestFromTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.csv")
	var b strings.Builder
	b.WriteString("n,c,y\n")
	for i := range 60 {
		b.WriteString([]string{"1.5", "", "3", "4.25"}[i%4] + "," + []string{"red", "green", "blue"}[i%3] + "," + []string{"no", "yes", ""}[i%7%3] + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := FromTable(Source{Name: "t", Path: path, Target: "y"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for i := range 60 {
		if i%7%3 != 2 {
			known++
		}
	}
	if s.Train != known || s.Test != 0 || s.Classes != 2 || len(s.Y) != known || len(s.Cols) != s.Features {
		t.Errorf("%d rows, %d classes, %d targets: %d rows have one", s.Train, s.Classes, len(s.Y), known)
	}
	if p, err := s.Problem(); err != nil || p.Task != metrics.Binary || p.Metric.Name != "log_loss" {
		t.Errorf("problem %+v, %v", p, err)
	}
	if !slices.Contains(s.Levels, 3) {
		t.Errorf("levels %v: the colours have 3", s.Levels)
	}
	total := sum(s.Y)
	s.Part(0.25, 1)
	if s.Test != known/4 || s.Train+s.Test != known || sum(s.Y) != total {
		t.Errorf("parted into %d and %d rows", s.Train, s.Test)
	}
	if _, err := FromTable(Source{Name: "t", Path: path, Target: "z"}, 1); err == nil || !strings.Contains(err.Error(), `"z"`) {
		t.Errorf("error %v for a target that is not there", err)
	}
}

func sum(v []float32) (s float32) {
	for _, x := range v {
		s += x
	}
	return s
}

func TestAddParams(t *testing.T) {
	t.Parallel()
	p := search.Params{"a": 1.0}
	if err := AddParams(p, "a=2.5,,b=word"); err != nil || p["a"] != 2.5 || p["b"] != "word" || len(p) != 2 {
		t.Errorf("%v, %v", p, err)
	}
	for _, bad := range []string{"a", "=1"} {
		if err := AddParams(p, bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
