package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestSubmit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	id := f.upload()
	a := f.want(202, "POST", "/v1/jobs", `{"dataset":"`+id+`","target":"bought","time":"1m30s","name":"first","metric":"auc","seed":18446744073709551615,"types":{"age":"numeric"},"ignore":["city"],"max_memory":"2000MB","trial_timeout":"30s","max_model_size":"10MB","max_predict_latency":100,"exit_score":0.9}`, ctype, jsonType)
	var s automl.JobStatus
	f.decode(a, &s)
	if s.ID == "" || s.State != trials.JobQueued || a.Header.Get("Location") != "/v1/jobs/"+s.ID || s.Metric != "roc_auc" || s.HasModel {
		t.Errorf("%+v, location %q", s, a.Header.Get("Location"))
	}
	if s.TimeLeft == nil || *s.TimeLeft != 90 {
		t.Errorf("time left %v", s.TimeLeft)
	}
	j, err := f.s.bus.Jobs().Get(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	score := 0.9
	want := trials.JobOptions{Target: "bought", Time: 90 * time.Second, Metric: "auc", Seed: 1<<64 - 1, Types: map[string]string{"age": "numeric"}, Ignore: []string{"city"}, Limits: trials.Limits{
		MaxMemory: 2e9, TrialTimeout: 30 * time.Second, MaxModelSize: 1e7, MaxPredictLatency: 100 * time.Microsecond, ExitScore: &score,
	}}
	if diff := cmp.Diff(want, j.Options); diff != "" || j.Dataset != id || j.Name != "first" {
		t.Errorf("%+v: %s", j, diff)
	}
	var got automl.JobStatus
	f.decode(f.want(200, "GET", "/v1/jobs/"+s.ID, ""), &got)
	if got.State != trials.JobQueued || got.Options.Time != "1m30s" || got.Options.Seed != 1<<64-1 ||
		got.Options.MaxMemory != "2GB" || got.Options.TrialTimeout != "30s" || got.Options.MaxModelSize != "10MB" || got.Options.MaxLatency != 100 || *got.Options.ExitScore != 0.9 {
		t.Errorf("%+v", got)
	}
}

func TestSubmitDefaults(t *testing.T) {
	t.Parallel()
	d := automl.Dataset{Rows: 100, Columns: []automl.ColumnInfo{{Name: "y"}}}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		r    automl.JobRequest
		want time.Duration
	}{
		{automl.JobRequest{Target: "y"}, time.Minute},
		{automl.JobRequest{Target: "y", Trials: 5}, 0},
		{automl.JobRequest{Target: "y", Preset: "fast"}, 10 * time.Second},
		{automl.JobRequest{Target: "y", Preset: "fast", Time: "20s"}, 20 * time.Second},
		{automl.JobRequest{Target: "y", Preset: "best", Trials: 3}, 0},
		{automl.JobRequest{Target: "y", Deadline: now.Add(time.Hour)}, 0},
		{automl.JobRequest{Target: "y", Trials: 5, Time: "3s"}, 3 * time.Second},
	}
	for _, tt := range tests {
		if o, err := jobOptions(&tt.r, d, now); err != nil || o.Time != tt.want {
			t.Errorf("%+v: time %v, error %v", tt.r, o.Time, err)
		}
	}
}

func TestSubmitRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Limits: Limits{BodyBytes: 5000}})
	id := f.upload()
	tests := []struct {
		name, body string // DS stands for the data set
		status     int
		location   string // of the error
		message    string // part of an error's
	}{
		{"no JSON", `{`, 400, "", ""},
		{"nothing", ``, 400, "", ""},
		{"an array", `[]`, 422, "body", "object"},
		{"null", `null`, 422, "body", "object"},
		{"unknown field", `{"dataset":"DS","target":"bought","budget":5}`, 422, "body.budget", "unexpected"},
		{"no target", `{"dataset":"DS"}`, 422, "body", "target"},
		{"wrong type", `{"dataset":"DS","target":5}`, 422, "body.target", "string"},
		{"number as time", `{"dataset":"DS","target":"bought","time":60}`, 422, "body.time", "string"},
		{"too long", `{"dataset":"DS","target":"` + strings.Repeat("x", 5000) + `"}`, 413, "", ""},
		{"no such data set", `{"dataset":"nope","target":"bought"}`, 404, "", ""},
		{"no such target", `{"dataset":"DS","target":"bougt"}`, 422, "body.target", `did you mean "bought"`},
		{"zero time", `{"dataset":"DS","target":"bought","time":"0s"}`, 422, "body.time", "above 0"},
		{"negative time", `{"dataset":"DS","target":"bought","time":"-5s"}`, 422, "body.time", "above 0"},
		{"odd time", `{"dataset":"DS","target":"bought","time":"soon"}`, 422, "body.time", "60s"},
		{"deadline in the past", `{"dataset":"DS","target":"bought","deadline":"2020-01-01T00:00:00Z"}`, 422, "body.deadline", "passed"},
		{"odd deadline", `{"dataset":"DS","target":"bought","deadline":"tomorrow"}`, 422, "body.deadline", ""},
		{"negative trials", `{"dataset":"DS","target":"bought","trials":-1}`, 422, "body.trials", ""},
		{"half a trial", `{"dataset":"DS","target":"bought","trials":1.5}`, 422, "body.trials", ""},
		{"negative seed", `{"dataset":"DS","target":"bought","seed":-1}`, 422, "body.seed", ""},
		{"task", `{"dataset":"DS","target":"bought","task":"cluster"}`, 422, "body.task", ""},
		{"metric", `{"dataset":"DS","target":"bought","metric":"beauty"}`, 422, "body.metric", "beauty"},
		{"metric of another task", `{"dataset":"DS","target":"bought","metric":"rmse","task":"binary"}`, 422, "body.metric", "does not fit"},
		{"positive class of a regression", `{"dataset":"DS","target":"bought","task":"regression","positive_class":"x"}`, 422, "body.positive_class", ""},
		{"learner", `{"dataset":"DS","target":"bought","include":["wizard"]}`, 422, "body.include[0]", "wizard"},
		{"learners gone", `{"dataset":"DS","target":"bought","include":["gbdt"],"exclude":["gbdt"]}`, 422, "body.exclude", "no learner"},
		{"an unknown part", `{"dataset":"DS","target":"bought","without":["magic"]}`, 422, "body.without", "parts of a search"},
		{"weights", `{"dataset":"DS","target":"bought","weight_column":"w"}`, 422, "body.weight_column", `no column "w"`},
		{"weighted by the target", `{"dataset":"DS","target":"age","weight_column":"age"}`, 422, "body.weight_column", "is the target"},
		{"type", `{"dataset":"DS","target":"bought","types":{"age":"big"}}`, 422, "body.types.age", "big"},
		{"type of nothing", `{"dataset":"DS","target":"bought","types":{"agee":"numeric"}}`, 422, "body.types", `did you mean "age"`},
		{"plan of another column", `{"dataset":"DS","target":"bought","plan":{"version":1,"rows":0,"columns":[{"name":"agee","type":"numeric","why":"","distinct":0,"transforms":[{"kind":"numeric"}]}]}}`, 422, "body.plan", `did you mean "age"`},
		{"plan with an unknown transform", `{"dataset":"DS","target":"bought","plan":{"version":1,"rows":0,"columns":[{"name":"age","type":"numeric","why":"","distinct":0,"transforms":[{"kind":"numerc"}]}]}}`, 422, "body.plan", `unknown transform`},
		{"plan and types", `{"dataset":"DS","target":"bought","types":{"age":"numeric"},"plan":{"version":1,"rows":0,"columns":[]}}`, 422, "body.types", "exclude each other"},
		{"parameters of nothing", `{"dataset":"DS","target":"bought","params":{"gbtd":{}}}`, 422, "body.params.gbtd", "unknown learner"},
		{"ignored target", `{"dataset":"DS","target":"bought","ignore":["bought"]}`, 422, "body.ignore[0]", ""},
		{"ignored nothing", `{"dataset":"DS","target":"bought","ignore":["age","x"]}`, 422, "body.ignore[1]", ""},
		{"one fold", `{"dataset":"DS","target":"bought","folds":"1"}`, 422, "body.folds", "from 2"},
		{"more folds than rows", `{"dataset":"DS","target":"bought","folds":"61"}`, 422, "body.folds", "60 rows"},
		{"no such group column", `{"dataset":"DS","target":"bought","group_column":"agee"}`, 422, "body.group_column", `did you mean "age"`},
		{"time and fold columns", `{"dataset":"DS","target":"bought","time_column":"age","fold_column":"age"}`, 422, "body.group_column", "exclude each other"},
		{"target as fold column", `{"dataset":"DS","target":"bought","fold_column":"bought"}`, 422, "body.fold_column", "target"},
		{"class weight", `{"dataset":"DS","target":"bought","class_weights":{"yes":-1}}`, 422, "body.class_weights", "-1"},
		{"whole interval", `{"dataset":"DS","target":"age","intervals":1}`, 422, "body.intervals", ""},
		{"crossing quantiles", `{"dataset":"DS","target":"age","quantiles":[0.9,0.1]}`, 422, "body.quantiles", "ascending"},
		{"costs of a number", `{"dataset":"DS","target":"age","task":"regression","costs":{"1":{"2":3}}}`, 422, "body.costs", "classes"},
		{"odd direction", `{"dataset":"DS","target":"bought","monotone":{"age":2}}`, 422, "body.monotone", "use 1 or -1"},
		{"direction of nothing", `{"dataset":"DS","target":"bought","monotone":{"agee":1}}`, 422, "body.monotone", `did you mean "age"`},
		{"two class weights", `{"dataset":"DS","target":"bought","balanced":true,"class_weights":{"yes":2}}`, 422, "body.class_weights", "exclude"},
		{"too many repeats", `{"dataset":"DS","target":"bought","repeats":21}`, 422, "body.repeats", ""},
		{"part of a row held out", `{"dataset":"DS","target":"bought","holdout":1.5}`, 422, "body.holdout", "share"},
		{"folds and a hold-out", `{"dataset":"DS","target":"bought","folds":"3","holdout":0.5}`, 422, "body.holdout", "exclude each other"},
		{"odd preset", `{"dataset":"DS","target":"bought","preset":"quick"}`, 422, "body.preset", ""},
		{"odd size", `{"dataset":"DS","target":"bought","max_memory":"much"}`, 422, "body.max_memory", "no size"},
		{"size of nothing", `{"dataset":"DS","target":"bought","max_model_size":"0MB"}`, 422, "body.max_model_size", "no size"},
		{"odd timeout", `{"dataset":"DS","target":"bought","trial_timeout":"-3s"}`, 422, "body.trial_timeout", "above 0"},
		{"timeout beyond the time", `{"dataset":"DS","target":"bought","time":"5s","trial_timeout":"6s"}`, 422, "body.trial_timeout", "contradicts"},
		{"negative latency", `{"dataset":"DS","target":"bought","max_predict_latency":-1}`, 422, "body.max_predict_latency", ""},
		{"endless latency", `{"dataset":"DS","target":"bought","max_predict_latency":1e300}`, 422, "body.max_predict_latency", "microseconds"},
		{"exit score of nothing", `{"dataset":"DS","target":"bought","metric":"auc","exit_score":2}`, 422, "body.exit_score", "at most 1"},
		{"all rows for validation", `{"dataset":"DS","target":"bought","valid_rows":60}`, 422, "body.valid_rows", ""},
	}
	for _, tt := range tests {
		a := f.do("POST", "/v1/jobs", strings.ReplaceAll(tt.body, "DS", id), ctype, jsonType)
		p := a.problem(t)
		ok := tt.location == "" || len(p.Errors) > 0
		if ok && tt.location != "" {
			ok = p.Errors[0].Location == tt.location && strings.Contains(p.Errors[0].Message, tt.message)
		}
		if a.StatusCode != tt.status || !ok {
			t.Errorf("%s: status %d, want %d at %s: %s", tt.name, a.StatusCode, tt.status, tt.location, a.body)
		}
	}
	if jobs, err := f.s.bus.Jobs().List(t.Context()); err != nil || len(jobs) != 0 {
		t.Errorf("%d jobs were stored, error %v", len(jobs), err)
	}
	if a := f.do("POST", "/v1/jobs", "x", ctype, "text/plain"); a.StatusCode != 415 {
		t.Errorf("text: status %d: %s", a.StatusCode, a.body)
	}
}

func TestJobsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Limits: Limits{Jobs: 2}})
	id := f.upload()
	f.store(trials.Job{ID: "a", State: trials.JobQueued})
	f.store(trials.Job{ID: "b", State: trials.JobRunning})
	f.store(trials.Job{ID: "c", State: trials.JobSucceeded})
	f.want(429, "POST", "/v1/jobs", `{"dataset":"`+id+`","target":"bought"}`, ctype, jsonType)
	f.update("b", func(j *trials.Job) { j.State = trials.JobFailed })
	f.want(202, "POST", "/v1/jobs", `{"dataset":"`+id+`","target":"bought"}`, ctype, jsonType)
}

// TestContinue holds what can be continued: a job with a model over the same columns
// and target.
func TestContinue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	id := f.upload()
	digest, _ := f.storeSpec(model.Info{Task: metrics.Binary, Classes: []string{"no", "yes"}}, nil, []float32{0.5})
	f.store(trials.Job{ID: "done", State: trials.JobSucceeded, Model: digest})
	f.store(trials.Job{ID: "run", State: trials.JobRunning})
	submit := func(target, from string) string {
		return fmt.Sprintf(`{"dataset":%q,"target":%q,"continue":%q}`, id, target, from)
	}
	a := f.want(202, "POST", "/v1/jobs", submit("bought", "done"), ctype, jsonType)
	var s automl.JobStatus
	f.decode(a, &s)
	j, err := f.s.bus.Jobs().Get(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []trials.Config{{Learner: "gbdt", Params: search.Params{"num_leaves": 7.0}}}
	if d := cmp.Diff(want, j.Options.First); d != "" || s.Options.Continue != "done" {
		t.Errorf("%+v: %s", s.Options, d)
	}
	if p := f.want(422, "POST", "/v1/jobs", submit("age", "done"), ctype, jsonType).problem(t); p.Errors[0].Location != "body.continue" || !strings.Contains(p.Errors[0].Message, `the earlier target was "bought"`) {
		t.Errorf("%+v", p)
	}
	f.want(409, "POST", "/v1/jobs", submit("bought", "run"), ctype, jsonType).problem(t)
	f.want(404, "POST", "/v1/jobs", submit("bought", "nope"), ctype, jsonType).problem(t)
}

func TestListJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	if a := f.want(200, "GET", "/v1/jobs", ""); a.body != "{\"jobs\":[]}\n" {
		t.Errorf("no jobs: %s", a.body)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 5 {
		f.store(trials.Job{ID: fmt.Sprintf("j%d", i), State: trials.JobQueued, Created: start.Add(time.Duration(i) * time.Second)})
	}
	for _, tt := range []struct{ query, ids, next string }{
		{"", "j4 j3 j2 j1 j0", ""},
		{"?limit=2", "j4 j3", "j3"},
		{"?limit=2&after=j3", "j2 j1", "j1"},
		{"?limit=2&after=j1", "j0", ""},
		{"?limit=5", "j4 j3 j2 j1 j0", ""},
		{"?after=j0", "", ""},
	} {
		var out struct {
			Jobs []automl.JobStatus
			Next string
		}
		f.decode(f.want(200, "GET", "/v1/jobs"+tt.query, ""), &out)
		var ids []string
		for _, j := range out.Jobs {
			ids = append(ids, j.ID)
		}
		if got := strings.Join(ids, " "); got != tt.ids || out.Next != tt.next {
			t.Errorf("%q: %s, next %q; want %s, %q", tt.query, got, out.Next, tt.ids, tt.next)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=x", "?limit=1001", "?after=nope", "?offset=3"} {
		f.want(422, "GET", "/v1/jobs"+query, "").problem(t)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.want(404, "POST", "/v1/jobs/nope/cancel", "")
	f.store(trials.Job{ID: "run", State: trials.JobRunning})
	f.store(trials.Job{ID: "over", State: trials.JobSucceeded})
	var s automl.JobStatus
	f.decode(f.want(202, "POST", "/v1/jobs/run/cancel", ""), &s)
	if !s.Cancelling {
		t.Errorf("%+v", s)
	}
	if j, err := f.s.bus.Jobs().Get(t.Context(), "run"); err != nil || !j.CancelRequested {
		t.Errorf("%+v, error %v", j, err)
	}
	s = automl.JobStatus{}
	f.decode(f.want(202, "POST", "/v1/jobs/over/cancel", ""), &s)
	if s.Cancelling || s.State != trials.JobSucceeded {
		t.Errorf("a job that is over: %+v", s)
	}
}

func TestLeaderboard(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.want(404, "GET", "/v1/jobs/nope/leaderboard", "")
	f.store(trials.Job{ID: "j", State: trials.JobRunning})
	if a := f.want(200, "GET", "/v1/jobs/j/leaderboard", ""); a.body != "{\"leaderboard\":[]}\n" {
		t.Errorf("before planning: %s", a.body)
	}
	f.update("j", func(j *trials.Job) { j.Metric = "roc_auc" })
	for i, r := range []trials.Record{
		{State: trials.Succeeded, Result: &trials.Result{Loss: 0.3, FoldLosses: []float64{0.2, 0.4}}},
		{State: trials.Failed, Reason: "out of luck"},
		{State: trials.Running},
		{State: trials.Succeeded, Result: &trials.Result{Loss: 0.1, FoldLosses: []float64{0.1}}},
	} {
		r.Spec = trials.Spec{Job: "j", Number: i, Learner: "gbdt", Params: search.Params{"depth": 3.0}}
		if err := f.s.bus.Trials().Create(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
	}
	var out struct {
		Metric, Ended string
		Rows          []trials.Row `json:"leaderboard"`
	}
	f.decode(f.want(200, "GET", "/v1/jobs/j/leaderboard", ""), &out)
	var got []string
	for _, r := range out.Rows {
		score := "-"
		if r.Score != nil {
			score = fmt.Sprintf("%.2f", *r.Score)
		}
		got = append(got, fmt.Sprintf("%d %d %s %s %s", r.Rank, r.Trial, r.State, score, r.Reason))
	}
	if diff := cmp.Diff([]string{"1 3 succeeded 0.90 ", "2 0 succeeded 0.70 ", "0 1 failed - out of luck"}, got); diff != "" || out.Metric != "roc_auc" {
		t.Errorf("metric %q: %s", out.Metric, diff)
	}
	if out.Ended != "" {
		t.Errorf("a running job has ended: %s", out.Ended)
	}
	f.update("j", func(j *trials.Job) { j.State, j.Reason = trials.JobSucceeded, "the time was up" })
	if f.decode(f.want(200, "GET", "/v1/jobs/j/leaderboard", ""), &out); out.Ended != "the time was up" {
		t.Errorf("ended: %q", out.Ended)
	}
}

func TestJobStatusTimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	tests := []struct {
		name   string
		job    trials.Job
		left   string // "none" for no limit
		queued float64
	}{
		{"waiting", trials.Job{State: trials.JobQueued, Created: ago(7), Options: trials.JobOptions{Time: time.Minute}}, "60", 7},
		{"running", trials.Job{State: trials.JobRunning, Created: ago(30), Started: ago(20), Options: trials.JobOptions{Time: time.Minute}}, "40", 10},
		{"over its time", trials.Job{State: trials.JobRunning, Created: ago(90), Started: ago(80), Options: trials.JobOptions{Time: time.Minute}}, "0", 10},
		{"deadline first", trials.Job{State: trials.JobRunning, Created: ago(30), Started: ago(20), Options: trials.JobOptions{Time: time.Minute, Deadline: now.Add(5 * time.Second)}}, "5", 10},
		{"deadline alone", trials.Job{State: trials.JobQueued, Created: ago(1), Options: trials.JobOptions{Deadline: now.Add(5 * time.Second)}}, "5", 1},
		{"no limit", trials.Job{State: trials.JobRunning, Created: ago(30), Started: ago(20), Options: trials.JobOptions{Trials: 5}}, "none", 10},
		{"over", trials.Job{State: trials.JobSucceeded, Created: ago(30), Started: ago(20), Finished: ago(5), Options: trials.JobOptions{Time: time.Minute}}, "none", 10},
		{"cancelled in the queue", trials.Job{State: trials.JobCancelled, Created: ago(30), Finished: ago(5), Options: trials.JobOptions{Time: time.Minute}}, "none", 25},
		{"clocks apart", trials.Job{State: trials.JobQueued, Created: ago(-3), Options: trials.JobOptions{Trials: 1}}, "none", 0},
	}
	for _, tt := range tests {
		s := jobStatus(&tt.job, now)
		left := "none"
		if s.TimeLeft != nil {
			left = fmt.Sprint(*s.TimeLeft)
		}
		if left != tt.left || s.QueuedSeconds != tt.queued {
			t.Errorf("%s: %s s left, %v s queued; want %s and %v", tt.name, left, s.QueuedSeconds, tt.left, tt.queued)
		}
	}
}

// What a status tells as options can be submitted again and means the same.
func TestOptionsRoundTrip(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	d := automl.Dataset{ID: "d", Rows: 100, Columns: []automl.ColumnInfo{{Name: "y"}, {Name: "x"}, {Name: "w"}}}
	r := automl.JobRequest{
		Dataset: "d", Name: "n", Target: "y", Time: "1h2m3.5s", Deadline: now.Add(time.Hour), Trials: 7, Metric: "roc_auc", Task: "binary",
		Positive: "1", Weight: "w", Folds: "5", Seed: 9, Types: map[string]string{"x": "categorical"}, Ignore: []string{"x"}, Threads: 2,
		Group: "x", Repeats: 2, ClassWeights: map[string]float64{"1": 3}, Monotone: map[string]int{"w": -1},
	}
	for _, change := range []func(){
		func() {},
		func() { r.Folds, r.Group, r.Repeats, r.ValidRows = "holdout", "", 0, 3 },
		func() { r.Folds, r.ValidRows, r.TimeColumn, r.Holdout = "", 0, "x", 0.25 },
		func() { r.TimeColumn, r.Fold, r.Holdout, r.ClassWeights, r.Balanced = "", "x", 0, nil, true },
		func() { r.Costs = map[string]map[string]float64{"1": {"0": 5}, "0": {"1": 2}} },
		func() {
			r.Costs = nil
			r.Task, r.Positive, r.Metric, r.Intervals, r.Quantiles = "", "", "", 0.9, []float64{0.1, 0.5}
		},
	} {
		change()
		o, err := jobOptions(&r, d, now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, jobRequest(&trials.Job{Dataset: "d", Name: "n", Options: o})); diff != "" {
			t.Error(diff)
		}
	}
	b, err := json.Marshal(automl.JobRequest{Dataset: "d", Target: "y"})
	if err != nil || string(b) != `{"dataset":"d","target":"y"}` {
		t.Errorf("zero fields are written: %s, error %v", b, err)
	}
}
