package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	quietTick    = time.Second           // between looks at the job while no event comes
	quietEnd     = 2                     // ticks after which a job that is over has sent all
	quietComment = 15                    // ticks between comments, which keep the line open
	finalPoll    = 50 * time.Millisecond // between looks at a job whose last event has come
	streamWrite  = 30 * time.Second      // for a client to take an event
	finished     = "finished"            // kind of a job's last event
)

// events is GET /v1/jobs/{id}/events, a stream of server-sent events.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	after, err := lastEventID(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	if r.Method == http.MethodHead {
		return // a stream without a body would never end
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		writeProblem(w, problem(http.StatusServiceUnavailable, "%d event streams are open, the most there may be: try again later", cap(s.streams)))
		return
	}
	job, err := s.job(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, err)
		return
	}
	ctx := r.Context()
	ch, err := s.bus.Events(ctx, job.ID, after)
	if err != nil {
		s.fail(w, err)
		return
	}
	st := &eventStream{w: w, rc: http.NewResponseController(w)}
	if !job.State.Final() {
		st.start()
	}
	tick := time.NewTicker(quietTick)
	defer tick.Stop()
	for quiet := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-s.draining:
			st.start()
			return // the client comes back to whoever serves then
		case e, ok := <-ch:
			if !ok || e.Kind == finished && !s.awaitFinal(ctx, job.ID) || !st.send(e) || e.Kind == finished {
				return
			}
			quiet = 0
		case <-tick.C:
			quiet++
			if job, err = s.job(ctx, job.ID); err != nil {
				return
			}
			// A job that is over has said all there is to say, even if its
			// last event was never sent or is not kept any more.
			if job.State.Final() && quiet >= quietEnd {
				st.end(job, after)
				return
			}
			if quiet%quietComment == 0 && !st.comment() {
				return
			}
		}
	}
}

// awaitFinal waits until the record says what the last event says, so that who
// hears of the end finds the model there.
func (s *Server) awaitFinal(ctx context.Context, id string) bool {
	tick := time.NewTicker(finalPoll)
	defer tick.Stop()
	for {
		if job, err := s.job(ctx, id); err != nil || job.State.Final() {
			return err == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.draining:
			return false
		case <-tick.C:
		}
	}
}

func lastEventID(r *http.Request) (uint64, error) {
	id := r.Header.Get("Last-Event-Id")
	if id == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0, problem(http.StatusBadRequest, "header Last-Event-ID %q: send back an id of the stream", id)
	}
	return n, nil
}

// eventStream writes events; a client that does not take them is let go.
type eventStream struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	started bool
	buf     bytes.Buffer
}

func (st *eventStream) start() {
	if st.started {
		return
	}
	st.started = true
	h := st.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // for proxies that collect answers
	st.w.WriteHeader(http.StatusOK)
	st.buf.WriteString("retry: 1000\n\n")
	st.flush()
}

func (st *eventStream) flush() bool {
	_ = st.rc.SetWriteDeadline(time.Now().Add(streamWrite))
	_, err := st.w.Write(st.buf.Bytes())
	st.buf.Reset()
	if err == nil {
		err = st.rc.Flush()
	}
	return err == nil
}

func (st *eventStream) send(e bus.Event) bool {
	st.start()
	b, err := json.Marshal(e)
	if err != nil {
		return false
	}
	if e.Seq > 0 {
		fmt.Fprintf(&st.buf, "id: %d\n", e.Seq)
	}
	fmt.Fprintf(&st.buf, "event: %s\ndata: %s\n\n", e.Kind, b)
	return st.flush()
}

func (st *eventStream) comment() bool {
	st.start()
	st.buf.WriteString(": still here\n\n")
	return st.flush()
}

// end closes the stream of a job whose last event cannot be had: with 204,
// after which clients do not come back, if they had events before, else with
// the last event as the job's record tells it.
func (st *eventStream) end(job *trials.Job, after uint64) {
	if after > 0 && !st.started {
		st.w.WriteHeader(http.StatusNoContent)
		return
	}
	data, err := json.Marshal(map[string]any{"state": job.State, "reason": job.Reason, "score": job.BestScore})
	if err != nil {
		return
	}
	st.send(bus.Event{Job: job.ID, Time: job.Finished, Kind: finished, Trial: -1, Data: data})
}
