package server

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

// TestEndToEnd goes the whole way with the client: upload, submit, watch,
// leaderboard, model, predict; and cancels a second job.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	s, end := run(t, Config{Workers: 2, Threads: 1, Logger: testLog(t)})
	c := automl.NewClient(s.URL(), automl.ClientOptions{})
	t.Cleanup(c.Close)
	ctx := t.Context()
	d, err := c.Upload(ctx, "people", strings.NewReader(people(200)), "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.Submit(ctx, automl.JobRequest{Dataset: d.ID, Target: "bought", Trials: 3, Folds: "3", Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	long, err := c.Submit(ctx, automl.JobRequest{Dataset: d.ID, Target: "city", Time: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	if long, err = c.Cancel(ctx, long.ID); err != nil || !long.Cancelling && long.State != trials.JobCancelled {
		t.Errorf("%+v, error %v", long, err)
	}

	kinds := map[string]int{}
	if err := c.Watch(ctx, job.ID, func(e automl.Event) { kinds[e.Kind]++ }); err != nil {
		t.Fatal(err)
	}
	if kinds["finished"] != 1 || kinds["trial"] != 3 || kinds["planned"] != 1 {
		t.Errorf("events %v", kinds)
	}
	got, err := c.Job(ctx, job.ID)
	if err != nil || got.State != trials.JobSucceeded || got.Trials != 3 || got.BestScore == nil || !got.HasModel || got.TimeLeft != nil {
		t.Fatalf("%+v, error %v", got, err)
	}
	if *got.BestScore < 0.9 { // age alone decides
		t.Errorf("%s of %v", got.Metric, *got.BestScore)
	}
	rows, err := c.Leaderboard(ctx, job.ID)
	if err != nil || len(rows) != 3 || rows[0].Rank != 1 || rows[0].Score == nil {
		t.Errorf("%+v, error %v", rows, err)
	}

	var b bytes.Buffer
	if err := c.DownloadModel(ctx, job.ID, &b); err != nil {
		t.Fatal(err)
	}
	m, err := model.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	asked := []map[string]any{{"age": 22, "city": "Oslo"}, {"age": 65, "city": nil}}
	answers, err := c.Predict(ctx, job.ID, asked)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range asked {
		local, err := m.PredictRow(row)
		if err != nil {
			t.Fatal(err)
		}
		if answers[i].Prediction != local.Label || float32(answers[i].Probabilities["yes"]) != local.Probabilities[1] {
			t.Errorf("row %d: the service says %+v, the downloaded model %+v", i, answers[i], local)
		}
	}
	if answers[0].Prediction != "no" || answers[1].Prediction != "yes" {
		t.Errorf("%+v", answers)
	}

	if err := c.Watch(ctx, long.ID, func(automl.Event) {}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Job(ctx, long.ID); err != nil || got.State != trials.JobCancelled {
		t.Errorf("%+v, error %v", got, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// A job goes on after a restart of the service, and its budget with it.
func TestJobSurvivesARestart(t *testing.T) {
	t.Parallel()
	cfg := Config{Dir: t.TempDir(), Workers: 1, Threads: 1, Logger: testLog(t), DrainTimeout: 5 * time.Second}
	s, end := run(t, cfg)
	c := automl.NewClient(s.URL(), automl.ClientOptions{})
	t.Cleanup(c.Close)
	d, err := c.Upload(t.Context(), "", strings.NewReader(people(200)), "")
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.Submit(t.Context(), automl.JobRequest{Dataset: d.ID, Target: "bought", Trials: 4, Folds: "holdout"})
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	s, end = run(t, cfg)
	c2 := automl.NewClient(s.URL(), automl.ClientOptions{})
	t.Cleanup(c2.Close)
	if err := c2.Watch(t.Context(), job.ID, func(automl.Event) {}); err != nil {
		t.Fatal(err)
	}
	got, err := c2.Job(t.Context(), job.ID)
	if err != nil || got.State != trials.JobSucceeded || got.Trials != 4 || !got.HasModel {
		t.Errorf("%+v, error %v", got, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
