package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made makes a folder with one table and names it in the environment.
func made(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var csv bytes.Buffer
	z := gzip.NewWriter(&csv)
	fmt.Fprintln(z, "x,colour,y")
	for i := range 60 {
		fmt.Fprintf(z, "%d,%s,%s\n", i*37%60, []string{"red", "blue", "green"}[i%3], []string{"no", "yes"}[i*37%60/30])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"steps.csv.gz": csv.Bytes(), "meta.json": []byte(`{"steps": {"target": "y", "task": "binary", "rows": 60}}`),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AUTOML_PORTFOLIO", dir)
	t.Setenv("AUTOML_DATA", "")
	return dir
}

// TestRecordGoesOn ends a recording and begins it again: it has each configuration
// once.
func TestRecordGoesOn(t *testing.T) {
	path := filepath.Join(made(t), "trials.jsonl")
	record := func(args ...string) string {
		t.Helper()
		if err := run(context.Background(), append([]string{"record", path, "-tables", "steps"}, args...), os.Stdout); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := record("-learners", "baseline,linear", "-draws", "1")
	again := record("-learners", "baseline,linear", "-draws", "2")
	if !strings.HasPrefix(again, first) || strings.Count(again, "\n") != strings.Count(first, "\n")+1 {
		t.Errorf("it had\n%sand with a further draw\n%s", first, again)
	}
	all, err := readRecords(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range all {
		if !r.whole() || r.Error != "" || seen[r.key()] || !(r.loss() <= 0.6) {
			t.Errorf("record %+v", r)
		}
		seen[r.key()] = true
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, []string{"record", path, "-tables", "steps", "-learners", "gbdt"}, os.Stdout); err != nil || record("-learners", "baseline") != again {
		t.Errorf("ended at once it records (%v)", err)
	}
}

// TestRacing replays made trials whose folds differ more than they do: a paired test
// saves folds and loses no good trial, as quick as a rule may be.
func TestRacing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trials.jsonl")
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 60 {
		rec := record{Table: "made", Learner: "l", Params: map[string]any{"x": float64(i)}}
		for k := range folds {
			rec.Losses = append(rec.Losses, float64(k%3)+float64(i)/30+0.01*r.Float64())
			rec.Seconds = append(rec.Seconds, 1)
		}
		if err := appendRecord(path, &rec); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := run(context.Background(), []string{"racing", path, "-widths", "2", "-orders", "5"}, &out); err != nil {
		t.Fatal(err)
	}
	lines := map[string]raced{}
	for line := range strings.Lines(out.String()) {
		var l raced
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines[l.Rule] = l
	}
	none, paired := lines["none"], lines["paired 2"]
	if len(lines) != 3 || none.Saved != 0 || none.Kept < 0.99 || paired.Saved < 0.2 || paired.Lost > 0 || paired.Kept < 0.95 || paired.Regret > none.Regret {
		t.Errorf("got %s", &out)
	}
}

func TestErrors(t *testing.T) {
	dir := made(t)
	bad := filepath.Join(dir, "bad.jsonl")
	if err := os.WriteFile(bad, []byte("{\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"usage":           {"record"},
		"unknown command": {"dance", bad},
		"line 1":          {"racing", bad},
		"no table has":    {"racing", filepath.Join(dir, "none.jsonl")},
		"-widths":         {"racing", bad, "-widths", "a"},
		"-learners":       {"record", bad, "-learners", "genius"},
		"-tables":         {"record", bad, "-tables", "chairs"},
		"-draws -1":       {"record", bad, "-draws", "-1"},
	} {
		if err := run(context.Background(), args, os.Stdout); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
}

// TestChoose makes tables on which a drawn configuration is much better than those of
// the portfolio, and one hardly better and dear.
func TestChoose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trials.jsonl")
	for table := range 5 {
		for x, loss := range []float64{5, 4, 6, 1, 0.9, 7, 5.5} {
			rec := record{Table: fmt.Sprint("made", table), Task: "regression", Rows: 100, Learner: "l", Params: map[string]any{"x": float64(x)}, Drawn: x > 2}
			for k := range folds {
				rec.Losses = append(rec.Losses, loss+float64(k+table)/100)
				rec.Seconds = append(rec.Seconds, map[bool]float64{true: 50, false: 1}[x == 4])
			}
			if err := appendRecord(path, &rec); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if err := run(context.Background(), []string{"choose", path}, &out); err != nil {
		t.Fatal(err)
	}
	var got compared
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	if !got.Small || got.Tables != 5 || got.Better != 5 || got.Greedy >= got.Hand || got.Order[0].Float("x", 0) != 3 {
		t.Errorf("got %+v", got)
	}
}
