package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/seed-09a2cce4/automl"
)

const (
	tagData    = "data sets"
	tagJobs    = "jobs"
	tagService = "service"
)

// routes makes the mux of all operations, the OpenAPI document and the page
// made of it. Nothing is served before all of them stand.
func (s *Server) routes() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "automl", Version: automl.Version,
				Description: "Upload a table, submit a job with a target and a time budget, take the best model or let it predict. Errors are problem documents (RFC 9457).",
			},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
			Tags: []*huma.Tag{
				{Name: tagData, Description: "Tables to learn from."},
				{Name: tagJobs, Description: "Searches for the best model of a table."},
				{Name: tagService, Description: "The service itself."},
			},
		},
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
	if s.token != nil {
		config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "bearer", Description: "the service's token"},
		}
		config.Security = []map[string][]string{{"token": {}}}
	}
	a := &api{s: s, mux: mux, API: humago.New(mux, config)}
	a.datasets()
	a.jobs()
	a.models()
	a.service()
	a.addDefaults()
	spec, err := json.Marshal(a.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	page, err := docsPage(a.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("documentation page: %w", err)
	}
	mux.HandleFunc("GET /openapi.json", serveBytes("application/openapi+json", spec))
	mux.HandleFunc("GET /docs", serveDocs(page))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs", http.StatusSeeOther) })
	mux.HandleFunc("/", unknownPath(mux))
	return mux, nil
}

func serveBytes(contentType string, b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b) // a client that has gone is no error of ours
	}
}

// api registers operations: those with plain bodies with huma, which reads and
// checks them, and those that stream with the mux, documented by hand.
type api struct {
	huma.API
	s   *Server
	mux *http.ServeMux
}

// register adds an operation whose errors become problem documents.
func register[I, O any](a *api, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	op.MaxBodyBytes = a.s.cfg.Limits.BodyBytes
	op.BodyReadTimeout = -1 // timedBody bounds it
	huma.Register(a.API, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.s.asProblem(err)
		}
		return out, nil
	})
}

// plain adds an operation with a handler of its own.
func (a *api) plain(op huma.Operation, handler http.HandlerFunc) {
	a.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc(op.Method+" "+op.Path, handler)
}

// addDefaults says of every operation that it may fail: without the token,
// beyond a limit, while the service ends.
func (a *api) addDefaults() {
	for _, item := range a.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
			if op != nil {
				op.Responses["default"] = &huma.Response{
					Description: "Error",
					Content:     content("application/problem+json", a.schema(huma.ErrorModel{})),
				}
			}
		}
	}
}

func (a *api) schema(v any) *huma.Schema {
	t := reflect.TypeOf(v)
	return a.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

func content(contentType string, schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{contentType: {Schema: schema}}
}

func binary(doc string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "binary", Description: doc}
}

func text(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }

func header(doc string) *huma.Param { return &huma.Param{Description: doc, Schema: text("")} }

func idParam(doc string) *huma.Param {
	return &huma.Param{Name: "id", In: "path", Required: true, Description: doc, Schema: text("")}
}

func (a *api) datasets() {
	a.plain(huma.Operation{
		OperationID: "upload-dataset", Method: http.MethodPost, Path: "/v1/datasets", Tags: []string{tagData},
		Summary: "Upload a table",
		Description: "The raw body is a CSV (also gzipped) or Parquet file; what it is, its first bytes tell. " +
			"Uploading the same table again gives the same id.",
		Parameters: []*huma.Param{{Name: "name", In: "query", Description: "a name for people", Schema: text("")}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			typeCSV:     {Schema: text("comma-separated values with a header"), Example: "age,city,bought\n31,Oslo,yes\n45,Lima,no\n"},
			typeParquet: {Schema: binary("an Apache Parquet file")},
			typeBinary:  {Schema: binary("either of them")},
		}},
		Responses: map[string]*huma.Response{
			"201": {
				Description: "The table is stored.",
				Headers:     map[string]*huma.Param{"Location": header("where the description of the table is")},
				Content:     content("application/json", a.schema(automl.Dataset{})),
			},
		},
	}, a.s.upload)
	register(a, huma.Operation{
		OperationID: "list-datasets", Method: http.MethodGet, Path: "/v1/datasets", Tags: []string{tagData},
		Summary: "List the tables",
	}, a.s.listDatasets)
	register(a, huma.Operation{
		OperationID: "get-dataset", Method: http.MethodGet, Path: "/v1/datasets/{id}", Tags: []string{tagData},
		Summary: "Describe a table", Errors: []int{http.StatusNotFound},
	}, a.s.getDataset)
	register(a, huma.Operation{
		OperationID: "delete-dataset", Method: http.MethodDelete, Path: "/v1/datasets/{id}", Tags: []string{tagData},
		Summary: "Remove a table", Errors: []int{http.StatusNotFound, http.StatusConflict},
		DefaultStatus: http.StatusNoContent,
	}, a.s.deleteDataset)
}

func (a *api) jobs() {
	register(a, huma.Operation{
		OperationID: "submit-job", Method: http.MethodPost, Path: "/v1/jobs", Tags: []string{tagJobs},
		Summary: "Submit a job", DefaultStatus: http.StatusAccepted,
		Description: "The time runs from the first dispatched trial; the wait in the queue is shown apart. Without time, deadline and trials the time is 60s.",
		Errors:      []int{http.StatusNotFound, http.StatusTooManyRequests},
	}, a.s.submit)
	register(a, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Tags: []string{tagJobs},
		Summary: "List the jobs",
	}, a.s.listJobs)
	register(a, huma.Operation{
		OperationID: "get-job", Method: http.MethodGet, Path: "/v1/jobs/{id}", Tags: []string{tagJobs},
		Summary: "Show a job", Errors: []int{http.StatusNotFound},
	}, a.s.getJob)
	register(a, huma.Operation{
		OperationID: "cancel-job", Method: http.MethodPost, Path: "/v1/jobs/{id}/cancel", Tags: []string{tagJobs},
		Summary: "End a job with the best model so far", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound},
	}, a.s.cancelJob)
	register(a, huma.Operation{
		OperationID: "get-leaderboard", Method: http.MethodGet, Path: "/v1/jobs/{id}/leaderboard", Tags: []string{tagJobs},
		Summary: "List the trials of a job", Errors: []int{http.StatusNotFound},
	}, a.s.leaderboard)
	a.plain(huma.Operation{
		OperationID: "watch-job", Method: http.MethodGet, Path: "/v1/jobs/{id}/events", Tags: []string{tagJobs},
		Summary: "Follow a job",
		Description: "Server-sent events: id is the position in the stream, event the kind, data a JSON object. " +
			"Send the last id back as Last-Event-ID to go on after it. The last event is finished; with nothing left to send the answer is 204.",
		Parameters: []*huma.Param{idParam("id of the job"),
			{Name: "Last-Event-ID", In: "header", Description: "id of the last event seen", Schema: text("")}},
		Responses: map[string]*huma.Response{
			"200": {Description: "The stream.", Content: content("text/event-stream", text("lines as the HTML standard, section 9.2, has them"))},
			"204": {Description: "Nothing after the given event: the job is over."},
		},
	}, a.s.events)
}

// The wire form of predictions, for the document only: they are written row by row.
type (
	// PredictRequest is the body of a predict request.
	PredictRequest struct {
		Rows []map[string]any `json:"rows" nullable:"false" doc:"one object a row, from column name to number, string, boolean or null"`
	}
	// PredictAnswer is the answer to it.
	PredictAnswer struct {
		Predictions []automl.RowPrediction `json:"predictions" nullable:"false" doc:"one a row, in the order of the rows"`
	}
)

func (a *api) models() {
	a.plain(huma.Operation{
		OperationID: "download-model", Method: http.MethodGet, Path: "/v1/jobs/{id}/model", Tags: []string{tagJobs},
		Summary:    "Download the model",
		Parameters: []*huma.Param{idParam("id of the job")},
		Responses: map[string]*huma.Response{
			"200": {
				Description: "The model bundle.",
				Headers:     map[string]*huma.Param{"ETag": header("digest of the bundle"), "Content-Disposition": header("a file name")},
				Content:     content(typeBinary, binary("what automl predict and automl.Load read")),
			},
			"304": {Description: "If-None-Match names the bundle."},
		},
	}, a.s.downloadModel)
	a.plain(huma.Operation{
		OperationID: "get-report", Method: http.MethodGet, Path: "/v1/jobs/{id}/report", Tags: []string{tagJobs},
		Summary:    "Read what the search found",
		Parameters: []*huma.Param{idParam("id of the job")},
		Responses: map[string]*huma.Response{
			"200": {Description: "One plain page: summary, score over time, leaderboard, importance of columns.", Content: content("text/html", text("HTML"))},
		},
	}, a.s.serveReport)
	a.plain(huma.Operation{
		OperationID: "predict", Method: http.MethodPost, Path: "/v1/jobs/{id}/predict", Tags: []string{tagJobs},
		Summary:     "Predict rows with the model",
		Description: "Columns that the model does not need are ignored; a needed one that is missing is an error that names it.",
		Parameters:  []*huma.Param{idParam("id of the job")},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.schema(PredictRequest{}), Example: map[string]any{"rows": []any{map[string]any{"age": 31, "city": "Oslo"}}}},
			typeCSV:            {Schema: text("comma-separated values with a header"), Example: "age,city\n31,Oslo\n"},
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "The predictions.", Content: map[string]*huma.MediaType{"application/json": {
				Schema: a.schema(PredictAnswer{}),
				Example: map[string]any{"predictions": []any{map[string]any{
					"prediction": "yes", "probabilities": map[string]any{"no": 0.25, "yes": 0.75}}}},
			}}},
		},
	}, a.s.predict)
}

type healthBody struct {
	Body struct {
		Status string `json:"status" example:"ok"`
	}
}

func (a *api) service() {
	nobody := []map[string][]string{}
	register(a, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{tagService},
		Summary: "Is the process alive?", Security: nobody,
	}, func(context.Context, *struct{}) (*healthBody, error) {
		out := &healthBody{}
		out.Body.Status = "ok"
		return out, nil
	})
	register(a, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{tagService},
		Summary: "Can it take requests?", Security: nobody, Errors: []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ *struct{}) (*healthBody, error) {
		if err := a.s.checkReady(ctx); err != nil {
			return nil, err
		}
		out := &healthBody{}
		out.Body.Status = "ready"
		return out, nil
	})
	a.plain(huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: []string{tagService},
		Summary:   "Figures for Prometheus",
		Responses: map[string]*huma.Response{"200": {Description: "Figures.", Content: content("text/plain", text("text format, version 0.0.4"))}},
	}, a.s.serveMetrics)
}
