package server

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// stream is an open event stream.
type stream struct {
	f     *fixture
	resp  *http.Response
	lines *bufio.Scanner
}

func (f *fixture) follow(job string, headers ...string) *stream {
	f.Helper()
	ctx, cancel := context.WithCancel(f.Context())
	f.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", f.url+"/v1/jobs/"+job+"/events", nil)
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { cancel(); resp.Body.Close() })
	return &stream{f, resp, bufio.NewScanner(resp.Body)}
}

// next reads one event as "id kind", "" at the end of the stream.
func (s *stream) next() string {
	s.f.Helper()
	var id, kind string
	for s.lines.Scan() {
		line := s.lines.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "event: "):
			kind = line[7:]
		case line == "" && kind != "":
			return strings.TrimSpace(id + " " + kind)
		}
	}
	return ""
}

func (s *stream) rest() []string {
	s.f.Helper()
	var all []string
	for e := s.next(); e != ""; e = s.next() {
		all = append(all, e)
	}
	return all
}

func TestEventsLive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.store(trials.Job{ID: "j", State: trials.JobRunning})
	f.publish("j", "planned", -1)
	f.publish("other", "planned", -1)
	s := f.follow("j")
	if got := s.resp.Header.Get(ctype); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	if got := s.next(); got != "1 planned" {
		t.Errorf("event %q", got)
	}
	f.publish("j", "trial", 0) // while the stream is open
	if got := s.next(); got != "3 trial" {
		t.Errorf("event %q", got)
	}
	// The last event is held back until the record has caught up with it.
	f.publish("j", "finished", -1)
	f.publish("j", "log", -1)
	f.update("j", func(j *trials.Job) { j.State = trials.JobSucceeded })
	if diff := cmp.Diff([]string{"4 finished"}, s.rest()); diff != "" {
		t.Error(diff)
	}
}

func TestEventsOfAJobThatIsOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.store(trials.Job{ID: "j", State: trials.JobSucceeded})
	f.store(trials.Job{ID: "forgotten", State: trials.JobFailed, Reason: "no luck"})
	for i := range 3 {
		f.publish("j", "trial", i)
	}
	f.publish("j", "finished", -1)
	tests := []struct {
		job, last string
		status    int
		want      []string
	}{
		{"j", "", 200, []string{"1 trial", "2 trial", "3 trial", "4 finished"}},
		{"j", "0", 200, []string{"1 trial", "2 trial", "3 trial", "4 finished"}},
		{"j", "2", 200, []string{"3 trial", "4 finished"}},
		{"j", "4", 204, nil},
		{"j", "400", 204, nil},
		{"forgotten", "", 200, []string{"finished"}}, // no event is kept: the record tells
		{"forgotten", "7", 204, nil},
	}
	for _, tt := range tests {
		t.Run(tt.job+" after "+tt.last, func(t *testing.T) {
			t.Parallel()
			s := f.follow(tt.job, "Last-Event-ID", tt.last)
			if diff := cmp.Diff(tt.want, s.rest()); diff != "" || s.resp.StatusCode != tt.status {
				t.Errorf("status %d: %s", s.resp.StatusCode, diff)
			}
		})
	}
}

func TestEventsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Limits: Limits{Streams: 1}})
	f.store(trials.Job{ID: "j", State: trials.JobRunning})
	f.want(404, "GET", "/v1/jobs/nope/events", "").problem(t)
	f.want(400, "GET", "/v1/jobs/j/events", "", "Last-Event-ID", "x").problem(t)
	f.want(200, "HEAD", "/v1/jobs/j/events", "")
	s := f.follow("j")
	if !s.lines.Scan() {
		t.Fatal("no stream")
	}
	a := f.want(503, "GET", "/v1/jobs/j/events", "")
	if a.problem(t); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestEventsEndWithTheService(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.store(trials.Job{ID: "j", State: trials.JobRunning})
	f.publish("j", "planned", -1)
	s := f.follow("j")
	if got := s.next(); got != "1 planned" {
		t.Errorf("event %q", got)
	}
	close(f.s.draining)
	if b, err := io.ReadAll(s.resp.Body); err != nil || strings.Contains(string(b), "event:") {
		t.Errorf("the stream ended with %q, error %v", b, err)
	}
}

// TestWatch follows a job with the client, which learns the end from the stream.
func TestWatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.store(trials.Job{ID: "j", State: trials.JobRunning})
	c := automl.NewClient(f.url, automl.ClientOptions{})
	t.Cleanup(c.Close)
	f.publish("j", "trial", 5)
	var got []automl.Event
	err := c.Watch(t.Context(), "j", func(e automl.Event) {
		if got = append(got, e); len(got) == 1 {
			f.update("j", func(j *trials.Job) { j.State = trials.JobSucceeded })
			f.publish("j", "finished", -1)
		}
	})
	at := time.Unix(0, 0).UTC()
	want := []automl.Event{{Seq: 1, Job: "j", Time: at, Kind: "trial", Trial: 5}, {Seq: 2, Job: "j", Time: at, Kind: "finished", Trial: -1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v: %s", err, diff)
	}
}
