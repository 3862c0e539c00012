package automl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// watchIdle is how long a stream may be silent: the service sends a comment
	// every 15 s.
	watchIdle = 45 * time.Second
	// watchTries bounds attempts in a row to come back to a broken stream.
	watchTries = 10
	// maxEventLine bounds one line of a stream.
	maxEventLine = 4 << 20
)

// Watch calls on, on the calling goroutine, for every event of the job until
// its last one ("finished"). When the connection breaks it comes back after
// the last event seen, so that none is missed or repeated; it gives up after
// ten failed attempts in a row, and at once if the first one fails.
func (c *Client) Watch(ctx context.Context, id string, on func(Event)) error {
	w := watcher{client: c, job: id, on: on}
	failures, connected := 0, false
	for {
		err := w.stream(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		connected = connected || w.connected
		if !connected || !canRetry(err) {
			return err
		}
		if w.connected {
			failures = 0
		}
		failures++
		if failures > watchTries {
			return fmt.Errorf("events of job %s: %w", id, err)
		}
		if !wait(ctx, min(5*time.Second, 100*time.Millisecond<<failures)) {
			return ctx.Err()
		}
	}
}

// canRetry tells a broken connection or a busy service from a request that
// will never succeed.
func canRetry(err error) bool {
	var api *APIError
	if errors.As(err, &api) {
		return api.Status >= 500 || api.Status == http.StatusTooManyRequests
	}
	return true
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

type watcher struct {
	client    *Client
	job       string
	on        func(Event)
	last      uint64 // id of the last event handed on
	connected bool   // the last attempt reached the service
}

// stream reads one connection; nil means that the job's last event was seen.
func (w *watcher) stream(ctx context.Context) error {
	w.connected = false
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(watchIdle, func() { cancel(errors.New("the event stream fell silent")) })
	defer idle.Stop()

	h := http.Header{"Accept": {"text/event-stream"}}
	if w.last > 0 {
		h.Set("Last-Event-Id", strconv.FormatUint(w.last, 10))
	}
	resp, err := w.client.send(ctx, call{method: http.MethodGet, path: []string{"v1", "jobs", w.job, "events"}, header: h})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	w.connected = true
	if resp.StatusCode == http.StatusNoContent {
		return nil // nothing after the last event
	}
	done := false
	err = readEvents(resp.Body, func() { idle.Reset(watchIdle) }, func(e Event) bool {
		if e.Seq == 0 || e.Seq > w.last {
			w.last = max(w.last, e.Seq)
			w.on(e)
		}
		done = e.Kind == "finished"
		return !done
	})
	switch {
	case done:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("event stream: %w", err)
	}
	return fmt.Errorf("event stream: %w", io.ErrUnexpectedEOF)
}

// readEvents parses a stream of server-sent events (WHATWG HTML, section 9.2)
// until it ends or on answers false. alive is called for every line.
func readEvents(r io.Reader, alive func(), on func(Event) bool) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4<<10), maxEventLine)
	var e Event
	var data []byte
	for sc.Scan() {
		alive()
		line := sc.Bytes()
		if len(line) == 0 {
			if len(data) > 0 {
				kind := e.Kind
				if err := json.Unmarshal(data, &e); err != nil {
					return fmt.Errorf("event %d: %w", e.Seq, err)
				}
				if kind != "" {
					e.Kind = kind
				}
				if !on(e) {
					return nil
				}
			}
			e, data = Event{}, data[:0]
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "id":
			e.Seq, _ = strconv.ParseUint(string(value), 10, 64)
		case "event":
			e.Kind = string(value)
		case "data":
			if len(data)+len(value) > maxEventLine {
				return errors.New("event is too large")
			}
			if len(data) > 0 {
				data = append(data, '\n')
			}
			data = append(data, value...)
		}
	}
	return sc.Err()
}
