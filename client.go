package automl

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ClientOptions are the optional parts of a Client.
type ClientOptions struct {
	// Token is sent as a bearer token if not empty.
	Token string
	// HTTPClient makes the requests; nil means one with sensible timeouts.
	HTTPClient *http.Client
}

// Client speaks to a remote service (automl serve) over its REST API. It is
// safe for concurrent use. Its methods return *APIError for every answer of
// the service that is not a success.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// NewClient makes a client of the service at baseURL, such as
// "http://127.0.0.1:8080"; a bare host:port means http.
func NewClient(baseURL string, o ClientOptions) *Client {
	return &Client{base: baseURL, token: o.Token, http: o.HTTPClient}
}

// Upload stores a table under a name and describes it. contentType is
// text/csv, application/vnd.apache.parquet or "" to let the service find out.
func (c *Client) Upload(ctx context.Context, name string, r io.Reader, contentType string) (*Dataset, error) {
	return nil, errors.New("not implemented")
}

// Datasets lists the uploaded tables, newest first.
func (c *Client) Datasets(ctx context.Context) ([]Dataset, error) {
	return nil, errors.New("not implemented")
}

// DeleteDataset removes an uploaded table.
func (c *Client) DeleteDataset(ctx context.Context, id string) error {
	return errors.New("not implemented")
}

// Submit queues a job and returns its first status.
func (c *Client) Submit(ctx context.Context, r JobRequest) (*JobStatus, error) {
	return nil, errors.New("not implemented")
}

// Job returns the status of a job.
func (c *Client) Job(ctx context.Context, id string) (*JobStatus, error) {
	return nil, errors.New("not implemented")
}

// Jobs lists the limit newest jobs, all of them if limit is 0.
func (c *Client) Jobs(ctx context.Context, limit int) ([]JobStatus, error) {
	return nil, errors.New("not implemented")
}

// Watch calls on for every event of the job until its last one, and
// reconnects where it was when the connection breaks.
func (c *Client) Watch(ctx context.Context, id string, on func(JobEvent)) error {
	return errors.New("not implemented")
}

// Cancel asks a job to end with the best model so far.
func (c *Client) Cancel(ctx context.Context, id string) (*JobStatus, error) {
	return nil, errors.New("not implemented")
}

// DownloadModel writes the bundle of a job to w.
func (c *Client) DownloadModel(ctx context.Context, id string, w io.Writer) error {
	return errors.New("not implemented")
}

// Predict scores rows with the model of a job.
func (c *Client) Predict(ctx context.Context, id string, rows []map[string]any) ([]RowPrediction, error) {
	return nil, errors.New("not implemented")
}
