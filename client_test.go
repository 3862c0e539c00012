package automl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// newTestClient makes a client of a service that answers as h does.
func newTestClient(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	c := NewClient(srv.URL, ClientOptions{Token: "secret"})
	t.Cleanup(func() { c.Close(); srv.Close() })
	return c
}

func TestClientRequests(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, Path, Query, Type, Auth, Body string }
	tests := []struct {
		name   string
		call   func(context.Context, *Client) error
		answer string
		want   seen
	}{
		{"upload", func(ctx context.Context, c *Client) error {
			d, err := c.Upload(ctx, "my table", strings.NewReader("a,b\n"), "text/csv")
			if err == nil && d.ID != "d1" {
				err = fmt.Errorf("id %q", d.ID)
			}
			return err
		}, `{"id":"d1"}`, seen{"POST", "/v1/datasets", "name=my+table", "text/csv", "Bearer secret", "a,b\n"}},
		{"delete", func(ctx context.Context, c *Client) error { return c.DeleteDataset(ctx, "d1") },
			"", seen{"DELETE", "/v1/datasets/d1", "", "", "Bearer secret", ""}},
		{"submit", func(ctx context.Context, c *Client) error {
			_, err := c.Submit(ctx, JobRequest{Dataset: "d1", Target: "y", Time: "5s"})
			return err
		}, `{"id":"j"}`, seen{"POST", "/v1/jobs", "", "application/json", "Bearer secret", `{"dataset":"d1","target":"y","time":"5s"}`}},
		{"job with a slash", func(ctx context.Context, c *Client) error { _, err := c.Job(ctx, "a/b"); return err },
			`{}`, seen{"GET", "/v1/jobs/a%2Fb", "", "", "Bearer secret", ""}},
		{"cancel", func(ctx context.Context, c *Client) error { _, err := c.Cancel(ctx, "j"); return err },
			`{}`, seen{"POST", "/v1/jobs/j/cancel", "", "", "Bearer secret", ""}},
		{"predict", func(ctx context.Context, c *Client) error {
			p, err := c.Predict(ctx, "j", []map[string]any{{"x": 1, "y": nil}})
			if err == nil && (len(p) != 1 || p[0].Prediction != "a" || p[0].Probabilities["a"] != 0.75) {
				err = fmt.Errorf("predictions %+v", p)
			}
			return err
		}, `{"predictions":[{"prediction":"a","probabilities":{"a":0.75,"b":0.25}}]}`,
			seen{"POST", "/v1/jobs/j/predict", "", "application/json", "Bearer secret", `{"rows":[{"x":1,"y":null}]}`}},
		{"leaderboard", func(ctx context.Context, c *Client) error {
			rows, err := c.Leaderboard(ctx, "j")
			if err == nil && (len(rows) != 1 || rows[0].Learner != "gbdt") {
				err = fmt.Errorf("rows %+v", rows)
			}
			return err
		}, `{"metric":"r2","leaderboard":[{"learner":"gbdt"}]}`, seen{"GET", "/v1/jobs/j/leaderboard", "", "", "Bearer secret", ""}},
		{"model", func(ctx context.Context, c *Client) error {
			var b strings.Builder
			err := c.DownloadModel(ctx, "j", &b)
			if err == nil && b.String() != "bytes" {
				err = fmt.Errorf("model %q", b.String())
			}
			return err
		}, "bytes", seen{"GET", "/v1/jobs/j/model", "", "", "Bearer secret", ""}},
		{"report", func(ctx context.Context, c *Client) error {
			var b strings.Builder
			err := c.DownloadReport(ctx, "j", &b)
			if err == nil && b.String() != "page" {
				err = fmt.Errorf("report %q", b.String())
			}
			return err
		}, "page", seen{"GET", "/v1/jobs/j/report", "", "", "Bearer secret", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got seen
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				got = seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(b)}
				io.WriteString(w, tt.answer)
			})
			if err := tt.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, body string
		status           int
		want             APIError
		text             string
	}{
		{"problem", "application/problem+json", `{"title":"Unprocessable Entity","status":422,"detail":"no column","errors":[{"message":"no column \"x\"","location":"body.target"}]}`, 422,
			APIError{Status: 422, Title: "Unprocessable Entity", Detail: "no column", Fields: []string{`body.target: no column "x"`}}, `no column; body.target: no column "x" (HTTP 422)`},
		{"a proxy's page", "text/html", "<html>\nbad gateway", 502, APIError{Status: 502, Title: "Bad Gateway", Detail: "<html>"}, "<html> (HTTP 502)"},
		{"broken problem", "application/problem+json", "{", 500, APIError{Status: 500, Title: "Internal Server Error"}, "Internal Server Error (HTTP 500)"},
		{"nothing", "", "", 404, APIError{Status: 404, Title: "Not Found"}, "Not Found (HTTP 404)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := c.Job(t.Context(), "j")
			var got *APIError
			if !errors.As(err, &got) {
				t.Fatalf("error %v is no APIError", err)
			}
			if d := cmp.Diff(tt.want, *got); d != "" {
				t.Error(d)
			}
			if got.Error() != tt.text {
				t.Errorf("text %q, want %q", got.Error(), tt.text)
			}
		})
	}
}

func TestClientBadInput(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "ftp://host", "http://", "http://[::1", "%zz"} {
		if _, err := NewClient(url, ClientOptions{}).Job(t.Context(), "j"); err == nil || !strings.Contains(err.Error(), "server URL") {
			t.Errorf("URL %q: error %v", url, err)
		}
	}
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.Job(t.Context(), id); err == nil {
			t.Errorf("id %q: no error", id)
		}
	}
	if _, err := c.Predict(t.Context(), "j", []map[string]any{{"x": func() {}}}); err == nil {
		t.Error("a row with a function: no error")
	}
}

func TestClientSaysWhatIsNoService(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>hello</html>") })
	if _, err := c.Job(t.Context(), "j"); err == nil || !strings.Contains(err.Error(), "not what automl serves") {
		t.Errorf("error %v", err)
	}
}

func TestClientJobsReadsAllPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ stored, limit, want int }{{0, 0, 0}, {1, 0, 1}, {450, 0, 450}, {450, 3, 3}, {450, 200, 200}, {450, 201, 201}, {5, 10, 5}} {
		c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
			var limit, from int
			fmt.Sscan(r.FormValue("limit"), &limit)
			fmt.Sscan(r.FormValue("after"), &from)
			to := min(tt.stored, from+limit)
			out := map[string]any{"jobs": make([]JobStatus, to-from)}
			if to < tt.stored {
				out["next"] = fmt.Sprint(to)
			}
			json.NewEncoder(w).Encode(out)
		})
		jobs, err := c.Jobs(t.Context(), tt.limit)
		if err != nil || len(jobs) != tt.want {
			t.Errorf("%+v: %d jobs, error %v", tt, len(jobs), err)
		}
	}
}

// TestWatchComesBack serves a stream in pieces: each connection breaks after
// some events, one is refused, and the rest follows Last-Event-ID.
func TestWatchComesBack(t *testing.T) {
	t.Parallel()
	var resumed []string
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		resumed = append(resumed, r.Header.Get("Last-Event-ID"))
		switch len(resumed) {
		case 1:
			io.WriteString(w, "retry: 1000\n\n: hello\n\nid: 1\nevent: planned\ndata: {\"trial\":-1}\n\nid: 2\nevent: trial\ndata: {\"trial\":0,\ndata: \"data\":{\"score\":1}}\n\nid: 3\nevent: tri")
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			io.WriteString(w, "id: 2\nevent: trial\ndata: {\"trial\":0}\n\nid: 3\nevent: trial\ndata: {\"trial\":1}\n\n")
		default:
			io.WriteString(w, "event: finished\ndata: {\"trial\":-1}\n\nid: 9\nevent: log\ndata: {}\n\n")
		}
	})
	var got []Event
	if err := c.Watch(t.Context(), "j", func(e Event) { got = append(got, e) }); err != nil {
		t.Fatal(err)
	}
	want := []Event{
		{Seq: 1, Kind: "planned", Trial: -1},
		{Seq: 2, Kind: "trial", Trial: 0, Data: json.RawMessage(`{"score":1}`)},
		{Seq: 3, Kind: "trial", Trial: 1},
		{Kind: "finished", Trial: -1},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"", "2", "2", "3"}, resumed); d != "" {
		t.Error(d)
	}
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		wantOK bool
	}{
		{"nothing left", http.StatusNoContent, true},
		{"no such job", http.StatusNotFound, false},
		{"busy at once", http.StatusServiceUnavailable, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) { requests++; w.WriteHeader(tt.status) })
			err := c.Watch(t.Context(), "j", func(e Event) { t.Errorf("event %+v", e) })
			if (err == nil) != tt.wantOK || requests != 1 {
				t.Errorf("error %v after %d requests", err, requests)
			}
		})
	}
}

func TestWatchStopsWithItsContext(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "id: 1\nevent: log\ndata: {}\n\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Watch(ctx, "j", func(Event) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestReadEventsAnyBytes feeds arbitrary streams: no panic, and ids, kinds and
// data of well-formed events come through whatever stands between.
func TestReadEventsAnyBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.StringMatching(`(:[ a-z]*\n|x[a-z]*: [a-z]*\n\n|\n|retry: 5\n){0,5}`)
		n := rapid.IntRange(0, 5).Draw(t, "events")
		var b strings.Builder
		for i := range n {
			b.WriteString(rapid.Custom(func(t *rapid.T) string { return noise.Draw(t, "noise") }).Draw(t, "between"))
			fmt.Fprintf(&b, "\nid: %d\nevent: trial\ndata: {\"trial\":%d}\n\n", i+1, i)
		}
		b.WriteString(rapid.String().Draw(t, "rest"))
		var got []int
		_ = readEvents(strings.NewReader(b.String()), func() {}, func(e Event) bool {
			if e.Kind == "trial" && e.Seq > 0 {
				got = append(got, e.Trial)
			}
			return true
		})
		if len(got) < n {
			t.Fatalf("%d of %d events", len(got), n)
		}
	})
}
