package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
)

// prepared makes a table of 400 rows whose class is whether a number is positive,
// but for one row without a target, and prepares it.
func prepared(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "train.csv")
	var b strings.Builder
	b.WriteString("x,colour,same,class\n")
	for i := range 400 {
		class := "no"
		if i%20 >= 10 {
			class = "yes"
		}
		if i == 5 {
			class = ""
		}
		fmt.Fprintf(&b, "%d,%s,1,%s\n", i%20-10, []string{"red", "green", ""}[i%3], class)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "steps")
	if err := write(dataset.Source{Name: "steps", Path: path, Target: "class"}, dir, 2); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	dir := prepared(t)
	m, err := readTable(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows != 399 || len(m.Classes) != 2 || len(m.Columns) != 2 || m.Columns[0].Type != "numeric" || m.Columns[1].Type != "categorical" {
		t.Errorf("meta.json is %+v", m)
	}
	for file, size := range map[string]int64{"y.f32": 4 * 399, halvesFile: 2 * 399} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() != size {
			t.Errorf("%s: %v, %v, want %d bytes", file, info, err, size)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	dir := prepared(t)
	out := filepath.Join(t.TempDir(), "pred.f32")
	var in, answers bytes.Buffer
	requests := []request{
		{Learner: "linear", Fold: 1, Threads: 1, Out: out, Folds: 2},
		{Learner: "gbdt", Seed: 1, Threads: 2, Out: out, Stop: "holdout"},
		{Learner: "gbdt", Seed: 1, Threads: 2, Out: out, Stop: "refit"},
		{Learner: "none", Out: out},
		{Learner: "linear", Seed: 2, Threads: 1, Out: out},
		{Learner: "linear", Threads: 1, Stop: "never", Out: out},
	}
	for _, r := range requests {
		if err := json.NewEncoder(&in).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := serve(context.Background(), dir, &in, &answers); err != nil {
		t.Fatal(err)
	}
	var got []answer
	for d := json.NewDecoder(&answers); d.More(); {
		var a answer
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if len(got) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(got), len(requests))
	}
	for i, want := range []string{"", "", "", `"none"`, "seed 2", `"never"`} {
		if a := got[i]; want == "" && (a.Error != "" || a.Steps < 1) || !strings.Contains(a.Error, want) {
			t.Errorf("request %d: %+v, want an error with %q", i, a, want)
		}
	}
	if got[0].Folds >= 0.01 { // the classes can be told apart
		t.Errorf("loss %v on folds", got[0].Folds)
	}
	if info, err := os.Stat(out); err != nil || info.Size()%4 != 0 || info.Size() < 4*199 {
		t.Errorf("predictions: %v, %v", info, err)
	}
}

func TestGenAndIngest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files [2][]byte
	for i := range files {
		path := filepath.Join(dir, fmt.Sprint(i, ".csv"))
		if err := gen(path, []string{"-rows", "60", "-cols", "62"}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = b
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("one seed makes two tables")
	}
	head, _, _ := strings.Cut(string(files[0]), "\n")
	if n := strings.Count(head, ",") + 1; n != 62 || !strings.HasSuffix(head, ",y") {
		t.Errorf("%d columns: %s", n, head)
	}
	if err := gen(filepath.Join(dir, "none.csv"), []string{"-cols", "1"}); err == nil {
		t.Error("no error for one column")
	}
	if err := ingest(filepath.Join(dir, "0.csv"), []string{"-view", "bins"}); err == nil {
		t.Error("no error for an unknown view")
	}
}
