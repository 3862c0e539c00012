package server

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// busTimeout bounds what a plain request asks of the bus.
const busTimeout = 10 * time.Second

type jobPath struct {
	ID string `path:"id" maxLength:"128" doc:"id of the job"`
}

type jobBody struct{ Body automl.JobStatus }

// job finds the record of a job; an id that cannot be one is not asked for.
func (s *Server) job(ctx context.Context, id string) (*trials.Job, error) {
	if !idPattern.MatchString(id) {
		return nil, problem(http.StatusNotFound, "no job %q", id)
	}
	j, err := s.bus.Jobs().Get(ctx, id)
	if isNotFound(err) {
		return nil, problem(http.StatusNotFound, "no job %q", id)
	}
	return j, err
}

type submitInput struct{ Body automl.JobRequest }

type submitOutput struct {
	Location string `header:"Location" doc:"where the job's status is"`
	Body     automl.JobStatus
}

func (s *Server) submit(ctx context.Context, in *submitInput) (*submitOutput, error) {
	s.tables.RLock() // the table stays until the job is stored
	defer s.tables.RUnlock()
	d, err := s.datasets.get(in.Body.Dataset)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	opts, err := jobOptions(&in.Body, d, now)
	if err != nil {
		return nil, err
	}
	if err := s.continued(ctx, &in.Body, d, &opts); err != nil {
		return nil, err
	}
	jobs, err := s.bus.Jobs().List(ctx)
	if err != nil {
		return nil, err
	}
	if n := summarise(jobs).active(); n >= s.cfg.Limits.Jobs {
		return nil, problem(http.StatusTooManyRequests, "%d jobs are waiting or running, the most there may be: try again later", n)
	}
	j := &trials.Job{
		ID: newJobID(now), Name: in.Body.Name, Dataset: d.ID, Options: opts,
		State: trials.JobQueued, Created: now, Metric: metricName(opts),
	}
	if err := s.scheduler.Submit(ctx, j); err != nil {
		return nil, err
	}
	return &submitOutput{Location: "/v1/jobs/" + j.ID, Body: jobStatus(j, now)}, nil
}

// newJobID starts with the time, so that ids sort by age.
func newJobID(now time.Time) string {
	return now.Format("20060102-150405-") + strings.ToLower(rand.Text()[:10])
}

// metricName is the asked metric's full name, "" if none was asked for.
func metricName(o trials.JobOptions) string {
	m, err := metrics.Lookup(o.Metric)
	if o.Metric == "" || err != nil {
		return ""
	}
	return m.Name
}

type listInput struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most so many jobs"`
	After string `query:"after" maxLength:"128" doc:"the jobs that follow this one, as \"next\" of the page before says"`
}

type listOutput struct {
	Body struct {
		Jobs []automl.JobStatus `json:"jobs" nullable:"false" doc:"newest first"`
		Next string             `json:"next,omitempty" doc:"what to give as \"after\" for the next page; absent at the end"`
	}
}

func (s *Server) listJobs(ctx context.Context, in *listInput) (*listOutput, error) {
	jobs, err := s.bus.Jobs().List(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(jobs, newestFirst)
	if in.After != "" {
		i := slices.IndexFunc(jobs, func(j *trials.Job) bool { return j.ID == in.After })
		if i < 0 {
			return nil, problem(http.StatusUnprocessableEntity, "query.after: no job %q", in.After)
		}
		jobs = jobs[i+1:]
	}
	out := &listOutput{}
	out.Body.Jobs = []automl.JobStatus{}
	now := time.Now()
	for _, j := range jobs[:min(in.Limit, len(jobs))] {
		out.Body.Jobs = append(out.Body.Jobs, jobStatus(j, now))
	}
	if len(jobs) > in.Limit {
		out.Body.Next = jobs[in.Limit-1].ID
	}
	return out, nil
}

func newestFirst(a, b *trials.Job) int {
	if c := b.Created.Compare(a.Created); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}

func (s *Server) getJob(ctx context.Context, in *jobPath) (*jobBody, error) {
	j, err := s.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &jobBody{jobStatus(j, time.Now())}, nil
}

func (s *Server) cancelJob(ctx context.Context, in *jobPath) (*jobBody, error) {
	j, err := s.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !j.State.Final() {
		if err := s.scheduler.Cancel(ctx, in.ID); err != nil {
			return nil, err
		}
		if j, err = s.job(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	return &jobBody{jobStatus(j, time.Now())}, nil
}

type boardOutput struct {
	Body struct {
		Metric string       `json:"metric,omitempty" doc:"what the scores are; absent before the job is planned"`
		Ended  string       `json:"ended,omitempty" doc:"what ended the search; absent before that"`
		Rows   []trials.Row `json:"leaderboard" nullable:"false" doc:"the trials that have ended, best first"`
	}
}

func (s *Server) leaderboard(ctx context.Context, in *jobPath) (*boardOutput, error) {
	j, err := s.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &boardOutput{}
	out.Body.Metric, out.Body.Rows = j.Metric, []trials.Row{}
	if j.State == trials.JobSucceeded || j.State == trials.JobCancelled {
		out.Body.Ended = j.Reason
	}
	if j.Metric == "" {
		return out, nil
	}
	m, err := metrics.Lookup(j.Metric)
	if err != nil {
		return nil, err
	}
	records, err := s.bus.Trials().List(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r *trials.Record) bool { return !r.State.Final() })
	out.Body.Rows = append(out.Body.Rows, trials.Rank(records, m)...)
	return out, nil
}

type datasetPath struct {
	ID string `path:"id" maxLength:"128" doc:"id of the data set"`
}

type datasetBody struct{ Body automl.Dataset }

type datasetList struct {
	Body struct {
		Datasets []automl.Dataset `json:"datasets" nullable:"false" doc:"newest first"`
	}
}

func (s *Server) listDatasets(context.Context, *struct{}) (*datasetList, error) {
	out := &datasetList{}
	out.Body.Datasets = s.datasets.list()
	return out, nil
}

func (s *Server) getDataset(_ context.Context, in *datasetPath) (*datasetBody, error) {
	d, err := s.datasets.get(in.ID)
	return &datasetBody{d}, err
}

// deleteDataset refuses while a job needs the table.
func (s *Server) deleteDataset(ctx context.Context, in *datasetPath) (*struct{}, error) {
	s.tables.Lock()
	defer s.tables.Unlock()
	if _, err := s.datasets.get(in.ID); err != nil {
		return nil, err
	}
	jobs, err := s.bus.Jobs().List(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if j.Dataset == in.ID && !j.State.Final() {
			return nil, problem(http.StatusConflict, "job %s is using the data set: cancel it first", j.ID)
		}
	}
	if err := s.datasets.remove(in.ID); err != nil {
		return nil, err
	}
	return nil, s.bus.DropBlob(ctx, in.ID)
}
