package trialstest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// Store runs the suite; open returns an empty store that lives as long as t.
func Store(t *testing.T, open func(t *testing.T) trials.Store) {
	for name, f := range map[string]func(*testing.T, context.Context, trials.Store){
		"round trip":         roundTrip,
		"create twice":       createTwice,
		"bad identifiers":    badIdentifiers,
		"absent":             absent,
		"compare and set":    compareAndSet,
		"no shared memory":   noSharedMemory,
		"list in order":      listInOrder,
		"delete":             deleteJob,
		"watch":              watch,
		"watch ends":         watchEnds,
		"one winner":         oneWinner,
		"ended context":      endedContext,
		"unencodable record": unencodable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			f(t, ctx, open(t))
		})
	}
}

func record(job string, number int) *trials.Record {
	return &trials.Record{
		Spec:  trials.Spec{Job: job, Number: number, Kind: trials.NoOp, Learner: "gbdt"},
		State: trials.Queued,
	}
}

func create(t *testing.T, ctx context.Context, s trials.Store, job string, number int) *trials.Record {
	t.Helper()
	r := record(job, number)
	if err := s.Create(ctx, r); err != nil {
		t.Fatalf("create: %v", err)
	}
	return r
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func roundTrip(t *testing.T, ctx context.Context, s trials.Store) {
	keep := 0.25
	at := time.Date(2026, 5, 4, 3, 2, 1, 987654321, time.UTC)
	r := &trials.Record{
		Spec: trials.Spec{
			Job: "j-1_A", Number: 12, Kind: trials.Folds, Problem: "abc", Learner: "linear",
			Params: search.Params{"c": 0.1, "penalty": "l2"}, Split: trials.Split{Folds: 5, Seed: 1<<64 - 1},
			Seed: 1<<63 + 1, Threads: 2, MaxSteps: 100, Deadline: at, Prune: []float64{.5, .4}, KeepLoss: &keep,
		},
		State: trials.Succeeded, Attempt: 3, Worker: "w", Queued: at, Started: at, Finished: at,
		Result: &trials.Result{Loss: .1, FoldLosses: []float64{.1, .2}, Steps: []int{3, 4}, Bytes: 9, Kernel: "k"},
		Reason: "because — ütf8",
	}
	if err := s.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	if r.Revision == 0 {
		t.Error("Create set no revision")
	}
	got, err := s.Get(ctx, "j-1_A", 12)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, got); d != "" {
		t.Errorf("stored and read differ (-stored +read):\n%s", d)
	}
}

func createTwice(t *testing.T, ctx context.Context, s trials.Store) {
	create(t, ctx, s, "j", 0)
	wantErr(t, s.Create(ctx, record("j", 0)), trials.ErrExists)
	create(t, ctx, s, "j", 1)
	create(t, ctx, s, "k", 0)
}

func badIdentifiers(t *testing.T, ctx context.Context, s trials.Store) {
	for _, job := range []string{"", "a.b", "a b", "*", ">", "ä", "../x", string(make([]byte, 65))} {
		if err := s.Create(ctx, record(job, 0)); err == nil {
			t.Errorf("job id %q accepted", job)
		}
	}
	if err := s.Create(ctx, record("j", -1)); err == nil {
		t.Error("negative number accepted")
	}
}

func absent(t *testing.T, ctx context.Context, s trials.Store) {
	_, err := s.Get(ctx, "j", 0)
	wantErr(t, err, trials.ErrNotFound)
	_, err = s.Get(ctx, "no.such", 0)
	wantErr(t, err, trials.ErrNotFound)
	r := record("j", 0)
	wantErr(t, s.Update(ctx, r), trials.ErrConflict)
	r.Revision = 1
	wantErr(t, s.Update(ctx, r), trials.ErrConflict)
	list, err := s.List(ctx, "j")
	if err != nil || len(list) != 0 {
		t.Errorf("list of nothing: %v, %v", list, err)
	}
	if err := s.Delete(ctx, "j"); err != nil {
		t.Errorf("delete of nothing: %v", err)
	}
}

func compareAndSet(t *testing.T, ctx context.Context, s trials.Store) {
	a := create(t, ctx, s, "j", 0)
	b, err := s.Get(ctx, "j", 0)
	if err != nil {
		t.Fatal(err)
	}
	a.Worker = "a"
	first := a.Revision
	if err := s.Update(ctx, a); err != nil {
		t.Fatal(err)
	}
	if a.Revision <= first {
		t.Errorf("revision went from %d to %d", first, a.Revision)
	}
	b.Worker = "b"
	wantErr(t, s.Update(ctx, b), trials.ErrConflict)
	if b.Revision != first {
		t.Error("a refused Update changed the revision")
	}
	got, err := s.Get(ctx, "j", 0)
	if err != nil || got.Worker != "a" || got.Revision != a.Revision {
		t.Errorf("got %+v, %v", got, err)
	}
	// A change of another record is no conflict.
	create(t, ctx, s, "j", 1)
	if err := s.Update(ctx, a); err != nil {
		t.Error(err)
	}
}

func noSharedMemory(t *testing.T, ctx context.Context, s trials.Store) {
	r := record("j", 0)
	r.Result = &trials.Result{FoldLosses: []float64{1}}
	if err := s.Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	r.Result.FoldLosses[0] = 2
	got, err := s.Get(ctx, "j", 0)
	if err != nil {
		t.Fatal(err)
	}
	got.Result.FoldLosses[0] = 3
	again, err := s.Get(ctx, "j", 0)
	if err != nil || again.Result.FoldLosses[0] != 1 {
		t.Errorf("stored value changed from outside: %v, %v", again.Result, err)
	}
}

func listInOrder(t *testing.T, ctx context.Context, s trials.Store) {
	for _, n := range []int{10, 2, 0, 33, 1} {
		create(t, ctx, s, "j", n)
	}
	create(t, ctx, s, "other", 5)
	list, err := s.List(ctx, "j")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, r := range list {
		numbers = append(numbers, r.Spec.Number)
		if r.Revision == 0 {
			t.Error("no revision")
		}
	}
	if d := cmp.Diff([]int{0, 1, 2, 10, 33}, numbers); d != "" {
		t.Error(d)
	}
}

func deleteJob(t *testing.T, ctx context.Context, s trials.Store) {
	r := create(t, ctx, s, "j", 0)
	create(t, ctx, s, "k", 0)
	if err := s.Delete(ctx, "j"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(ctx, "j", 0)
	wantErr(t, err, trials.ErrNotFound)
	wantErr(t, s.Update(ctx, r), trials.ErrConflict)
	if _, err := s.Get(ctx, "k", 0); err != nil {
		t.Errorf("another job went too: %v", err)
	}
	create(t, ctx, s, "j", 0)
}

// next reads from a watch until the condition holds.
func next(t *testing.T, ctx context.Context, ch <-chan *trials.Record, ok func(*trials.Record) bool) *trials.Record {
	t.Helper()
	for {
		select {
		case r, open := <-ch:
			if !open {
				t.Fatal("watch ended")
			}
			if ok(r) {
				return r
			}
		case <-ctx.Done():
			t.Fatal("nothing seen")
		}
	}
}

func watch(t *testing.T, ctx context.Context, s trials.Store) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	create(t, ctx, s, "j", 3)
	create(t, ctx, s, "other", 0)
	ch, err := s.Watch(ctx, "j")
	if err != nil {
		t.Fatal(err)
	}
	r := next(t, ctx, ch, func(*trials.Record) bool { return true })
	if r.Spec.Job != "j" || r.Spec.Number != 3 || r.Revision == 0 {
		t.Errorf("got %+v", r)
	}
	create(t, ctx, s, "j", 4)
	next(t, ctx, ch, func(r *trials.Record) bool { return r.Spec.Number == 4 })
	// Nobody reads while a record changes many times: its last state arrives.
	for _, state := range []trials.State{trials.Running, trials.Queued, trials.Running, trials.Succeeded} {
		r.State = state
		if err := s.Update(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	last := next(t, ctx, ch, func(r *trials.Record) bool { return r.State == trials.Succeeded })
	if last.Revision != r.Revision {
		t.Errorf("revision %d, want %d", last.Revision, r.Revision)
	}
}

func watchEnds(t *testing.T, ctx context.Context, s trials.Store) {
	for n := range 300 { // more than any buffer
		create(t, ctx, s, "j", n)
	}
	watching, cancel := context.WithCancel(ctx)
	ch, err := s.Watch(watching, "j")
	if err != nil {
		t.Fatal(err)
	}
	<-ch
	cancel()
	for range ch { // what was under way may still come, then it is closed
	}
	if ctx.Err() != nil {
		t.Error("channel not closed")
	}
}

func oneWinner(t *testing.T, ctx context.Context, s trials.Store) {
	create(t, ctx, s, "j", 0)
	const writers = 8
	var mu sync.Mutex
	var won []string
	var wg sync.WaitGroup
	read := make([]*trials.Record, writers)
	for i := range read {
		var err error
		if read[i], err = s.Get(ctx, "j", 0); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range read {
		wg.Go(func() {
			r.Worker = string(rune('a' + i))
			switch err := s.Update(ctx, r); {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				won = append(won, r.Worker)
			case !errors.Is(err, trials.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := s.Get(ctx, "j", 0)
	if err != nil || !slices.Equal(won, []string{got.Worker}) {
		t.Errorf("winners %v, stored %+v, %v", won, got, err)
	}
}

func endedContext(t *testing.T, ctx context.Context, s trials.Store) {
	r := create(t, ctx, s, "j", 0)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	wantErr(t, s.Create(ended, record("j", 1)), context.Canceled)
	wantErr(t, s.Update(ended, r), context.Canceled)
	_, err := s.List(ended, "j")
	wantErr(t, err, context.Canceled)
}

func unencodable(t *testing.T, ctx context.Context, s trials.Store) {
	r := record("j", 0)
	nan := 0.0
	r.Result = &trials.Result{Loss: nan / nan}
	if err := s.Create(ctx, r); err == nil {
		t.Error("a loss that is not a number was stored")
	}
	if _, err := s.Get(ctx, "j", 0); !errors.Is(err, trials.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
}
