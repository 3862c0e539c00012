package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

func p(x float64) *float64 { return &x }

// build makes a model of constants with what is said of its search.
func build(t *testing.T, info model.Info, board []trials.Row, importance []model.Importance, members ...model.Member) *model.Model {
	t.Helper()
	table, err := data.FromRows([]map[string]any{{"a": 1.0, "y": "no"}, {"a": 2.0, "y": "yes"}, {"a": 3.0, "y": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := featurize.Infer(table, featurize.Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := plan.Fit(table, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	info.Task, info.Classes, info.Columns = metrics.Binary, []string{"no", "yes"}, pipeline.Columns()
	for i := range members {
		members[i].Predictor = predictor.NewConstant([]float32{0.5})
	}
	m, err := model.Build(model.Spec{Info: info, Plan: plan, Pipeline: pipeline, Leaderboard: board, Importance: importance, Members: members})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var sampleInfo = model.Info{
	Version: "test", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Target: "churn <b>", Metric: "roc_auc", Score: 0.91, StdErr: 0.004,
	Split: "5-fold cross-validation", Seconds: 61.2, Ended: "the time was up", Warnings: []string{`column "<script>alert(1)</script>" repeats "a"`},
}

func sampleBoard() []trials.Row {
	return []trials.Row{
		{Rank: 1, Trial: 4, Learner: "gbdt", Score: p(0.9), StdErr: p(0.01), Folds: 5, State: trials.Succeeded, EndSeconds: 50, Params: map[string]any{"num_leaves": 31.0, "boosting": "<i>"}},
		{Rank: 2, Trial: 2, Learner: "gbdt", Score: p(0.89), StdErr: p(0.01), Behind: p(0.01), BehindErr: p(0.02), State: trials.Succeeded, EndSeconds: 20},
		{Rank: 3, Trial: 1, Learner: "linear", Score: p(0.87), Behind: p(0.03), BehindErr: p(0.01), State: trials.Succeeded, EndSeconds: 10},
		{Rank: 4, Trial: 0, Learner: "baseline", Score: p(0.5), State: trials.Succeeded, EndSeconds: 1},
		{Trial: 3, Learner: "mlp", State: trials.Failed, Reason: "mlp <u>"},
	}
}

func sampleModel(t *testing.T) *model.Model {
	return build(t, sampleInfo, sampleBoard(), []model.Importance{
		{Column: "plan & price", Drop: p(0.1), StdErr: 0.01}, {Column: "age", Drop: p(0.02), StdErr: 0.001},
		{Column: "noise", Drop: p(0.001), StdErr: 0.001}, {Column: "late"},
	}, model.Member{Weight: 0.75, Trial: 4, Learner: "gbdt"}, model.Member{Weight: 0.25, Trial: 1, Learner: "linear"})
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	want := Summary{
		Tried:  "5 trials of 4 learners in 1m1s: 2 gbdt, 1 baseline, 1 linear, 1 mlp; 1 failed; ended: the time was up",
		Won:    "an ensemble of 2 trials (gbdt 75 %, linear 25 %): roc_auc 0.91 ± 0.004 by 5-fold cross-validation; the best trial alone, of gbdt, has 0.9 ± 0.01",
		Margin: "gbdt is ahead of the next learner, linear, by 0.03 ± 0.01 (standard error over the folds), which is clear",
		Drives: "plan & price (0.1), age (0.02): what roc_auc loses when the column is shuffled",
		Next: []string{
			"read the 1 warning", "make sure that plan & price is known when predictions are made: the model rests on it",
			"give it more time: the best trial came late", "try without columns that show no use: noise",
			"score it on rows that were not used here: automl evaluate",
		},
	}
	if d := cmp.Diff(want, Summarize(sampleModel(t))); d != "" {
		t.Error(d)
	}
}

func TestSummarizeLittle(t *testing.T) {
	t.Parallel()
	one := model.Member{Weight: 1, Trial: 0, Learner: "linear"}
	alone := []trials.Row{{Rank: 1, Trial: 0, Learner: "linear", Score: p(0.8), State: trials.Succeeded, EndSeconds: 2}}
	two := append(alone, trials.Row{Rank: 2, Trial: 1, Learner: "gbdt", Score: p(0.7), State: trials.Succeeded, EndSeconds: 9})
	info := model.Info{Metric: "roc_auc", Score: 0.8, Ended: "interrupted", Seconds: 2}
	s := Summarize(build(t, info, alone, nil, one))
	if s.Won != "linear alone: roc_auc 0.8" || s.Margin != "no other learner has a score to compare with" || s.Drives != "not measured: the time was up" {
		t.Errorf("%+v", s)
	}
	s = Summarize(build(t, info, two, nil, one))
	if !strings.Contains(s.Margin, "gbdt (roc_auc 0.7); from one hold-out it cannot be told") || !strings.Contains(s.Next[0], "only 2 trials came to an end") {
		t.Errorf("%+v", s)
	}
	many := slices.Repeat(two[1:], 30)
	if text := more(append(two[:1:1], many...)); text != "more time is unlikely to help much: no trial has been better since 2s of 9s" {
		t.Error(text)
	}
	for _, tt := range []struct {
		gap, se float64
		want    string
	}{{3, 1, "is clear"}, {1.5, 1, "likely but not sure"}, {0.5, 1, "within noise"}, {-3, 1, "by 3 ± 1 (standard error)"}, {0, 0, "by 0 ± 0 (standard error)"}} {
		two[1].Behind, two[1].BehindErr = &tt.gap, &tt.se
		if text := margin(two, "rmse"); !strings.HasSuffix(text, tt.want) {
			t.Errorf("%v ± %v: %s", tt.gap, tt.se, text)
		}
	}
	if s := Summarize(build(t, model.Info{Imported: "LightGBM", Metric: "roc_auc"}, nil, nil, one)); !strings.Contains(s.Tried, "imported from LightGBM") {
		t.Errorf("%+v", s)
	}
}

// TestPage holds that the page has everything, escapes what comes from outside,
// is well-formed and loads nothing.
func TestPage(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteHTML(&b, sampleModel(t)); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"churn &lt;b&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;", "plan &amp; price", "mlp &lt;u&gt;", "&lt;i&gt;", "num_leaves=31",
		"an ensemble of 2 trials", "<polyline points=", "<title>trial 4, gbdt: 0.9</title>", "75.0 %", "1 columns were not measured", "the time was up",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page:\n%s", want, page)
		}
	}
	if bad := regexp.MustCompile(`(?i)<script|<link|<b>|<i>|<u>|src=|https?://|@import|url\(|ZgotmplZ|NaN`).FindString(page); bad != "" {
		t.Errorf("the page has %q", bad)
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPageOfLittle(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	m := build(t, model.Info{Metric: "roc_auc"}, nil, nil, model.Member{Weight: 1, Learner: "linear"})
	if err := WriteHTML(&b, m); err != nil || strings.Contains(b.String(), "<svg") {
		t.Errorf("error %v in\n%s", err, b.String())
	}
}

func TestCurve(t *testing.T) {
	t.Parallel()
	c := newCurve(sampleBoard(), true)
	if c == nil || c.High != "0.9" || c.Low != "0.87" || c.End != "50s" {
		t.Fatalf("%+v", c)
	}
	if len(c.Dots) != 3 {
		t.Errorf("dots %+v", c.Dots)
	}
	// Level until a trial is better, then up.
	if want := "81.2,216.0 182.0,216.0 182.0,216.0 294.0,216.0 294.0,78.7 630.0,78.7 630.0,10.0 630.0,10.0"; c.Line != want {
		t.Errorf("line %s, want %s", c.Line, want)
	}
	if newCurve(sampleBoard()[:1], true) != nil || newCurve(nil, false) != nil {
		t.Error("a curve of too little")
	}
	same := []trials.Row{{Rank: 1, Score: p(3), EndSeconds: 1}, {Rank: 2, Score: p(3), EndSeconds: 1}}
	if c := newCurve(same, false); c == nil || strings.Contains(c.Line, "NaN") {
		t.Errorf("%+v", c)
	}
}
