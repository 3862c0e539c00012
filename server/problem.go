package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
)

// problem is an error that becomes a problem document (RFC 9457).
func problem(status int, format string, args ...any) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...)}
}

// invalid is a request whose fields are well-formed but cannot be served. The
// detail repeats the first reason, for those who read nothing else.
func invalid(fields []*huma.ErrorDetail) *huma.ErrorModel {
	p := problem(http.StatusUnprocessableEntity, "%s", fields[0].Message)
	p.Errors = fields
	return p
}

// asProblem finds the problem document for any error. What is not the
// client's doing is logged and stays unsaid.
func (s *Server) asProblem(err error) *huma.ErrorModel {
	var p *huma.ErrorModel
	var tooLarge *http.MaxBytesError
	var input *scheduler.InputError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &input):
		return problem(http.StatusUnprocessableEntity, "%v", err)
	case errors.Is(err, bus.ErrTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "%v", err)
	case errors.Is(err, trials.ErrNotFound):
		return problem(http.StatusNotFound, "%v", err)
	case errors.Is(err, bus.ErrUnreachable):
		s.log.Error("bus unreachable", "error", err)
		return problem(http.StatusServiceUnavailable, "the NATS server does not answer: try again later")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusServiceUnavailable, "the request was given up: try again later")
	}
	s.log.Error("request failed", "error", err)
	return problem(http.StatusInternalServerError, "internal error: the service's log says more")
}

// fail answers with the problem document for err.
func (s *Server) fail(w http.ResponseWriter, err error) { writeProblem(w, s.asProblem(err)) }

func writeProblem(w http.ResponseWriter, p *huma.ErrorModel) {
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	writeJSON(w, p.Status, "application/problem+json", p)
}

// retryAfter is the number of seconds a client is asked to wait.
const retryAfter = 5

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	b, err := json.Marshal(v)
	if err != nil { // only a programming mistake can bring us here
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has gone is no error of ours
}
