package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a service on a real embedded bus whose scheduler does not run:
// jobs move when a test says so.
type fixture struct {
	*testing.T
	s   *Server
	url string
}

func newFixture(t *testing.T, cfg Config) *fixture {
	t.Helper()
	cfg.Workers = automl.NoWorkers
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var c closers
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	dir, err := s.openDir(&c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.openBus(t.Context(), dir, &c); err != nil {
		t.Fatal(err)
	}
	if err := s.openStores(dir); err != nil {
		t.Fatal(err)
	}
	s.scheduler = s.newScheduler(featurize.NewCache(1 << 20))
	mux, err := s.routes()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.outer(mux))
	c.add(func() error { srv.Close(); return nil })
	return &fixture{T: t, s: s, url: srv.URL}
}

// answer is what came back, the body read.
type answer struct {
	*http.Response
	body string
}

// problem reads the body as a problem document.
func (a answer) problem(t testing.TB) huma.ErrorModel {
	t.Helper()
	var p huma.ErrorModel
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: content type %q of %s", a.Request.Method, a.Request.URL, got, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Errorf("problem document %q: %v", a.body, err)
	}
	if p.Status != a.StatusCode {
		t.Errorf("the document says %d, the answer %d", p.Status, a.StatusCode)
	}
	return p
}

// do sends a request; headers come as name, value pairs.
func (f *fixture) do(method, path, body string, headers ...string) answer {
	f.Helper()
	req, err := http.NewRequestWithContext(f.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	// Its own connection, closed after the answer, so that none is left over.
	resp, err := (&http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(req)
	if err != nil {
		f.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp, string(b)}
}

// want sends a request and fails unless the status is as expected.
func (f *fixture) want(status int, method, path, body string, headers ...string) answer {
	f.Helper()
	a := f.do(method, path, body, headers...)
	if a.StatusCode != status {
		f.Fatalf("%s %s: status %d, want %d: %s", method, path, a.StatusCode, status, a.body)
	}
	return a
}

const (
	jsonType = "application/json"
	ctype    = "Content-Type"
)

// people is a table of n rows: age, city and whether somebody bought.
func people(n int) string {
	var b strings.Builder
	b.WriteString("age,city,bought\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%s,%s\n", 20+(i*7)%50, []string{"Oslo", "Lima", "Pune"}[i%3], []string{"no", "yes"}[(i*7)%50/25])
	}
	return b.String()
}

// upload stores the people and returns the id.
func (f *fixture) upload() string {
	f.Helper()
	var d automl.Dataset
	f.decode(f.want(201, "POST", "/v1/datasets?name=people", people(60), ctype, typeCSV), &d)
	return d.ID
}

func (f *fixture) decode(a answer, into any) {
	f.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		f.Fatalf("%s: %v", a.body, err)
	}
}

// store puts a job record on the bus, as a scheduler would.
func (f *fixture) store(j trials.Job) *trials.Job {
	f.Helper()
	if j.Created.IsZero() {
		j.Created = time.Now().UTC()
	}
	if err := f.s.bus.Jobs().Create(f.Context(), &j); err != nil {
		f.Fatal(err)
	}
	return &j
}

// update changes a job record on the bus.
func (f *fixture) update(id string, change func(*trials.Job)) {
	f.Helper()
	j, err := f.s.bus.Jobs().Get(f.Context(), id)
	if err != nil {
		f.Fatal(err)
	}
	change(j)
	if err := f.s.bus.Jobs().Update(f.Context(), j); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) publish(job, kind string, trial int) {
	f.Helper()
	if err := f.s.bus.Publish(f.Context(), bus.Event{Job: job, Kind: kind, Trial: trial, Time: time.Unix(0, 0).UTC()}, ""); err != nil {
		f.Fatal(err)
	}
}

// storeModel puts a bundle on the bus that needs age and city and gives every
// row the same values.
func (f *fixture) storeModel(task metrics.Task, values []float32, classes ...string) (digest string, bundle []byte) {
	f.Helper()
	return f.storeSpec(model.Info{Task: task, Classes: classes}, nil, values)
}

// storeSpec is storeModel for a model with intervals or quantiles.
func (f *fixture) storeSpec(info model.Info, spread *model.Spread, values []float32) (digest string, bundle []byte) {
	f.Helper()
	age := &data.Column{Name: "age", Kind: data.Number}
	city := &data.Column{Name: "city", Kind: data.String, Dict: []string{"Oslo", "Lima", "Pune"}}
	target := &data.Column{Name: "bought", Kind: data.String, Dict: []string{"no", "yes"}}
	for i := range 60 {
		age.Floats = append(age.Floats, float64(20+i%40))
		city.Codes = append(city.Codes, int32(i%3))
		target.Codes = append(target.Codes, int32(i%2))
	}
	table, err := data.NewTable(age, city, target)
	if err != nil {
		f.Fatal(err)
	}
	plan, err := featurize.Infer(table, featurize.Options{Target: "bought"})
	if err != nil {
		f.Fatal(err)
	}
	pipeline, err := plan.Fit(table, 0, 1)
	if err != nil {
		f.Fatal(err)
	}
	info.Target, info.Columns = "bought", pipeline.Columns()
	m, err := model.Build(model.Spec{
		Info: info, Plan: plan, Pipeline: pipeline, Spread: spread,
		Origin:      &model.Origin{Dataset: "d", Options: trials.JobOptions{Target: "bought"}},
		Leaderboard: []trials.Row{{Rank: 1, Learner: "gbdt", Params: search.Params{"num_leaves": 7.0}, State: trials.Succeeded}},
		Members:     []model.Member{{Weight: 1, Predictor: predictor.NewConstant(values)}},
	})
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	if digest, err = f.s.bus.PutBlob(f.Context(), b.Bytes()); err != nil {
		f.Fatal(err)
	}
	return digest, b.Bytes()
}

// testLog writes to the test's log what is at least a warning.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func writeTemp(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
