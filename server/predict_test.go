package server

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestDownloadModel(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	digest, bundle := f.storeModel(metrics.Binary, []float32{0.75}, "no", "yes")
	f.store(trials.Job{ID: "done", State: trials.JobSucceeded, Model: digest})
	f.store(trials.Job{ID: "run", State: trials.JobRunning})
	f.store(trials.Job{ID: "sad", State: trials.JobFailed, Reason: "no luck"})
	a := f.want(200, "GET", "/v1/jobs/done/model", "")
	if a.body != string(bundle) || a.Header.Get("ETag") != `"`+digest+`"` || a.Header.Get(ctype) != typeBinary ||
		a.Header.Get("Content-Disposition") != `attachment; filename="done.automl"` {
		t.Errorf("%d bytes of %d, headers %v", len(a.body), len(bundle), a.Header)
	}
	f.want(304, "GET", "/v1/jobs/done/model", "", "If-None-Match", `"`+digest+`"`)
	if a := f.want(206, "GET", "/v1/jobs/done/model", "", "Range", "bytes=0-5"); a.body != string(bundle[:6]) {
		t.Errorf("range: %q", a.body)
	}
	if p := f.want(409, "GET", "/v1/jobs/run/model", "").problem(t); !strings.Contains(p.Detail, "no model yet") {
		t.Errorf("%q", p.Detail)
	}
	if p := f.want(409, "GET", "/v1/jobs/sad/model", "").problem(t); !strings.Contains(p.Detail, "no luck") {
		t.Errorf("%q", p.Detail)
	}
	f.want(404, "GET", "/v1/jobs/nope/model", "").problem(t)
}

func TestReport(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	digest, _ := f.storeModel(metrics.Binary, []float32{0.75}, "no", "yes")
	f.store(trials.Job{ID: "done", State: trials.JobSucceeded, Model: digest})
	f.store(trials.Job{ID: "run", State: trials.JobRunning})
	a := f.want(200, "GET", "/v1/jobs/done/report", "")
	if !strings.HasPrefix(a.body, "<!doctype html>") || !strings.HasPrefix(a.Header.Get(ctype), "text/html") ||
		!strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v: %s", a.Header, a.body)
	}
	f.want(409, "GET", "/v1/jobs/run/report", "").problem(t)
	f.want(404, "GET", "/v1/jobs/nope/report", "").problem(t)
}

func TestPredict(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	two, _ := f.storeModel(metrics.Binary, []float32{0.75}, "no", "yes")
	three, _ := f.storeModel(metrics.Multiclass, []float32{0.5, 0.25, 0.25}, `a"b`, "<c>", "d")
	number, _ := f.storeModel(metrics.Regression, []float32{1.5e-9})
	for id, digest := range map[string]string{"two": two, "three": three, "number": number} {
		f.store(trials.Job{ID: id, State: trials.JobSucceeded, Model: digest})
	}
	const binary = `{"prediction":"yes","probabilities":{"no":0.25,"yes":0.75}}`
	tests := []struct{ name, job, ctype, body, want string }{
		{"one row", "two", jsonType, `{"rows":[{"age":31,"city":"Oslo"}]}`, binary},
		{"extra columns and nulls", "two", "application/json; charset=utf-8", `{"rows":[{"age":null,"city":"x","bought":true,"id":12345678901234567890},{"city":null,"age":"31"}]}`, binary + "," + binary},
		{"no rows", "two", jsonType, `{"rows":[]}`, ""},
		{"csv", "two", typeCSV, "city,age,more\nOslo,31,x\nLima,,y\n", binary + "," + binary},
		{"many classes", "three", jsonType, `{"rows":[{"age":31,"city":"Oslo"}]}`, `{"prediction":"a\"b","probabilities":{"a\"b":0.5,"\u003cc\u003e":0.25,"d":0.25}}`},
		{"regression", "number", jsonType, `{"rows":[{"age":31,"city":"Oslo"}]}`, `{"prediction":1.5e-09}`},
	}
	for _, tt := range tests {
		a := f.want(200, "POST", "/v1/jobs/"+tt.job+"/predict", tt.body, ctype, tt.ctype)
		if tt.name == "regression" { // a float32 on its way through float64
			var out struct{ Predictions []automl.RowPrediction }
			f.decode(a, &out)
			if v, ok := out.Predictions[0].Prediction.(float64); !ok || math.Abs(v-1.5e-9) > 1e-15 {
				t.Errorf("%s: %s", tt.name, a.body)
			}
			continue
		}
		if want := `{"predictions":[` + tt.want + "]}\n"; a.body != want {
			t.Errorf("%s: %s, want %s", tt.name, a.body, want)
		}
	}
	c := automl.NewClient(f.url, automl.ClientOptions{})
	t.Cleanup(c.Close)
	got, err := c.Predict(t.Context(), "two", []map[string]any{{"age": 31, "city": "Oslo"}})
	want := []automl.RowPrediction{{Prediction: "yes", Probabilities: map[string]float64{"no": 0.25, "yes": 0.75}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("client: error %v: %s", err, diff)
	}
}

// Intervals and quantiles stand beside the number, for rows of either form.
func TestPredictSpread(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	digest, _ := f.storeSpec(model.Info{Task: metrics.Regression, Interval: 0.9, Quantiles: []float64{0.1, 0.5}},
		&model.Spread{Bounds: [][2]float64{{-1, 2}}, Offsets: [][]float64{{-0.5, 0.25}}}, []float32{1.5})
	f.store(trials.Job{ID: "j", State: trials.JobSucceeded, Model: digest})
	want := `{"predictions":[{"prediction":1.5,"lower":0.5,"upper":3.5,"quantiles":{"0.1":1,"0.5":1.75}}]}` + "\n"
	for kind, body := range map[string]string{jsonType: `{"rows":[{"age":31,"city":"Oslo"}]}`, typeCSV: "city,age\nOslo,31\n"} {
		if a := f.want(200, "POST", "/v1/jobs/j/predict", body, ctype, kind); a.body != want {
			t.Errorf("%s: %s", kind, a.body)
		}
	}
	c := automl.NewClient(f.url, automl.ClientOptions{})
	t.Cleanup(c.Close)
	got, err := c.Predict(t.Context(), "j", []map[string]any{{"age": 31, "city": "Oslo"}})
	lower, upper := 0.5, 3.5
	if diff := cmp.Diff([]automl.RowPrediction{{
		Prediction: 1.5, Lower: &lower, Upper: &upper, Quantiles: map[string]float64{"0.1": 1, "0.5": 1.75},
	}}, got); diff != "" || err != nil {
		t.Errorf("client: error %v: %s", err, diff)
	}
}

func TestPredictRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Limits: Limits{BodyBytes: 2000, PredictRows: 3}})
	digest, _ := f.storeModel(metrics.Binary, []float32{0.75}, "no", "yes")
	f.store(trials.Job{ID: "j", State: trials.JobSucceeded, Model: digest})
	f.store(trials.Job{ID: "run", State: trials.JobRunning})
	tests := []struct {
		name, job, ctype, body string
		status                 int
		detail                 string
	}{
		{"no job", "nope", jsonType, `{"rows":[]}`, 404, "nope"},
		{"no model", "run", jsonType, `{"rows":[]}`, 409, "no model yet"},
		{"other type", "j", "text/html", `x`, 415, "text/html"},
		{"no type", "j", "", `x`, 415, "application/json"},
		{"missing column", "j", jsonType, `{"rows":[{"age":1,"city":"x"},{"age":1}]}`, 422, "city"},
		{"missing column, csv", "j", typeCSV, "age\n1\n", 422, "city"},
		{"ragged csv", "j", typeCSV, "age,city\n1\n2,x,y\n", 400, "line"},
		{"csv without rows", "j", typeCSV, "age,city\n", 400, "rows"},
		{"no JSON", "j", jsonType, `{"rows":`, 400, "rows"},
		{"more JSON", "j", jsonType, `{"rows":[]}{}`, 400, "more"},
		{"unknown field", "j", jsonType, `{"rows":[],"x":1}`, 400, "x"},
		{"no rows field", "j", jsonType, `{}`, 422, "missing"},
		{"null row", "j", jsonType, `{"rows":[null]}`, 422, "rows[0]"},
		{"row is no object", "j", jsonType, `{"rows":[1]}`, 400, "rows"},
		{"nested cell", "j", jsonType, `{"rows":[{"age":[1],"city":"x"}]}`, 422, "age"},
		{"huge number", "j", jsonType, `{"rows":[{"age":1e999,"city":"x"}]}`, 422, "1e999"},
		{"many rows", "j", jsonType, `{"rows":[{},{},{},{}]}`, 413, "more than 3"},
		{"many rows, csv", "j", typeCSV, "age,city\n1,x\n1,x\n1,x\n1,x\n", 413, "3"},
		{"many bytes", "j", jsonType, `{"rows":[{"age":1,"city":"` + strings.Repeat("x", 2000) + `"}]}`, 413, "2000"},
		{"many bytes, csv", "j", typeCSV, "age,city\n1," + strings.Repeat("x", 2000) + "\n", 413, "2000"},
	}
	for _, tt := range tests {
		a := f.do("POST", "/v1/jobs/"+tt.job+"/predict", tt.body, ctype, tt.ctype)
		if p := a.problem(t); a.StatusCode != tt.status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: status %d, %q; want %d, %q", tt.name, a.StatusCode, p.Detail, tt.status, tt.detail)
		}
	}
}

func TestDamagedModelIsNoPanic(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	digest, err := f.s.bus.PutBlob(t.Context(), []byte("not a bundle"))
	if err != nil {
		t.Fatal(err)
	}
	f.store(trials.Job{ID: "j", State: trials.JobSucceeded, Model: digest})
	for range 2 { // failures are not remembered
		f.want(http.StatusInternalServerError, "POST", "/v1/jobs/j/predict", `{"rows":[]}`, ctype, jsonType).problem(t)
	}
	if f.s.models.order.Len() != 0 || f.s.models.bytes != 0 {
		t.Errorf("%d entries, %d bytes", f.s.models.order.Len(), f.s.models.bytes)
	}
}

func TestModelCacheIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	var digests []string
	for i := range cachedModels + 3 {
		digest, _ := f.storeModel(metrics.Binary, []float32{float32(i) / 100}, "no", "yes")
		digests = append(digests, digest)
	}
	first := map[string]*model.Model{}
	for _, d := range append(digests, digests[len(digests)-1]) {
		m, err := f.s.models.get(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if old := first[d]; old != nil && old != m {
			t.Error("the most recent model was decoded again")
		}
		first[d] = m
	}
	if n := f.s.models.order.Len(); n != cachedModels || len(f.s.models.byID) != n {
		t.Errorf("%d and %d entries, want %d", n, len(f.s.models.byID), cachedModels)
	}
	if m, err := f.s.models.get(t.Context(), digests[0]); err != nil || m == first[digests[0]] {
		t.Errorf("the oldest model was kept, error %v", err)
	}
}
