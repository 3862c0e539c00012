package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"gbdt", "linear", "baseline"} {
		if err := algos.Register(paper{name}); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// paper is a learner that only declares itself: the tests' workers make results
// up from the specs.
type paper struct{ name string }

func (p paper) Name() string      { return p.name }
func (p paper) View() matrix.View { return matrix.Raw }
func (p paper) Space(algos.Shape) search.Space {
	if p.name == baseline {
		return nil
	}
	return search.Space{{Name: "x", Low: 0, High: 1, Default: 0.5}}
}

func (p paper) Estimate(s algos.Shape, _ search.Params) algos.Cost {
	return algos.Cost{Seconds: float64(s.Rows) * float64(max(1, s.Features)) * 1e-6}
}

func (p paper) Fit(context.Context, *algos.Request) (*algos.Fitted, error) {
	return nil, errors.New("the tests' workers do not fit")
}

// site is a bus, a cache and workers.
type site struct {
	t     *testing.T
	bus   *bus.Bus
	cache *featurize.Cache
	// answer makes a trial's result up; an error fails the trial.
	answer func(*trials.Spec, *data.Table) (*trials.Result, []float32, error)
	// before, if not nil, is called with every task that is taken.
	before func(*trials.Spec)
	taken  atomic.Int64
}

func newSite(t *testing.T) *site {
	t.Helper()
	server, err := bus.StartServer(bus.ServerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	s := &site{t: t, cache: featurize.NewCache(1 << 26)}
	s.bus = s.connect(server)
	s.answer = func(spec *trials.Spec, table *data.Table) (*trials.Result, []float32, error) {
		loss, oof := predict(spec, table)
		return &trials.Result{Loss: loss}, oof, nil
	}
	return s
}

func (s *site) connect(server *bus.Server) *bus.Bus {
	b, err := bus.Connect(context.Background(), bus.Config{Server: server, Memory: true, LocalBlobs: true})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	return b
}

// predict is what a trial of learner and x finds: the better, the nearer x is to
// 0.3, and never the same errors.
func predict(spec *trials.Spec, table *data.Table) (float64, []float32) {
	y := table.Column("y").Floats
	spread := map[string]float64{"baseline": 3, "linear": 0.5, "gbdt": 0.1}[spec.Learner] + math.Abs(spec.Params.Float("x", 0)-0.3)
	r := rand.New(rand.NewPCG(spec.Seed, 5))
	sum := 0.0
	oof := make([]float32, len(y))
	for i, v := range y {
		oof[i] = float32(v + spread*r.NormFloat64())
		d := float64(oof[i]) - v
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(y))), oof
}

// work starts n workers, which end with the test.
func (s *site) work(n int) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			for {
				task, err := s.bus.Next(ctx)
				if err != nil {
					return
				}
				if err := s.do(ctx, task); err != nil && ctx.Err() == nil {
					s.t.Errorf("trial %d: %v", task.Spec.Number, err)
				}
			}
		})
	}
	s.t.Cleanup(func() {
		cancel()
		group.Wait()
	})
}

func (s *site) do(ctx context.Context, task *bus.Task) error {
	s.taken.Add(1)
	spec := &task.Spec
	if s.before != nil {
		s.before(spec)
	}
	rec, err := s.bus.Trials().Get(ctx, spec.Job, spec.Number)
	if err != nil {
		return err
	}
	if rec.State.Final() {
		return task.Done(ctx)
	}
	if err := rec.Move(trials.Running, time.Now()); err != nil {
		return err
	}
	if err := s.bus.Trials().Update(ctx, rec); err != nil {
		return task.Done(ctx) // cancelled meanwhile
	}
	to := trials.Succeeded
	rec.Result = &trials.Result{}
	if spec.Kind == trials.Folds {
		rec.Result, err = s.result(ctx, spec)
		if err != nil {
			to, rec.Reason = trials.Failed, err.Error()
		}
	}
	if err := rec.Move(to, time.Now()); err != nil {
		return err
	}
	if err := s.bus.Trials().Update(ctx, rec); err != nil && !errors.Is(err, trials.ErrConflict) {
		return err
	}
	return task.Done(ctx)
}

func (s *site) result(ctx context.Context, spec *trials.Spec) (*trials.Result, error) {
	blob, err := s.bus.GetBlob(ctx, spec.Problem)
	if err != nil {
		return nil, err
	}
	var problem trials.Problem
	if err := json.Unmarshal(blob, &problem); err != nil {
		return nil, err
	}
	table, ok := s.cache.Table(problem.Dataset)
	if !ok {
		return nil, fmt.Errorf("no table %s", problem.Dataset)
	}
	res, oof, err := s.answer(spec, table)
	if err != nil {
		return nil, err
	}
	for range spec.Split.Folds {
		res.FoldLosses = append(res.FoldLosses, res.Loss)
	}
	if spec.KeepLoss != nil && res.Loss >= *spec.KeepLoss {
		return res, nil
	}
	if res.OutOfFold, err = s.bus.PutBlob(ctx, trials.EncodeOOF(oof)); err != nil {
		return nil, err
	}
	models := make([]trials.Model, spec.Split.Folds)
	for i := range models {
		models[i] = trials.Model{Kind: "paper", View: matrix.Raw, Bytes: fmt.Appendf(nil, "%d/%d", spec.Number, i)}
	}
	res.Models, err = s.bus.PutBlob(ctx, trials.EncodeModels(models))
	return res, err
}

func (s *site) config() Config {
	return Config{Bus: s.bus, Cache: s.cache, Workers: func() int { return 2 }, Threads: 2}
}

// numbers is a table of n rows with target y; every tenth target is missing if holes.
func numbers(t *testing.T, n int, holes bool) *data.Table {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	a, y := make([]float64, n), make([]float64, n)
	for i := range a {
		a[i] = r.NormFloat64()
		y[i] = 2*a[i] + r.NormFloat64()
		if holes && i%10 == 3 {
			y[i] = math.NaN()
		}
	}
	table, err := data.NewTable(&data.Column{Name: "a", Floats: a}, &data.Column{Name: "y", Floats: y})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func (s *site) job(id string, table *data.Table, o trials.JobOptions) *trials.Job {
	o.Target = "y"
	digest := table.Digest()
	s.cache.AddTable(digest, table)
	return &trials.Job{ID: id, Dataset: digest, Options: o, State: trials.JobRunning, Created: time.Now()}
}

// checkOutcome holds what every outcome promises.
func checkOutcome(t *testing.T, o *Outcome) {
	t.Helper()
	sum := 0.0
	for i, m := range o.Members {
		sum += m.Weight
		if len(m.Models) != o.Split.Folds {
			t.Errorf("member %d has %d models for %d folds", i, len(m.Models), o.Split.Folds)
		}
		if i > 0 && m.Weight > o.Members[i-1].Weight {
			t.Error("members are not in the order of their weights")
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("weights sum to %v", sum)
	}
	y := make([]float32, 0, len(o.OutOfFold))
	pred := make([]float32, 0, len(o.OutOfFold))
	for i, v := range o.OutOfFold {
		if v == v {
			y, pred = append(y, o.Prepared.Y[i]), append(pred, v)
		}
	}
	score, err := o.Metric.Score(o.Prepared.Target.Task, 0, y, pred, nil)
	if err != nil || math.Abs(score-o.Score) > 1e-5*math.Abs(score) {
		t.Errorf("score %v, the out-of-fold predictions have %v (%v)", o.Score, score, err)
	}
	for i, r := range o.Records {
		if r.Spec.Number != i || !r.State.Final() {
			t.Errorf("record %d: trial %d is %s", i, r.Spec.Number, r.State)
		}
	}
	// The best trial's score flatters it, the ensemble's does not.
	if best := o.Board[0]; best.Score == nil || o.Score > *best.Score+2*o.StdErr+1e-6 {
		t.Errorf("the ensemble's %v ± %v is worse than the best trial's %v", o.Score, o.StdErr, *best.Score)
	}
}

func TestRunJobIsDeterministic(t *testing.T) {
	t.Parallel()
	table := numbers(t, 300, true)
	var want *Outcome
	for _, workers := range []int{1, 3} {
		s := newSite(t)
		s.work(workers)
		job := s.job("d", table, trials.JobOptions{Trials: 40, Seed: 7})
		o, err := RunJob(context.Background(), s.config(), job, table)
		if err != nil {
			t.Fatal(err)
		}
		checkOutcome(t, o)
		if len(o.Records) != 40 || o.Ended != "all trials were run" || o.Table.Rows() != 270 || len(o.Warnings) != 1 {
			t.Errorf("%d trials, %q, %d rows, warnings %q", len(o.Records), o.Ended, o.Table.Rows(), o.Warnings)
		}
		if want == nil {
			want = o
			continue
		}
		if d := cmp.Diff(want.Members, o.Members); d != "" {
			t.Error("with three workers the members differ:", d)
		}
		for i, r := range want.Records {
			if d := cmp.Diff(r.Spec, o.Records[i].Spec); d != "" {
				t.Errorf("with three workers trial %d differs: %s", i, d)
			}
		}
		if !slices.Equal(want.OutOfFold, o.OutOfFold) {
			t.Error("with three workers the predictions differ")
		}
	}
}

func TestRunJobEndsInTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(2)
	table := numbers(t, 200, false)
	job := s.job("t", table, trials.JobOptions{Time: time.Second, Without: []string{trials.PartEarlyEnd}})
	c := s.config()
	var kinds []string
	c.OnEvent = func(e bus.Event) {
		if len(kinds) == 0 || kinds[len(kinds)-1] != e.Kind {
			kinds = append(kinds, e.Kind)
		}
	}
	o, err := RunJob(context.Background(), c, job, table)
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, o)
	if o.Ended != "the time was up" || len(o.Records) < 5 {
		t.Errorf("%q after %d trials", o.Ended, len(o.Records))
	}
	if d := cmp.Diff([]string{"phase", "planned", "phase", "trial", "best"}, kinds[:5]); d != "" {
		t.Error("events:", d)
	}
	if d := cmp.Diff([]string{"phase", "best", "finished"}, kinds[len(kinds)-3:]); d != "" {
		t.Error("last events:", d)
	}
}

func TestRunJobInterrupted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.before = func(spec *trials.Spec) {
		if spec.Number == 5 {
			cancel()
		}
	}
	s.work(1)
	table := numbers(t, 200, false)
	o, err := RunJob(ctx, s.config(), s.job("i", table, trials.JobOptions{Time: time.Hour}), table)
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, o)
	if o.Ended != "interrupted" {
		t.Errorf("ended by %q", o.Ended)
	}
	if r := o.Records[len(o.Records)-1]; r.State != trials.Cancelled || r.Reason != "interrupted" {
		t.Errorf("the last trial is %s: %s", r.State, r.Reason)
	}
}

func TestRunJobWithoutModel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.answer = func(*trials.Spec, *data.Table) (*trials.Result, []float32, error) {
		return nil, nil, errors.New("disk on fire")
	}
	s.work(2)
	table := numbers(t, 100, false)
	_, err := RunJob(context.Background(), s.config(), s.job("n", table, trials.JobOptions{Trials: 9}), table)
	if !errors.Is(err, ErrNoModel) || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = RunJob(ctx, s.config(), s.job("m", table, trials.JobOptions{Trials: 9}), table); !errors.Is(err, ErrNoModel) {
		t.Errorf("interrupted at once: got %v", err)
	}
}

func TestRejectedTaskFailsItsTrial(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		for {
			task, err := s.bus.Next(ctx)
			if err != nil {
				return
			}
			if task.Spec.Number == 2 {
				err = task.Reject("no such kind of task")
			} else {
				err = s.do(ctx, task)
			}
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	table := numbers(t, 100, false)
	o, err := RunJob(ctx, s.config(), s.job("r", table, trials.JobOptions{Trials: 6}), table)
	if err != nil {
		t.Fatal(err)
	}
	if r := o.Records[2]; r.State != trials.Failed || r.Reason != "no such kind of task" {
		t.Errorf("trial 2 is %s: %q", r.State, r.Reason)
	}
}

// TestRunJobGoesOn releases a job twice and goes on with it, once with a record
// whose task was never stored.
func TestRunJobGoesOn(t *testing.T) {
	t.Parallel()
	table := numbers(t, 300, false)
	options := trials.JobOptions{Trials: 30, Seed: 3}
	whole := newSite(t)
	whole.work(2)
	want, err := RunJob(context.Background(), whole.config(), whole.job("g", table, options), table)
	if err != nil {
		t.Fatal(err)
	}

	s := newSite(t)
	job := s.job("g", table, options)
	var release atomic.Pointer[context.CancelCauseFunc]
	var released [2]atomic.Bool
	s.before = func(spec *trials.Spec) {
		for i, n := range []int{7, 19} {
			if spec.Number == n && released[i].CompareAndSwap(false, true) {
				(*release.Load())(errReleased)
			}
		}
	}
	s.work(2)
	for i := range 3 {
		ctx, cancel := context.WithCancelCause(context.Background())
		release.Store(&cancel)
		got, err := RunJob(ctx, s.config(), job, table)
		if i < 2 && !errors.Is(err, errReleased) || i == 2 && err != nil {
			t.Fatalf("run %d: %v", i, err)
		}
		if i < 2 {
			s.loseTask(job.ID)
			continue
		}
		cancel(nil)
		if d := cmp.Diff(want.Members, got.Members); d != "" {
			t.Error("after two releases the members differ:", d)
		}
		if len(got.Records) != 30 {
			t.Errorf("%d trials", len(got.Records))
		}
	}
}

// loseTask empties the queue: the records of waiting trials have no tasks then.
func (s *site) loseTask(job string) {
	if err := s.bus.Purge(context.Background(), job); err != nil {
		s.t.Error(err)
	}
}

func TestRunJobInput(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	table := numbers(t, 20, false)
	words := make([]int32, 20)
	words[3] = 1
	rare, err := data.NewTable(table.Column("a"), &data.Column{Name: "y", Kind: data.String, Codes: words, Dict: []string{"no", "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		table *data.Table
		o     trials.JobOptions
	}{
		"there is no column":     {table, trials.JobOptions{Target: "why"}},
		"no target column":       {table, trials.JobOptions{}},
		"fewer rows than folds":  {table, trials.JobOptions{Target: "y", Folds: "21"}},
		"use auto, holdout":      {table, trials.JobOptions{Target: "y", Folds: "1"}},
		"budget must be":         {table, trials.JobOptions{Target: "y", Time: -1}},
		"trials -1":              {table, trials.JobOptions{Target: "y", Trials: -1}},
		"unknown metric":         {table, trials.JobOptions{Target: "y", Metric: "luck"}},
		"not defined for":        {table, trials.JobOptions{Target: "y", Metric: "roc_auc"}},
		"unknown task":           {table, trials.JobOptions{Target: "y", Task: "guess"}},
		"unknown learner":        {table, trials.JobOptions{Target: "y", Include: []string{"oracle"}}},
		"no learner is left":     {table, trials.JobOptions{Target: "y", Include: []string{"gbdt"}, Exclude: []string{"gbdt"}}},
		"unknown column type":    {table, trials.JobOptions{Target: "y", Types: map[string]string{"a": "colour"}}},
		"nothing to learn from":  {table, trials.JobOptions{Target: "y", ValidRows: 20}},
		"weight column":          {table, trials.JobOptions{Target: "y", Weight: "w"}},
		"has 1 rows: too few":    {rare, trials.JobOptions{Target: "y"}},
		"the rarer class has 1":  {rare, trials.JobOptions{Target: "y", Folds: "3"}},
		"all validation rows":    {rare, trials.JobOptions{Target: "y", ValidRows: 5}},
		"column to learn from b": {mustSelect(t, table, "y"), trials.JobOptions{Target: "y"}},
	} {
		job := &trials.Job{ID: "in", Dataset: c.table.Digest(), Options: c.o}
		_, err := RunJob(context.Background(), s.config(), job, c.table)
		var bad *InputError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", c.o, err, want)
		}
	}
}

func mustSelect(t *testing.T, table *data.Table, names ...string) *data.Table {
	t.Helper()
	out, err := table.Select(names...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoOpTrials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(4)
	c := s.config()
	c.NoOp = true
	job := &trials.Job{ID: "noop", Options: trials.JobOptions{Trials: 1000}}
	o, err := RunJob(context.Background(), c, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.taken.Load(); len(o.Records) != 1000 || n != 1000 {
		t.Errorf("%d records, %d tasks taken", len(o.Records), n)
	}
	for i, r := range o.Records {
		if r.State != trials.Succeeded || r.Spec.Number != i {
			t.Fatalf("trial %d is %s", r.Spec.Number, r.State)
		}
	}
}

func TestSplits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows   int
		budget time.Duration
		o      trials.JobOptions
		want   trials.Split
	}{
		"small":       {500, time.Minute, trials.JobOptions{}, trials.Split{Folds: 8}},
		"medium":      {5000, time.Minute, trials.JobOptions{}, trials.Split{Folds: 5}},
		"hurried":     {5000, 60 * time.Millisecond, trials.JobOptions{}, trials.Split{Folds: 3}},
		"no time":     {5000, 10 * time.Millisecond, trials.JobOptions{}, trials.Split{Folds: 1, Holdout: 0.15}},
		"few rows":    {1500, time.Microsecond, trials.JobOptions{}, trials.Split{Folds: 3}},
		"as told":     {500, time.Minute, trials.JobOptions{Folds: "4"}, trials.Split{Folds: 4}},
		"holdout":     {1000, time.Minute, trials.JobOptions{Folds: "holdout"}, trials.Split{Folds: 1, Holdout: 0.2}},
		"valid rows":  {500, time.Minute, trials.JobOptions{ValidRows: 100}, trials.Split{Folds: 1, Fixed: 100}},
		"almost none": {5, time.Minute, trials.JobOptions{}, trials.Split{Folds: 2}},
	} {
		table := numbers(t, c.rows, false)
		y := make([]float32, c.rows)
		for i := range y {
			y[i] = float32(table.Column("y").Floats[i])
		}
		p := &plan{
			table: table, valid: c.o.ValidRows, learners: []algos.Learner{paper{"gbdt"}}, prepared: &featurize.Prepared{Y: y},
			shape: algos.Shape{Rows: c.rows - c.o.ValidRows, Features: 1, Task: metrics.Regression},
		}
		if err := p.chooseSplit(&c.o, c.budget); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(c.want, p.split); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestCutTrialsAreNotMixed has trials that were cut before their last fold: they
// must not take rows from the others, and serve only where nothing else is.
func TestCutTrialsAreNotMixed(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		s := newSite(t)
		s.answer = func(spec *trials.Spec, table *data.Table) (*trials.Result, []float32, error) {
			loss, oof := predict(spec, table)
			if all || spec.Learner == "gbdt" {
				loss = 0.01 // it looks best
				for i := range oof[:50] {
					oof[i] = float32(math.NaN())
				}
			}
			return &trials.Result{Loss: loss}, oof, nil
		}
		s.work(1)
		table := numbers(t, 200, false)
		o, err := RunJob(context.Background(), s.config(), s.job("c", table, trials.JobOptions{Trials: 8}), table)
		if err != nil {
			t.Fatal(err)
		}
		if all {
			if len(o.Members) != 1 || len(o.Warnings) != 1 || o.OutOfFold[0] == o.OutOfFold[0] {
				t.Errorf("all cut: %d members, warnings %q", len(o.Members), o.Warnings)
			}
			continue
		}
		for _, m := range o.Members {
			if m.Learner == "gbdt" {
				t.Errorf("trial %d was cut and is a member", m.Trial)
			}
		}
		if slices.ContainsFunc(o.OutOfFold, func(v float32) bool { return v != v }) {
			t.Error("rows are missing from the ensemble's predictions")
		}
	}
}

func TestBlobsAreDropped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(1)
	table := numbers(t, 100, false)
	o, err := RunJob(context.Background(), s.config(), s.job("b", table, trials.JobOptions{Trials: 50}), table)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, r := range o.Records {
		for _, digest := range blobs(r) {
			held++
			if _, err := s.bus.GetBlob(context.Background(), digest); !errors.Is(err, bus.ErrNoBlob) {
				t.Errorf("trial %d: a blob is still there (%v)", r.Spec.Number, err)
			}
		}
	}
	if held < 2*poolBest {
		t.Errorf("only %d blobs in all", held)
	}
}
