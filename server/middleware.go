package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const (
	bodyStall    = 30 * time.Second // a body may be silent for that long
	bodyTotal    = time.Minute      // to send a body that is no upload
	uploadTotal  = 6 * time.Hour    // to send an upload
	writeTimeout = 5 * time.Minute  // to take an answer
)

// open lists the paths that need no token.
var open = map[string]bool{"/healthz": true, "/readyz": true}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find deadlines and flushing.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// outer counts, logs and survives every request, and lets in only what may.
func (s *Server) outer(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.inflight.Add(1)
		defer s.inflight.Done()
		start, w := time.Now(), &statusWriter{ResponseWriter: rw}
		defer func() {
			if v := recover(); v != nil {
				s.afterPanic(w, r, v)
			}
			took := time.Since(start)
			s.counters.request(r.Method, r.Pattern, w.status, took)
			s.log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", w.status, "took", took)
		}()
		setDeadlines(w, r)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if err := s.admit(r); err != nil {
			if s.token != nil {
				h.Set("WWW-Authenticate", `Bearer realm="automl"`)
			}
			s.fail(w, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// afterPanic answers 500 if nothing was answered yet and cuts the connection otherwise.
func (s *Server) afterPanic(w *statusWriter, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.log.Error("panic in a request", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, problem(http.StatusInternalServerError, "internal error: the service's log says more"))
}

// admit asks for the token; without one, only programs of this host that mean
// us are let in: a web page open in a browser here must not reach the service
// by DNS rebinding or a cross-origin post.
func (s *Server) admit(r *http.Request) error {
	if open[r.URL.Path] {
		return nil
	}
	if s.token == nil {
		if !loopbackHost(r.Host) {
			return problem(http.StatusForbidden, "host %q: without a token the service answers on loopback names only", r.Host)
		}
		if err := s.crossOrigin.Check(r); err != nil {
			return problem(http.StatusForbidden, "%v", err)
		}
		return nil
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(given)))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(sum[:], s.token) != 1 {
		return problem(http.StatusUnauthorized, "the request needs the service's token, as Authorization: Bearer …")
	}
	return nil
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// setDeadlines gives the request its body and answer times. Event streams and
// downloads set their own.
func setDeadlines(w *statusWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // not supported by test recorders only
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &timedBody{ReadCloser: r.Body, rc: rc, end: time.Now().Add(bodyTotal)}
	}
}

// timedBody bounds the time of each read and of all together. The deadline is
// lifted between reads, because net/http reads on in the background to notice
// a client that has gone.
type timedBody struct {
	io.ReadCloser
	rc  *http.ResponseController
	end time.Time
}

func (b *timedBody) Read(p []byte) (int, error) {
	limit := time.Now().Add(bodyStall)
	if b.end.Before(limit) {
		limit = b.end
	}
	_ = b.rc.SetReadDeadline(limit)
	n, err := b.ReadCloser.Read(p)
	_ = b.rc.SetReadDeadline(time.Time{})
	return n, err
}

// unknownPath answers what no route matches: 405 where another method would
// do, 404 otherwise.
func unknownPath(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, m := range []string{http.MethodDelete, http.MethodGet, http.MethodPost} {
			probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
			if _, pattern := mux.Handler(probe); pattern != "/" && pattern != "" {
				allow = append(allow, m)
			}
		}
		if len(allow) == 0 || slices.Contains(allow, r.Method) {
			writeProblem(w, problem(http.StatusNotFound, "nothing is at %s: /docs lists what there is", r.URL.Path))
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		writeProblem(w, problem(http.StatusMethodNotAllowed, "%s is for %s", r.URL.Path, strings.Join(allow, ", ")))
	}
}
