package server

import (
	"bytes"
	"net/http"

	"github.com/seed-09a2cce4/automl/report"
)

// serveReport is GET /v1/jobs/{id}/report.
func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) {
	j, err := s.jobWithModel(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, err)
		return
	}
	m, err := s.models.get(r.Context(), j.Model)
	if err != nil {
		s.fail(w, err)
		return
	}
	var page bytes.Buffer
	if err := report.WriteHTML(&page, m); err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "private, no-cache")
	_, _ = w.Write(page.Bytes())
}
