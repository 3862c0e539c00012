package automl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/trials"
)

// maxAnswer bounds what is read of a JSON answer.
const maxAnswer = 256 << 20

// ClientOptions are the optional parts of a Client.
type ClientOptions struct {
	// Token is sent as a bearer token if not empty.
	Token string
	// HTTPClient makes the requests; nil means one that gives up connecting
	// after 10 s and otherwise leaves the time to each call's context.
	HTTPClient *http.Client
}

// Client speaks to a remote service (automl serve) over its REST API. It is
// safe for concurrent use. Its methods return *APIError for every answer of
// the service that is not a success.
type Client struct {
	base    *url.URL
	baseErr error
	token   string
	http    *http.Client
}

// NewClient makes a client of the service at baseURL, such as
// "http://127.0.0.1:8080"; a bare host:port means http. A URL that cannot be
// used is reported by the first call.
func NewClient(baseURL string, o ClientOptions) *Client {
	c := &Client{token: o.Token, http: o.HTTPClient}
	if c.http == nil {
		c.http = &http.Client{Transport: defaultTransport()}
	}
	c.base, c.baseErr = parseBase(baseURL)
	return c
}

func parseBase(s string) (*url.URL, error) {
	full := s
	if !strings.Contains(s, "://") {
		full = "http://" + s
	}
	u, err := url.Parse(strings.TrimRight(full, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("server URL %q: use http://host:port or https://host:port", s)
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

func defaultTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 4,
		ForceAttemptHTTP2:   true,
	}
}

// Close lets go of idle connections. The client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Upload stores a table under a name and describes it. contentType is
// text/csv, application/vnd.apache.parquet or "" to let the service find out.
func (c *Client) Upload(ctx context.Context, name string, r io.Reader, contentType string) (*Dataset, error) {
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	q := url.Values{}
	if name != "" {
		q.Set("name", name)
	}
	var d Dataset
	return result(&d, c.do(ctx, call{method: http.MethodPost, path: []string{"v1", "datasets"}, query: q,
		body: r, contentType: contentType, out: &d}))
}

// Datasets lists the uploaded tables, newest first.
func (c *Client) Datasets(ctx context.Context) ([]Dataset, error) {
	var out struct {
		Datasets []Dataset `json:"datasets"`
	}
	err := c.get(ctx, &out, "v1", "datasets")
	return out.Datasets, err
}

// Dataset describes one uploaded table.
func (c *Client) Dataset(ctx context.Context, id string) (*Dataset, error) {
	var d Dataset
	return result(&d, c.get(ctx, &d, "v1", "datasets", id))
}

// DeleteDataset removes an uploaded table.
func (c *Client) DeleteDataset(ctx context.Context, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"v1", "datasets", id}})
}

// Submit queues a job and returns its first status.
func (c *Client) Submit(ctx context.Context, r JobRequest) (*JobStatus, error) {
	var s JobStatus
	return result(&s, c.post(ctx, &s, r, "v1", "jobs"))
}

// Job returns the status of a job.
func (c *Client) Job(ctx context.Context, id string) (*JobStatus, error) {
	var s JobStatus
	return result(&s, c.get(ctx, &s, "v1", "jobs", id))
}

// Jobs lists the limit newest jobs, all of them if limit is 0.
func (c *Client) Jobs(ctx context.Context, limit int) ([]JobStatus, error) {
	const page = 200
	var all []JobStatus
	after := ""
	for {
		n := page
		if limit > 0 {
			n = min(page, limit-len(all))
		}
		q := url.Values{"limit": {strconv.Itoa(n)}}
		if after != "" {
			q.Set("after", after)
		}
		var out struct {
			Jobs []JobStatus `json:"jobs"`
			Next string      `json:"next"`
		}
		err := c.do(ctx, call{method: http.MethodGet, path: []string{"v1", "jobs"}, query: q, out: &out})
		if err != nil {
			return nil, err
		}
		all = append(all, out.Jobs...)
		if out.Next == "" || len(out.Jobs) == 0 || limit > 0 && len(all) >= limit {
			return all, nil
		}
		after = out.Next
	}
}

// Cancel asks a job to end with the best model so far.
func (c *Client) Cancel(ctx context.Context, id string) (*JobStatus, error) {
	var s JobStatus
	return result(&s, c.post(ctx, &s, nil, "v1", "jobs", id, "cancel"))
}

// Leaderboard returns the trials of a job that have ended, best first.
func (c *Client) Leaderboard(ctx context.Context, id string) ([]trials.Row, error) {
	var out struct {
		Rows []trials.Row `json:"leaderboard"`
	}
	err := c.get(ctx, &out, "v1", "jobs", id, "leaderboard")
	return out.Rows, err
}

// DownloadModel writes the bundle of a job to w. While the job has none the
// error is an *APIError with status 409.
func (c *Client) DownloadModel(ctx context.Context, id string, w io.Writer) error {
	return c.do(ctx, call{method: http.MethodGet, path: []string{"v1", "jobs", id, "model"}, raw: w})
}

// DownloadReport writes what the search of a job found to w, as one HTML page. While
// the job has no model the error is an *APIError with status 409.
func (c *Client) DownloadReport(ctx context.Context, id string, w io.Writer) error {
	return c.do(ctx, call{method: http.MethodGet, path: []string{"v1", "jobs", id, "report"}, raw: w})
}

// Predict scores rows with the model of a job. A row maps column names to
// numbers, strings, booleans or nil for missing.
func (c *Client) Predict(ctx context.Context, id string, rows []map[string]any) ([]RowPrediction, error) {
	var out struct {
		Predictions []RowPrediction `json:"predictions"`
	}
	err := c.post(ctx, &out, map[string]any{"rows": rows}, "v1", "jobs", id, "predict")
	return out.Predictions, err
}

// result is the answer of a call, nil with an error.
func result[T any](v *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (c *Client) get(ctx context.Context, out any, path ...string) error {
	return c.do(ctx, call{method: http.MethodGet, path: path, out: out})
}

func (c *Client) post(ctx context.Context, out, body any, path ...string) error {
	k := call{method: http.MethodPost, path: path, out: out}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("request body: %w", err)
		}
		k.body, k.contentType = bytes.NewReader(b), "application/json"
	}
	return c.do(ctx, k)
}

// call is one request. The answer goes to out as JSON or to raw as it is.
type call struct {
	method      string
	path        []string
	query       url.Values
	header      http.Header
	body        io.Reader
	contentType string
	out         any
	raw         io.Writer
}

func (c *Client) do(ctx context.Context, k call) error {
	resp, err := c.send(ctx, k)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case k.raw != nil:
		if _, err := io.Copy(k.raw, resp.Body); err != nil {
			return fmt.Errorf("answer of %s: %w", resp.Request.URL.Path, err)
		}
	case k.out != nil:
		if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(k.out); err != nil {
			return fmt.Errorf("answer of %s is not what automl serves: %w", resp.Request.URL, err)
		}
	}
	return nil
}

// send makes the request; the answer is a success and its body is open.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	if c.baseErr != nil {
		return nil, c.baseErr
	}
	for _, p := range k.path {
		if p == "" || p == "." || p == ".." {
			return nil, errors.New("empty or unusable id")
		}
	}
	u := c.base.JoinPath(escapeAll(k.path)...)
	u.RawQuery = k.query.Encode()
	req, err := http.NewRequestWithContext(ctx, k.method, u.String(), k.body)
	if err != nil {
		return nil, err
	}
	if k.header != nil {
		req.Header = k.header
	}
	if k.contentType != "" {
		req.Header.Set("Content-Type", k.contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, readAPIError(resp)
	}
	return resp, nil
}

func escapeAll(parts []string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = url.PathEscape(p)
	}
	return out
}

// readAPIError reads a problem document; anything else is kept as its first line.
func readAPIError(resp *http.Response) *APIError {
	e := &APIError{Status: resp.StatusCode, Title: http.StatusText(resp.StatusCode)}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/problem+json" && kind != "application/json" {
		line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
		e.Detail = strings.ToValidUTF8(line[:min(len(line), 200)], "")
		return e
	}
	var p struct {
		Title, Detail string
		Errors        []struct{ Message, Location string }
	}
	if json.Unmarshal(b, &p) != nil {
		return e
	}
	if p.Title != "" {
		e.Title = p.Title
	}
	e.Detail = p.Detail
	for _, f := range p.Errors {
		if f.Location != "" {
			f.Message = f.Location + ": " + f.Message
		}
		e.Fields = append(e.Fields, f.Message)
	}
	return e
}
