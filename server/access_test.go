package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTokenIsNeeded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Token: "s3cret"})
	tests := []struct {
		path, auth string
		status     int
	}{
		{"/healthz", "", 200},
		{"/readyz", "", 200},
		{"/metrics", "", 401},
		{"/openapi.json", "", 401},
		{"/docs", "", 401},
		{"/v1/jobs", "", 401},
		{"/nowhere", "", 401},
		{"/v1/jobs", "Bearer wrong", 401},
		{"/v1/jobs", "Bearer s3cre", 401},
		{"/v1/jobs", "Bearer s3cret2", 401},
		{"/v1/jobs", "Basic s3cret", 401},
		{"/v1/jobs", "s3cret", 401},
		{"/v1/jobs", "Bearer", 401},
		{"/v1/jobs", "Bearer s3cret", 200},
		{"/v1/jobs", "bearer  s3cret ", 200},
		{"/metrics", "Bearer s3cret", 200},
		{"/openapi.json", "Bearer s3cret", 200},
		{"/nowhere", "Bearer s3cret", 404},
	}
	for _, tt := range tests {
		a := f.do("GET", tt.path, "", "Authorization", tt.auth, "Host", "automl.example")
		if a.StatusCode != tt.status {
			t.Errorf("%s with %q: status %d, want %d", tt.path, tt.auth, a.StatusCode, tt.status)
		}
		if tt.status == 401 {
			if p := a.problem(t); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") || p.Detail == "" {
				t.Errorf("%s: %q, %q", tt.path, a.Header.Get("WWW-Authenticate"), p.Detail)
			}
		}
	}
}

// Without a token, a page in a browser of this host is the one that must stay out.
func TestBrowsersStayOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	tests := []struct {
		method, path string
		headers      []string
		status       int
	}{
		{"GET", "/v1/jobs", nil, 200},
		{"GET", "/v1/jobs", []string{"Host", "localhost:8080"}, 200},
		{"GET", "/v1/jobs", []string{"Host", "[::1]:8080"}, 200},
		{"GET", "/v1/jobs", []string{"Host", "evil.example"}, 403},
		{"GET", "/v1/jobs", []string{"Host", "127.0.0.1.evil.example:80"}, 403},
		{"GET", "/v1/jobs", []string{"Host", "192.0.2.1"}, 403},
		{"GET", "/healthz", []string{"Host", "evil.example"}, 200},
		{"POST", "/v1/datasets", []string{ctype, "text/plain", "Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", "/v1/datasets", []string{ctype, "text/plain", "Origin", "https://evil.example"}, 403},
		{"POST", "/v1/datasets", []string{ctype, "text/plain", "Sec-Fetch-Site", "same-origin"}, 400},
	}
	for _, tt := range tests {
		if a := f.do(tt.method, tt.path, "", tt.headers...); a.StatusCode != tt.status {
			t.Errorf("%s %s %q: status %d, want %d: %s", tt.method, tt.path, tt.headers, a.StatusCode, tt.status, a.body)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v2/jobs", 404, ""},
		{"GET", "/v1/jobs/", 404, ""},
		{"PUT", "/v1/jobs", 405, "GET, POST"},
		{"PATCH", "/v1/datasets/x", 405, "DELETE, GET"},
		{"GET", "/v1/jobs/x/cancel", 405, "POST"},
		{"DELETE", "/", 405, "GET"},
		{"GET", "/v1/datasets/..%2F..%2Fetc%2Fpasswd", 404, ""},
		{"GET", "/v1/jobs/..%2F..%2Fetc%2Fpasswd", 404, ""},
		{"GET", "/v1/jobs/a.b", 404, ""},
		{"GET", "/v1/jobs/*", 404, ""},
		{"GET", "/v1/jobs/" + strings.Repeat("x", 100), 404, ""},
		{"GET", "/v1/jobs/%00", 404, ""},
	}
	for _, tt := range tests {
		a := f.do(tt.method, tt.path, "")
		if a.StatusCode != tt.status || a.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: status %d, allow %q; want %d, %q", tt.method, tt.path, a.StatusCode, a.Header.Get("Allow"), tt.status, tt.allow)
		}
		a.problem(t)
	}
	if a := f.do("GET", "/", ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/docs" {
		t.Errorf("/: status %d", a.StatusCode)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /early", func(http.ResponseWriter, *http.Request) { panic("secret detail") })
	mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")); panic("late") })
	h := s.outer(mux)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/early", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("a half-written answer ended with %v, want a cut connection", v)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://localhost/late", nil))
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.upload()
	f.do("GET", "/v1/jobs/nope", "")
	f.do("BREW", "/v1/jobs", "")
	a := f.want(200, "GET", "/metrics", "")
	if got := a.Header.Get(ctype); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	for _, line := range []string{
		`automl_jobs{state="queued"} 0`,
		`automl_datasets 1`,
		`automl_http_requests_total{code="404",method="GET",route="/v1/jobs/{id}"} 1`,
		`automl_http_requests_total{code="405",method="other",route="/"} 1`,
		`automl_http_requests_total{code="201",method="POST",route="/v1/datasets"} 1`,
		`automl_http_request_seconds_count{route="/v1/datasets"} 1`,
		`# TYPE go_memory_total_bytes gauge`,
	} {
		if !strings.Contains(a.body, line+"\n") {
			t.Errorf("no line %s in\n%s", line, a.body)
		}
	}
}
