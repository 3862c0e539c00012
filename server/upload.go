package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/data/file"
)

const (
	typeCSV     = "text/csv"
	typeParquet = "application/vnd.apache.parquet"
	typeBinary  = "application/octet-stream"
	maxName     = 200
)

// uploadTypes are the media types an upload may declare; what it is, its first
// bytes tell.
var uploadTypes = map[string]bool{
	typeCSV: true, typeParquet: true, typeBinary: true, "": true,
	"application/csv": true, "text/plain": true, "text/tab-separated-values": true,
	"application/x-parquet": true, "application/parquet": true,
	"application/gzip": true, "application/x-gzip": true,
}

func checkUploadType(header string) error {
	kind, _, err := mime.ParseMediaType(header)
	if header != "" && err != nil {
		return problem(http.StatusUnsupportedMediaType, "content type %q: send %s or %s", header, typeCSV, typeParquet)
	}
	if !uploadTypes[kind] {
		return problem(http.StatusUnsupportedMediaType,
			"content type %s: send the file as the raw body with content type %s or %s", kind, typeCSV, typeParquet)
	}
	return nil
}

// upload is POST /v1/datasets. The body goes to a file of our own naming, from
// which it is parsed; the parsed table is stored on the bus.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	info, err := s.receive(w, r)
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Location", "/v1/datasets/"+info.ID)
	writeJSON(w, http.StatusCreated, "application/json", info)
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request) (*automl.Dataset, error) {
	name := r.URL.Query().Get("name")
	if len(name) > maxName || !utf8.ValidString(name) {
		return nil, problem(http.StatusUnprocessableEntity, "query.name: at most %d bytes of UTF-8", maxName)
	}
	if err := checkUploadType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	if r.ContentLength > s.cfg.Limits.UploadBytes {
		return nil, &http.MaxBytesError{Limit: s.cfg.Limits.UploadBytes}
	}
	if s.datasets.len() >= s.cfg.Limits.Datasets {
		return nil, problem(http.StatusInsufficientStorage, "%d data sets are stored, the most there may be: delete some", s.cfg.Limits.Datasets)
	}
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return nil, problem(http.StatusServiceUnavailable, "%d uploads are under way: try again later", cap(s.uploads))
	}
	path, size, err := s.saveBody(w, r)
	if path != "" {
		defer os.Remove(path)
	}
	if err != nil {
		return nil, err
	}
	table, err := s.parse(r.Context(), path)
	if err != nil {
		return nil, err
	}
	return s.keepTable(r.Context(), name, size, table)
}

// saveBody writes the body to a file below Dir/uploads.
func (s *Server) saveBody(w http.ResponseWriter, r *http.Request) (path string, size int64, err error) {
	if b, ok := r.Body.(*timedBody); ok {
		b.end = time.Now().Add(uploadTotal)
	}
	f, err := os.CreateTemp(s.uploadDir, "upload-*")
	if err != nil {
		return "", 0, err
	}
	size, err = io.Copy(f, http.MaxBytesReader(w, r.Body, s.cfg.Limits.UploadBytes))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
	case errors.As(err, &tooLarge):
	case errors.Is(err, syscall.ENOSPC):
		err = problem(http.StatusInsufficientStorage, "the disk of the service is full")
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = problem(http.StatusRequestTimeout, "the upload stalled for %v", bodyStall)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = problem(http.StatusBadRequest, "the upload ended early")
	}
	return f.Name(), size, err
}

// parse reads the table in a file; a few at a time, because that is where the
// memory goes.
func (s *Server) parse(ctx context.Context, path string) (*data.Table, error) {
	if err := acquire(ctx, s.parsers); err != nil {
		return nil, err
	}
	defer func() { <-s.parsers }()
	l := s.cfg.Limits
	t, err := file.ReadFile(path, file.Options{Name: "upload", MaxBytes: 4 * l.UploadBytes, MaxRows: l.Rows, MaxColumns: l.Columns})
	if err != nil {
		return nil, tableProblem(fmt.Errorf("%s", strings.ReplaceAll(err.Error(), path, "upload")), errors.Is(err, csv.ErrTooLarge))
	}
	return t, nil
}

// tableProblem is the answer to a table that cannot be read.
func tableProblem(err error, tooLarge bool) error {
	if tooLarge {
		return problem(http.StatusRequestEntityTooLarge, "%v", err)
	}
	return problem(http.StatusBadRequest, "%v", err)
}

// keepTable stores the table on the bus and its description here.
func (s *Server) keepTable(ctx context.Context, name string, size int64, t *data.Table) (*automl.Dataset, error) {
	var b bytes.Buffer
	if err := t.Encode(&b); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	s.tables.RLock() // no removal between the blob and its description
	defer s.tables.RUnlock()
	id, err := s.bus.PutBlob(ctx, b.Bytes())
	if err != nil {
		return nil, err
	}
	info := automl.Dataset{ID: id, Name: name, Rows: t.Rows(), Columns: columnInfo(t), Bytes: size, Created: time.Now().UTC()}
	if err := s.datasets.put(info); err != nil {
		return nil, err
	}
	return &info, nil
}

func columnInfo(t *data.Table) []automl.ColumnInfo {
	cols := make([]automl.ColumnInfo, len(t.Columns()))
	for i, c := range t.Columns() {
		cols[i] = automl.ColumnInfo{Name: c.Name, Kind: kindName(c.Kind)}
	}
	return cols
}

func kindName(k data.Kind) string {
	switch k {
	case data.Number:
		return "number"
	case data.Time:
		return "time"
	default:
		return "string"
	}
}

// acquire takes a place of a semaphore, or ctx's end.
func acquire(ctx context.Context, sem chan struct{}) error {
	select {
	case sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
