package featurize

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

func planned(t testing.TB, tab *data.Table) *Plan {
	t.Helper()
	p, err := Infer(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func keyOf(dataset string) Key {
	return Key{Dataset: dataset, Plan: "p", Target: "y", Task: metrics.Binary, Classes: []string{"0", "1"}, TrainRows: 150}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	tab := mixed(t, 200)
	p, err := Prepare(tab, planned(t, tab), keyOf("d"), 2)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Shape
	if p.Rows != 200 || p.TrainRows != 150 || len(p.Y) != 200 || p.W != nil || p.Y[3] != 1 {
		t.Errorf("%d rows, %d for training, %d targets, weights %v", p.Rows, p.TrainRows, len(p.Y), p.W)
	}
	if s.Categorical != 1 || s.Features != len(p.Pipeline.Features()) || s.SparseNNZ != len(p.Matrix.Frame.Sparse.Index) {
		t.Errorf("shape %+v", s)
	}
	if d := p.Matrix.Dense(); d.Rows != 200 || d.Cols != s.DenseCols || d.Sparse == nil {
		t.Errorf("dense view of %d×%d, shape %+v", d.Rows, d.Cols, s)
	}
	if b := p.Matrix.Bins(); b.Rows != 200 || len(b.Cols) != s.Features {
		t.Errorf("bins of %d×%d", b.Rows, len(b.Cols))
	}
}

func TestPrepareErrors(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("x", 1.5, 2, 3), words("y", "0", "1", ""), numbers("w", 1, 1, -1))
	plan := planned(t, tab)
	for _, c := range []struct {
		name string
		edit func(k *Key)
		want []string
	}{
		{"missing target", func(*Key) {}, []string{`"y"`, "row 3"}},
		{"no target", func(k *Key) { k.Target = "yy" }, []string{"target", `"yy"`}},
		{"no weight", func(k *Key) { k.Target = "x"; k.Task = metrics.Regression; k.Weight = "v" }, []string{"weight", `"v"`}},
		{"negative weight", func(k *Key) { k.Target = "x"; k.Task = metrics.Regression; k.Weight = "w" }, []string{`"w"`, "negative"}},
	} {
		k := keyOf("d")
		c.edit(&k)
		_, err := Prepare(tab, plan, k, 1)
		wantError(t, err, c.want...)
	}
}

func TestCacheSharesWork(t *testing.T) {
	t.Parallel()
	tab := mixed(t, 200)
	plan := planned(t, tab)
	c := NewCache(1 << 30)
	var loads atomic.Int32
	inLoad, goOn := make(chan struct{}), make(chan struct{})
	load := func() (*data.Table, *Plan, error) {
		if loads.Add(1) == 1 {
			close(inLoad)
		}
		<-goOn
		return tab, plan, nil
	}
	var wg sync.WaitGroup
	got := make([]*Prepared, 4)
	get := func(i int) {
		var err error
		if got[i], err = c.Prepare(context.Background(), keyOf("d"), load, 1); err != nil {
			t.Error(err)
		}
	}
	wg.Go(func() { get(0) })
	<-inLoad
	for i := 1; i < len(got); i++ {
		wg.Go(func() { get(i) })
	}
	// Who does not want to wait need not.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Prepare(ctx, keyOf("d"), load, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context gives %v", err)
	}
	close(goOn)
	wg.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
	for i := range got {
		if got[i] == nil || got[i] != got[0] {
			t.Errorf("caller %d has another data set", i)
		}
	}
	other := keyOf("d")
	other.Classes = []string{"1", "0"}
	p, err := c.Prepare(context.Background(), other, load, 1)
	if err != nil || p == got[0] || p.Y[1] == got[0].Y[1] {
		t.Errorf("another key gives the same data set (%v)", err)
	}
}

func TestCacheKeepsNoErrors(t *testing.T) {
	t.Parallel()
	c := NewCache(1 << 30)
	tab := mixed(t, 100)
	down := errors.New("down")
	if _, err := c.Prepare(context.Background(), keyOf("d"), func() (*data.Table, *Plan, error) { return nil, nil, down }, 1); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_, _ = c.Prepare(context.Background(), keyOf("d"), func() (*data.Table, *Plan, error) { panic("load") }, 1)
	}()
	// A nil table stands for the pinned one.
	pinned := func() (*data.Table, *Plan, error) { return nil, planned(t, tab), nil }
	_, err := c.Prepare(context.Background(), keyOf("d"), pinned, 1)
	wantError(t, err, "no table d")
	c.AddTable("d", tab)
	if _, err := c.Prepare(context.Background(), keyOf("d"), pinned, 1); err != nil {
		t.Error(err)
	}
	if got, ok := c.Table("d"); !ok || got != tab {
		t.Error("the table is gone")
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	tab := mixed(t, 100)
	plan := planned(t, tab)
	one, err := Prepare(tab, plan, keyOf("a"), 1)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCache(2*one.Bytes() + one.Bytes()/2) // room for two
	var loaded []string
	get := func(c *Cache, dataset string) {
		t.Helper()
		_, err := c.Prepare(context.Background(), keyOf(dataset), func() (*data.Table, *Plan, error) {
			loaded = append(loaded, dataset)
			return tab, plan, nil
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"a", "b", "a", "c", "a", "b", "b"} {
		get(c, d)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "b"}, loaded); diff != "" {
		t.Errorf("the least recently used does not go first: %s", diff)
	}
	c.AddTable("b", tab)
	c.Remove("b")
	if _, ok := c.Table("b"); ok {
		t.Error("a removed table is still there")
	}
	loaded = nil
	get(c, "a")
	get(c, "b")
	if diff := cmp.Diff([]string{"b"}, loaded); diff != "" {
		t.Errorf("removed with its table: %s", diff)
	}
	if c.held != 2*one.Bytes() || c.recent.Len() != 2 {
		t.Errorf("%d bytes in %d entries", c.held, c.recent.Len())
	}
	small := NewCache(1)
	loaded = nil
	get(small, "a")
	get(small, "a")
	get(small, "b")
	if diff := cmp.Diff([]string{"a", "b"}, loaded); diff != "" || small.recent.Len() != 1 {
		t.Errorf("the latest entry does not stay: %s", diff)
	}
}
