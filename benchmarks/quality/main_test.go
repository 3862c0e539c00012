package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, path := filepath.Join(dir, "t.csv"), filepath.Join(dir, "m.automl")
	var b strings.Builder
	b.WriteString("x,day,colour,y\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,2024-01-%02d,%s,%.1f\n", i, i%28+1, []string{"red", "", "blue"}[i%3], float64(i%7)/2)
	}
	if err := os.WriteFile(data, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	table, err := automl.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := automl.Fit(context.Background(), table, automl.Options{Target: "y", Trials: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := measure(m, table, 2)
	if err != nil || got.Rows != 60 || got.Seconds <= 0 || got.RowUs <= 0 {
		t.Errorf("measured %+v, %v", got, err)
	}
	for args, want := range map[string]string{"": "usage", path + " none.csv": "none.csv", data + " " + data: "bundle", path + " " + data + " -reps 0": "-reps 0"} {
		if err := run(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", args, err, want)
		}
	}
}
