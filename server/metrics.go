package server

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	rtmetrics "runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/trials"
)

// counters hold what /metrics tells about requests. Routes are the patterns of
// the mux, so that no client can make them grow.
type counters struct {
	mu       sync.Mutex
	requests map[requestKey]int64
	seconds  map[string]float64
	count    map[string]int64
}

type requestKey struct {
	method, route string
	status        int
}

func newCounters() *counters {
	return &counters{requests: map[requestKey]int64{}, seconds: map[string]float64{}, count: map[string]int64{}}
}

func (c *counters) request(method, pattern string, status int, took time.Duration) {
	route := pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		route = path
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
	default:
		method = "other"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[requestKey{method, route, status}]++
	c.seconds[route] += took.Seconds()
	c.count[route]++
}

// summary counts the jobs by state and their trials.
type summary struct {
	states map[trials.JobState]int
	trials int
}

func summarise(jobs []*trials.Job) summary {
	s := summary{states: map[trials.JobState]int{}}
	for _, j := range jobs {
		s.states[j.State]++
		s.trials += j.TrialsRun
	}
	return s
}

// active is the number of jobs that are not over.
func (s summary) active() int { return s.states[trials.JobQueued] + s.states[trials.JobRunning] }

var jobStates = []trials.JobState{trials.JobQueued, trials.JobRunning, trials.JobSucceeded, trials.JobFailed, trials.JobCancelled}

// serveMetrics answers in the Prometheus text format, version 0.0.4.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), busTimeout)
	defer cancel()
	jobs, err := s.bus.Jobs().List(ctx)
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	p := &promWriter{w: w}
	sum := summarise(jobs)
	p.head("automl_jobs", "gauge", "Jobs by state.")
	for _, state := range jobStates {
		p.value("automl_jobs", float64(sum.states[state]), "state", string(state))
	}
	p.one("automl_trials_ended", "gauge", "Trials that have ended, over all stored jobs.", float64(sum.trials))
	p.one("automl_datasets", "gauge", "Uploaded tables.", float64(s.datasets.len()))
	p.one("automl_workers", "gauge", "Workers of this process.", float64(s.cfg.Workers))
	p.one("automl_event_streams", "gauge", "Open event streams.", float64(len(s.streams)))
	s.counters.write(p)
	writeRuntime(p)
}

func (c *counters) write(p *promWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.head("automl_http_requests_total", "counter", "Requests by route and status.")
	keys := slices.SortedFunc(maps.Keys(c.requests), func(a, b requestKey) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	for _, k := range keys {
		p.value("automl_http_requests_total", float64(c.requests[k]), "code", fmt.Sprint(k.status), "method", k.method, "route", k.route)
	}
	p.head("automl_http_request_seconds", "summary", "Time to answer, by route.")
	for _, route := range slices.Sorted(maps.Keys(c.count)) {
		p.value("automl_http_request_seconds_sum", c.seconds[route], "route", route)
		p.value("automl_http_request_seconds_count", float64(c.count[route]), "route", route)
	}
}

func writeRuntime(p *promWriter) {
	samples := []rtmetrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	rtmetrics.Read(samples)
	p.one("go_memory_total_bytes", "gauge", "Memory mapped by the Go runtime.", float64(samples[0].Value.Uint64()))
	p.one("go_memory_heap_bytes", "gauge", "Bytes of live and not yet swept heap objects.", float64(samples[1].Value.Uint64()))
	p.one("go_goroutines", "gauge", "Goroutines.", float64(samples[2].Value.Uint64()))
}

// promWriter writes metrics; errors are the client's, who has gone.
type promWriter struct{ w io.Writer }

func (p *promWriter) head(name, kind, help string) {
	fmt.Fprintf(p.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p *promWriter) one(name, kind, help string, v float64) {
	p.head(name, kind, help)
	p.value(name, v)
}

var promEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// value writes one sample; labels come as name, value pairs.
func (p *promWriter) value(name string, v float64, labels ...string) {
	var b strings.Builder
	for i := 0; i < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(&b, `%s%s="%s"`, sep, labels[i], promEscape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	fmt.Fprintf(p.w, "%s%s %v\n", name, b.String(), v)
}
