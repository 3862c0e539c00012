package model

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
)

func TestPermuteRepeats(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	list, err := m.Permute(context.Background(), table, PermuteOptions{Seed: 2, Repeats: 8})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("%d columns", len(list))
	}
	for _, i := range list {
		if i.Drop == nil || !(i.StdErr >= 0) || *i.Drop != 0 && i.StdErr == 0 {
			t.Errorf("%s: %v ± %v", i.Column, i.Drop, i.StdErr)
		}
	}
	again, err := m.Permute(context.Background(), table, PermuteOptions{Seed: 2, Repeats: 8})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(list, again); d != "" {
		t.Error(d)
	}
	// The mean of many agrees with few as far as the standard errors say.
	many, err := m.Permute(context.Background(), table, PermuteOptions{Seed: 5, Repeats: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		for _, b := range many {
			if a.Column == b.Column && (*a.Drop-*b.Drop > 5*(a.StdErr+b.StdErr) || *b.Drop-*a.Drop > 5*(a.StdErr+b.StdErr)) {
				t.Errorf("%s: %v ± %v of 8, %v ± %v of 200", a.Column, *a.Drop, a.StdErr, *b.Drop, b.StdErr)
			}
			if a.Column == b.Column && b.StdErr > a.StdErr/2 {
				t.Errorf("%s: errors %v of 8 and %v of 200, want about a fifth", a.Column, a.StdErr, b.StdErr)
			}
		}
	}
}

func TestPermuteRefuses(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	unknown, err := data.FromStructs([]row{{Out: "perhaps"}, {Out: ""}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		table *data.Table
		o     PermuteOptions
		want  string
	}{
		"target":  {table.Drop("out"), PermuteOptions{}, `"out"`},
		"answers": {unknown, PermuteOptions{}, "usable value"},
		"column":  {table.Drop("age"), PermuteOptions{}, `"age"`},
		"metric":  {table, PermuteOptions{Metric: "r2"}, "r2"},
		"name":    {table, PermuteOptions{Metric: "magic"}, `"magic"`},
		"repeats": {table, PermuteOptions{Repeats: -1}, "negative"},
	} {
		if _, err := m.Permute(context.Background(), tt.table, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Permute(ctx, table, PermuteOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
