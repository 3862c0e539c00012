package worker

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestNoOps(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{LocalBlobs: true}, "")
	for range 3 {
		s.start(s.config())
	}
	for n := range 50 {
		s.submit(trials.Spec{Job: "j", Number: n, Kind: trials.NoOp})
	}
	for _, r := range s.final(50) {
		if r.State != trials.Succeeded || r.Attempt != 1 || r.Worker != "w" || r.Started.IsZero() || r.Finished.IsZero() {
			t.Errorf("got %+v", r)
		}
	}
	s.empty()
}

// A real learner: everything the result says can be computed again from what
// the trial left.
func TestFolds(t *testing.T) {
	t.Parallel()
	for _, learner := range []string{"gbdt", "linear", "extra_trees", "baseline"} {
		t.Run(learner, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, bus.Config{}, "")
			ctx := testContext(t)
			events, err := s.bus.Events(ctx, "j", 0)
			if err != nil {
				t.Fatal(err)
			}
			s.submit(s.spec(0, learner, ""))
			s.start(s.config())
			r := s.final(1)[0]
			if r.State != trials.Succeeded {
				t.Fatalf("%s: %s", r.State, r.Reason)
			}
			res := r.Result
			if len(res.FoldLosses) != 3 || len(res.Steps) != 3 || res.Kernel != kernel || res.Truncated || res.Bytes == 0 {
				t.Errorf("got %+v", res)
			}
			s.checkOutOfFold(r, learner)
			checkEvents(t, r, events)
			s.empty()
		})
	}
}

func (s *site) checkOutOfFold(r *trials.Record, learner string) {
	t, ctx := s.t, testContext(s.t)
	blob, err := s.bus.GetBlob(ctx, r.Result.OutOfFold)
	if err != nil {
		t.Fatal(err)
	}
	oof, err := trials.DecodeOOF(blob, rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, rows)
	for i := range y {
		y[i] = float32(s.table.Column("y").Floats[i])
	}
	m, err := metrics.Lookup("roc_auc")
	if err != nil {
		t.Fatal(err)
	}
	auc, err := m.Score(metrics.Binary, 2, y, oof, nil)
	if err != nil {
		t.Fatal(err)
	}
	if loss := m.Loss(auc); loss != r.Result.Loss {
		t.Errorf("loss %v, the predictions have %v", r.Result.Loss, loss)
	}
	if learner != "baseline" && auc < 0.7 {
		t.Errorf("%s learned nothing: AUC %v", learner, auc)
	}
	if blob, err = s.bus.GetBlob(ctx, r.Result.Models); err != nil {
		t.Fatal(err)
	}
	models, err := trials.DecodeModels(blob)
	if err != nil || len(models) != 3 || models[0].Kind == "" || len(models[0].Bytes) == 0 {
		t.Errorf("models %+v, %v", models, err)
	}
}

func checkEvents(t *testing.T, r *trials.Record, events <-chan bus.Event) {
	t.Helper()
	if e := <-events; e.Kind != "started" || e.Trial != 0 {
		t.Errorf("got %+v", e)
	}
	for k := range 3 {
		e := <-events
		var d foldData
		if err := json.Unmarshal(e.Data, &d); err != nil || e.Kind != "fold" || d.Fold != k || d.Folds != 3 || *d.Loss != r.Result.FoldLosses[k] {
			t.Errorf("got %+v %s", e, e.Data)
		}
	}
}

// A worker elsewhere divides the rows by a column as the table says, and averages
// the predictions of repetitions.
func TestFoldsByColumn(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "127.0.0.1:0")
	ctx := testContext(t)
	far, err := bus.Connect(ctx, bus.Config{URL: s.srv.URL(), BlobDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(far.Close)
	c := s.config()
	c.Bus = far
	s.start(c)
	splits := []trials.Split{
		{Folds: 3, Repeats: 2, By: featurize.ByGroup, Column: "a", Seed: 1},
		{Folds: 3, By: featurize.ByTime, Column: "a"},
		{Folds: 2, By: featurize.ByFold, Column: "y"},
	}
	for n, split := range splits {
		spec := s.spec(n, "odd", "groups")
		if split.By == featurize.ByFold {
			spec = s.spec(n, "odd", "")
		}
		spec.Split = split
		s.submit(spec)
	}
	y := make([]float32, rows)
	for i := range y {
		y[i] = float32(s.table.Column("y").Floats[i])
	}
	for n, r := range s.final(len(splits)) {
		if r.State != trials.Succeeded {
			t.Fatalf("%v: %s", splits[n], r.Reason)
		}
		blob, err := s.bus.GetBlob(ctx, r.Result.OutOfFold)
		if err != nil {
			t.Fatal(err)
		}
		oof, err := trials.DecodeOOF(blob, rows, 1)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := featurize.SplitKeys(s.table.Column(splits[n].Column), splits[n].By)
		if err != nil {
			t.Fatal(err)
		}
		checkShares(t, splits[n], y, keys, oof)
		s.checkModels(t, r, y)
	}
}

// checkModels: a split by time has a model of all rows beside those of its windows.
func (s *site) checkModels(t *testing.T, r *trials.Record, y []float32) {
	t.Helper()
	blob, err := s.bus.GetBlob(testContext(t), r.Result.Models)
	if err != nil {
		t.Fatal(err)
	}
	models, err := trials.DecodeModels(blob)
	if err != nil {
		t.Fatal(err)
	}
	n := r.Spec.Split.Count()
	if r.Spec.Split.By != featurize.ByTime {
		if len(models) != n {
			t.Errorf("%v: %d models", r.Spec.Split, len(models))
		}
		return
	}
	if len(models) != n+1 {
		t.Fatalf("%v: %d models", r.Spec.Split, len(models))
	}
	sum := float32(0)
	for _, v := range y {
		sum += v
	}
	if got := math.Float32frombits(binary.LittleEndian.Uint32(models[n].Bytes)); math.Abs(float64(got-sum/rows)) > 1e-6 {
		t.Errorf("the model of all rows predicts %v, want %v", got, sum/rows)
	}
}

// checkShares compares predictions of odd with the shares of the training rows.
func checkShares(t *testing.T, s trials.Split, y []float32, keys []int32, oof []float32) {
	t.Helper()
	want := make([]float64, rows)
	seen := make([]bool, rows)
	for _, valid := range s.Assign(rows, metrics.Binary, y, keys) {
		train := s.Train(rows, valid, keys)
		sum := 0.0
		for _, i := range train {
			sum += float64(y[i])
		}
		for _, i := range valid {
			want[i] += sum / float64(len(train)) / float64(max(1, s.Repeats))
			seen[i] = true
		}
	}
	for i, v := range oof {
		if (v == v) != seen[i] || seen[i] && math.Abs(float64(v)-want[i]) > 1e-6 {
			t.Fatalf("%v: row %d is predicted as %v, want %v", s, i, v, want[i])
		}
	}
}

// Weights of classes change what is learned, and no score.
func TestClassWeights(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	ctx := testContext(t)
	blob, err := s.bus.GetBlob(ctx, s.problem)
	if err != nil {
		t.Fatal(err)
	}
	var p trials.Problem
	if err := json.Unmarshal(blob, &p); err != nil {
		t.Fatal(err)
	}
	p.ClassWeights, p.Metric = []float64{1, 3}, "log_loss"
	spec := s.spec(0, "baseline", "")
	spec.Problem = s.putJSON(p)
	s.submit(spec)
	s.start(s.config())
	r := s.final(1)[0]
	if r.State != trials.Succeeded {
		t.Fatal(r.Reason)
	}
	if blob, err = s.bus.GetBlob(ctx, r.Result.OutOfFold); err != nil {
		t.Fatal(err)
	}
	oof, err := trials.DecodeOOF(blob, rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	y, loss := s.table.Column("y").Floats, 0.0
	positive := 0.0
	for i, v := range y {
		positive += v
		loss -= (v*math.Log(float64(oof[i])) + (1-v)*math.Log(1-float64(oof[i]))) / rows
	}
	if want := 3 * positive / (rows + 2*positive); math.Abs(float64(oof[0])-want) > 0.02 {
		t.Errorf("the baseline predicts %v, want about %v", oof[0], want)
	}
	if math.Abs(r.Result.Loss-loss) > 1e-6 {
		t.Errorf("loss %v, unweighted it is %v", r.Result.Loss, loss)
	}
}

// The same spec gives the same result, in any worker with any number of threads.
func TestResultIsAFunctionOfTheSpec(t *testing.T) {
	t.Parallel()
	var first *trials.Result
	for threads := 1; threads <= 3; threads += 2 {
		s := newSite(t, bus.Config{}, "")
		c := s.config()
		c.Threads = threads
		s.submit(s.spec(0, "gbdt", ""))
		s.start(c)
		res := s.final(1)[0].Result
		res.FitSeconds, res.PredictSeconds, res.RowSeconds = 0, 0, 0
		if first == nil {
			first = res
		}
		if d := cmp.Diff(first, res); d != "" {
			t.Errorf("%d threads: %s", threads, d)
		}
	}
}

func TestOddTrials(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	with := func(mode string, change func(*trials.Spec)) trials.Spec {
		spec := s.spec(0, "odd", mode)
		change(&spec)
		return spec
	}
	same := func(*trials.Spec) {}
	soon := func(spec *trials.Spec) { spec.Deadline = time.Unix(0, 0) } // set when submitted
	half := 0.4
	cases := []struct {
		name   string
		spec   trials.Spec
		state  trials.State
		reason string
	}{
		{"fine", with("", same), trials.Succeeded, ""},
		{"given predictions", with("given", same), trials.Succeeded, ""},
		{"panic", with("panic", same), trials.Failed, "odd panicked in fold 1: odd parameters"},
		{"error", with("error", same), trials.Failed, "odd, fold 1: odd data"},
		{"nothing", with("nothing", same), trials.Failed, "odd, fold 1: no model"},
		{"not numbers", with("nan", same), trials.Failed, "odd, fold 1: predictions that are not numbers"},
		{"too few predictions", with("short", same), trials.Failed, "odd, fold 1: 1 predictions for 40 rows"},
		{"out of time", with("wait", soon), trials.Failed, "ran out of time in fold 1 of 3"},
		{"truncated", with("truncated", soon), trials.Succeeded, ""},
		{"truncated hold-out", with("truncated", func(s *trials.Spec) { soon(s); s.Split = trials.Split{Folds: 1, Holdout: .3} }), trials.Succeeded, ""},
		{"too large", with("", func(s *trials.Spec) { s.Params = map[string]any{"bytes": 1e12} }), trials.Failed, "needs 953675 MB of memory, the limit is 1024 MB"},
		{"above the job's memory", with("", func(s *trials.Spec) {
			s.Limits.MaxMemory = 1 << 20
			s.Params = map[string]any{"bytes": 3.0 * (1 << 20)}
		}), trials.Failed, "needs 4 MB of memory by estimate, 1 MB of them for the features of the table, the limit is 1 MB"},
		{"within it", with("", func(s *trials.Spec) {
			s.Limits.MaxMemory = 4 << 20
			s.Params = map[string]any{"bytes": 3.0 * (1 << 20)}
		}), trials.Succeeded, ""},
		{"timeout", with("wait", func(s *trials.Spec) { s.Limits.TrialTimeout = 3 * time.Millisecond }), trials.Failed, "ran out of its timeout of 3ms in fold 1 of 3"},
		{"truncated by a timeout", with("truncated", func(s *trials.Spec) { s.Limits.TrialTimeout = 3 * time.Millisecond }), trials.Succeeded, ""},
		{"long timeout", with("", func(s *trials.Spec) { s.Limits.TrialTimeout = time.Hour }), trials.Succeeded, ""},
		{"large models", with("", func(s *trials.Spec) { s.Limits.MaxModelSize = 3 }), trials.Pruned, "the model of a fold takes 1KB, the limit is 1KB"},
		{"small enough", with("", func(s *trials.Spec) { s.Limits.MaxModelSize = 4 }), trials.Succeeded, ""},
		{"slow models", with("", func(s *trials.Spec) { s.Limits.MaxPredictLatency = 1 }), trials.Pruned, " µs for a row, the limit is 0.001 µs"},
		{"fast enough", with("", func(s *trials.Spec) { s.Limits.MaxPredictLatency = time.Hour }), trials.Succeeded, ""},
		{"unknown learner", with("", func(s *trials.Spec) { s.Learner = "nope" }), trials.Failed, `unknown learner "nope"`},
		{"unknown kind", with("", func(s *trials.Spec) { s.Kind = "refit" }), trials.Failed, `unknown kind of task "refit"`},
		{"no problem", with("", func(sp *trials.Spec) { sp.Problem = strings.Repeat("0", 64) }), trials.Failed, "problem: blob 000000000000: no such blob"},
		{"bad problem", with("", func(sp *trials.Spec) { sp.Problem = s.put([]byte("{")) }), trials.Failed, "problem: unexpected end"},
		{"no table", with("", func(sp *trials.Spec) {
			sp.Problem = s.putJSON(trials.Problem{Metric: "roc_auc", Task: metrics.Binary, Plan: s.putJSON(map[string]int{"version": 1}), Dataset: strings.Repeat("1", 64)})
		}), trials.Failed, "data: blob 111111111111: no such blob"},
		{"bad plan", with("", func(sp *trials.Spec) {
			sp.Problem = s.putJSON(trials.Problem{Metric: "roc_auc", Task: metrics.Binary, Plan: s.put([]byte("[]"))})
		}), trials.Failed, "data: feature plan"},
		{"unknown metric", with("", func(sp *trials.Spec) { sp.Problem = s.putJSON(trials.Problem{Metric: "nope"}) }), trials.Failed, "nope"},
		{"too many folds", with("", func(s *trials.Spec) { s.Split.Folds = 1000 }), trials.Failed, "has no rows to validate"},
		{"pruned", with("", func(s *trials.Spec) { s.Prune = []float64{.9, .45} }), trials.Pruned, "given up after fold 2 of 3: mean loss 0.5 is above 0.45"},
		{"not pruned", with("", func(s *trials.Spec) { s.Prune = []float64{.51, .51, .1, .1} }), trials.Succeeded, ""},
		{"not kept", with("", func(s *trials.Spec) { s.KeepLoss = &half }), trials.Succeeded, ""},
	}
	s.start(s.config())
	for i, c := range cases {
		c.spec.Number = i
		if !c.spec.Deadline.IsZero() {
			c.spec.Deadline = time.Now().Add(300 * time.Millisecond)
		}
		s.submit(c.spec)
		r := s.final(i + 1)[i]
		if r.State != c.state || !strings.Contains(r.Reason, c.reason) || c.reason == "" && r.Reason != "" {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, r.State, r.Reason, c.state, c.reason)
		}
		switch c.name {
		case "pruned":
			if d := cmp.Diff([]float64{.5, .5}, r.Result.FoldLosses); d != "" || r.Result.OutOfFold != "" {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		case "large models", "slow models":
			if r.Result != nil {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		case "fast enough":
			if !(r.Result.RowSeconds > 0) {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		case "truncated", "truncated hold-out", "truncated by a timeout":
			if !r.Result.Truncated || len(r.Result.FoldLosses) != c.spec.Split.Folds {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		case "not kept":
			if r.Result.OutOfFold != "" || r.Result.Models != "" || r.Result.Bytes == 0 {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		case "fine", "not pruned":
			if r.Result.OutOfFold == "" || r.Result.Models == "" {
				t.Errorf("%s: %+v", c.name, r.Result)
			}
		}
	}
	s.empty()
}

// A fold on which the metric is not defined takes the loss of all folds.
func TestUndefinedFold(t *testing.T) {
	t.Parallel()
	tr := &trial{losses: []float64{math.NaN(), .25, .75}}
	if m := tr.meanLoss(); m != .5 {
		t.Errorf("mean %v", m)
	}
	tr.setLosses(.4)
	if d := cmp.Diff([]float64{.4, .25, .75}, tr.result.FoldLosses); d != "" {
		t.Error(d)
	}
}

func TestStoppedWorkerHandsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	s.submit(s.spec(0, "odd", "wait"))
	stop := s.start(s.config())
	for n := range 3 {
		<-s.fitting
		stop()
		r := s.get(0)
		if r.State != trials.Queued || r.Attempt != 0 || r.Worker != "" {
			t.Fatalf("stop %d: %+v", n, r)
		}
		stop = s.start(s.config())
	}
	<-s.fitting
	if r := s.get(0); r.State != trials.Running || r.Attempt != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestCancelledTrialStops(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	s.submit(s.spec(0, "odd", "wait"))
	s.submit(s.spec(1, "odd", ""))
	s.start(s.config())
	<-s.fitting
	r := s.get(0)
	if err := r.Move(trials.Cancelled, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.bus.Trials().Update(testContext(t), r); err != nil {
		t.Fatal(err)
	}
	ended := s.final(2) // the worker is free for the next
	if ended[0].State != trials.Cancelled || ended[1].State != trials.Succeeded {
		t.Errorf("got %+v", ended)
	}
	s.empty()
}

func TestDeletedJobIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{AckWait: 500 * time.Millisecond}, "")
	s.submit(s.spec(0, "odd", "wait"))
	s.submit(s.spec(1, "odd", ""))
	s.start(s.config())
	<-s.fitting
	if err := s.bus.Trials().Delete(testContext(t), "j"); err != nil {
		t.Fatal(err)
	}
	s.empty()
	if _, err := s.bus.Trials().Get(testContext(t), "j", 0); !errors.Is(err, trials.ErrNotFound) {
		t.Errorf("the record is back: %v", err)
	}
}

func TestGivenUpAfterAttempts(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	r := &trials.Record{Spec: s.spec(0, "odd", ""), State: trials.Running, Attempt: MaxAttempts, Worker: "lost"}
	if err := s.bus.Trials().Create(testContext(t), r); err != nil {
		t.Fatal(err)
	}
	if err := s.bus.Enqueue(testContext(t), &r.Spec); err != nil {
		t.Fatal(err)
	}
	s.start(s.config())
	got := s.final(1)[0]
	if got.State != trials.Failed || got.Reason != "gave up after 5 attempts: worker lost" || got.Attempt != MaxAttempts {
		t.Errorf("got %+v", got)
	}
	s.empty()
}

// holder takes a trial as a worker would and leaves the rest to the test.
func (s *site) holder(name string) (*worker, *bus.Task, *trials.Record) {
	s.t.Helper()
	c := s.config()
	c.Name = name
	w := newWorker(c)
	ctx := testContext(s.t)
	task, err := s.bus.Next(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	rec, err := w.take(ctx, task)
	if err != nil || rec == nil {
		s.t.Fatalf("%s: %+v, %v", name, rec, err)
	}
	return w, task, rec
}

// A worker that was silent too long and comes back with a result, when another
// has the trial or has ended it: exactly one result counts, and the late word
// about the task does not remove it under the other's hands.
func TestStaleWorker(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{AckWait: 300 * time.Millisecond}, "")
	ctx := testContext(t)
	s.submit(s.spec(0, "odd", ""))
	a, taskA, recA := s.holder("a")
	b, taskB, recB := s.holder("b") // waits for the redelivery
	if recA.Attempt != 1 || recB.Attempt != 2 || taskB.Record() != nil {
		t.Errorf("attempts %d and %d", recA.Attempt, recB.Attempt)
	}
	if err := a.stillMine(ctx, taskA, recA.Revision); !errors.Is(err, errLost) {
		t.Errorf("a: %v", err)
	}
	if err := b.stillMine(ctx, taskB, recB.Revision); err != nil {
		t.Errorf("b: %v", err)
	}
	result := func(loss float64) outcome {
		return outcome{state: trials.Succeeded, result: &trials.Result{Loss: loss}}
	}
	a.commit(ctx, taskA, recA, result(1))
	a.handBack(ctx, taskA, recA, false)
	if r := s.get(0); r.State != trials.Running || r.Worker != "b" {
		t.Errorf("a's late result changed %+v", r)
	}
	if q, err := s.bus.Queue(ctx); err != nil || q.Running+q.Waiting != 1 {
		t.Errorf("a's late word changed the queue: %+v, %v", q, err)
	}
	b.commit(ctx, taskB, recB, result(2))
	a.commit(ctx, taskA, recA, result(3))
	if r := s.get(0); r.State != trials.Succeeded || r.Result.Loss != 2 || r.Worker != "b" {
		t.Errorf("got %+v", r)
	}
	s.empty()
}

// A write whose answer got lost is known as one's own.
func TestCommitTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	s.submit(s.spec(0, "odd", ""))
	w, task, rec := s.holder("w")
	final := *rec
	if err := final.Move(trials.Succeeded, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Update(testContext(t), &final); err != nil {
		t.Fatal(err)
	}
	ended := false
	final.Revision = rec.Revision // as if there had been no answer
	w.settle(testContext(t), time.Second, task, &final, func() { ended = true })
	if !ended {
		t.Error("its own write was taken for another's")
	}
}

func TestUnstorableResultFails(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	for n, res := range []*trials.Result{
		{Loss: math.NaN()},
		{Kernel: strings.Repeat("x", 1<<20)},
	} {
		s.submit(s.spec(n, "odd", ""))
		w, task, rec := s.holder("w")
		w.commit(testContext(t), task, rec, outcome{state: trials.Succeeded, result: res})
		if r := s.get(n); r.State != trials.Failed || !strings.Contains(r.Reason, "can't be stored") {
			t.Errorf("got %+v", r)
		}
	}
	s.empty()
}

// Every message twice, in any order: each trial ends once.
func TestDuplicateDelivery(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	const n = 10
	for i := range n {
		r := s.submit(s.spec(i, "odd", ""))
		if err := s.bus.Enqueue(testContext(t), &r.Spec); err != nil {
			t.Fatal(err)
		}
	}
	s.start(s.config())
	s.start(s.config())
	before := s.final(n)
	for _, r := range before { // after the end, as after a lost acknowledgement
		if err := s.bus.Enqueue(testContext(t), &r.Spec); err != nil {
			t.Fatal(err)
		}
	}
	s.empty()
	for i, r := range before {
		if now := s.get(i); now.Revision != r.Revision || r.Attempt != 1 {
			t.Errorf("trial %d: %+v, then %+v", i, r, now)
		}
	}
}

// A learner that ignores its context is left behind: the worker goes on, and the
// memory is not free until the learner is.
func TestStuckLearner(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	spec := s.spec(0, "odd", "stuck")
	spec.Deadline = time.Now().Add(50 * time.Millisecond)
	s.submit(spec)
	s.submit(s.spec(1, "odd", ""))
	c := s.config()
	c.stop = 50 * time.Millisecond
	s.start(c)
	r := s.final(2)[0]
	if want := "odd did not stop within 50ms of its deadline in fold 1"; r.State != trials.Failed || r.Reason != want {
		t.Errorf("got %+v", r)
	}
	s.empty()
	if c.MemoryLimit.Used() == 0 {
		t.Error("the memory of a learner that goes on was released")
	}
	close(letGo)
	for ctx := testContext(t); c.MemoryLimit.Used() != 0; {
		if ctx.Err() != nil {
			t.Fatalf("%d bytes still held", c.MemoryLimit.Used())
		}
	}
}

func TestRunEndsWithTheBus(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "")
	s.bus.Close()
	if err := Run(context.Background(), s.config()); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestWorkersFetchTheTable(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{}, "127.0.0.1:0")
	far, err := bus.Connect(testContext(t), bus.Config{URL: s.srv.URL(), BlobDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(far.Close)
	c := s.config()
	c.Bus, c.Name = far, "far"
	s.start(c)
	for n := range 3 {
		s.submit(s.spec(n, "linear", ""))
	}
	for _, r := range s.final(3) {
		if r.State != trials.Succeeded || r.Worker != "far" {
			t.Errorf("got %+v", r)
		}
		if _, err := s.bus.GetBlob(testContext(t), r.Result.Models); err != nil {
			t.Error(err)
		}
	}
}

func ExampleMemory() {
	m := NewMemory(100)
	ctx := context.Background()
	fmt.Println(m.Acquire(ctx, 60), m.Used())
	m.Release(60)
	fmt.Println(m.Used(), m.Limit())
	// Output:
	// <nil> 60
	// 0 100
}
