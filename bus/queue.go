package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

// revisionHeader of a task message is the revision of the record that its creator
// wrote, so that the first worker need not read it.
const revisionHeader = "Automl-Revision"

// maxRecent bounds the created records that are remembered until Enqueue.
const maxRecent = 8192

func (b *Bus) remember(key string, revision uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.recent) >= maxRecent {
		clear(b.recent) // only an optimisation is lost
	}
	b.recent[key] = revision
}

func (b *Bus) forget(key string) (revision uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	revision = b.recent[key]
	delete(b.recent, key)
	return revision
}

// Enqueue hands a task to the workers. While a task of that job and number is
// queued or in a worker's hands it does nothing, so it may be repeated whenever
// in doubt. The trial's record has to be there before.
func (b *Bus) Enqueue(ctx context.Context, s *trials.Spec) error {
	m, err := b.taskMessage(s)
	if err != nil {
		return err
	}
	_, err = b.publish(ctx, m)
	return enqueued(s, err)
}

// EnqueueAll hands over many tasks without waiting for each. It reports the
// first error after it has tried them all.
func (b *Bus) EnqueueAll(ctx context.Context, specs []*trials.Spec) error {
	var first error
	for len(specs) > 0 {
		n := min(len(specs), 256)
		if err := b.enqueueSome(ctx, specs[:n]); first == nil {
			first = err
		}
		specs = specs[n:]
	}
	return first
}

func (b *Bus) enqueueSome(ctx context.Context, specs []*trials.Spec) (first error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	futures := make([]jetstream.PubAckFuture, len(specs))
	for i, s := range specs {
		m, err := b.taskMessage(s)
		if err == nil {
			futures[i], err = b.js.PublishMsgAsync(m)
		}
		note(err)
	}
	for i, f := range futures {
		if f == nil {
			continue
		}
		select {
		case <-f.Ok():
		case err := <-f.Err():
			note(enqueued(specs[i], err))
		case <-ctx.Done():
			note(enqueued(specs[i], ctx.Err()))
			return first
		}
	}
	return first
}

func (b *Bus) taskMessage(s *trials.Spec) (*nats.Msg, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	data, err := encode(trialName(s.Job, s.Number), s)
	if err != nil {
		return nil, err
	}
	key := trialKey(s.Job, s.Number)
	m := nats.NewMsg(tasksPrefix + key)
	m.Data = data
	if rev := b.forget(key); rev > 0 {
		m.Header.Set(revisionHeader, strconv.FormatUint(rev, 10))
	}
	return m, nil
}

// enqueued takes the server's refusal of a second message on a subject for success.
func enqueued(s *trials.Spec, err error) error {
	if err == nil {
		return nil
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && strings.Contains(api.Description, "per subject") {
		return nil
	}
	return fmt.Errorf("enqueue %s: %w", trialName(s.Job, s.Number), err)
}

// Purge removes the queued tasks of a job, those in workers' hands as well:
// these go on, but do not come back if their worker dies.
func (b *Bus) Purge(ctx context.Context, job string) error {
	if err := trials.CheckID(job); err != nil {
		return err
	}
	if err := b.taskStream().Purge(ctx, jetstream.WithPurgeSubject(tasksPrefix+job+".*")); err != nil {
		return fmt.Errorf("purge tasks of job %s: %w", job, err)
	}
	return nil
}

func (b *Bus) taskStream() jetstream.Stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tasks
}

// Queue is the state of the task queue, of all jobs together.
type Queue struct {
	Waiting int // tasks that no worker has taken
	Running int // tasks in workers' hands
	Idle    int // workers waiting for a task, here and elsewhere
}

// Queue asks for the state of the task queue: Running + Idle is the number of workers.
func (b *Bus) Queue(ctx context.Context) (Queue, error) {
	b.mu.Lock()
	workers := b.workers
	b.mu.Unlock()
	info, err := workers.Info(ctx)
	if err != nil {
		return Queue{}, fmt.Errorf("task queue: %w", err)
	}
	return Queue{Waiting: int(info.NumPending), Running: info.NumAckPending, Idle: info.NumWaiting}, nil
}

// Task is a trial in a worker's hands. Exactly one of Done, Retry and Reject ends
// it, and none of them may be called by a worker that has lost the trial: the
// server would take it for the word of the one who has it now.
type Task struct {
	Spec trials.Spec

	b         *Bus
	msg       jetstream.Msg
	revision  uint64
	queued    time.Time
	cancelled chan struct{}
	hinted    bool // guarded by b.mu
}

// Next waits for a task. It takes one task at a time: while a caller works on it,
// all others are free for other workers. It returns ctx's error or ErrClosed;
// trouble with the server is logged and waited out.
func (b *Bus) Next(ctx context.Context) (*Task, error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		msg, err := b.pull(ctx)
		if err == nil {
			if t := b.task(msg); t != nil {
				return t, nil
			}
			continue
		}
		if err := b.ended(ctx); err != nil {
			return nil, err
		}
		b.log.Warn("no tasks from the message server, trying again", "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		case <-b.done.Done():
		}
		if err := b.ended(ctx); err != nil {
			return nil, err
		}
		if err := b.ensure(ctx); err != nil {
			b.log.Warn("message server", "error", err)
		}
	}
}

func (b *Bus) ended(ctx context.Context) error {
	if b.done.Err() != nil {
		return ErrClosed
	}
	return ctx.Err()
}

// task decodes a message; one that is no task is rejected.
func (b *Bus) task(msg jetstream.Msg) *Task {
	t := &Task{b: b, msg: msg, cancelled: make(chan struct{})}
	err := json.Unmarshal(msg.Data(), &t.Spec)
	if err == nil && msg.Subject() != tasksPrefix+trialKey(t.Spec.Job, t.Spec.Number) {
		err = fmt.Errorf("it is for %s", trialName(t.Spec.Job, t.Spec.Number))
	}
	if err != nil {
		b.log.Error("message is no task", "subject", msg.Subject(), "error", err)
		job, number := splitKey(strings.TrimPrefix(msg.Subject(), tasksPrefix))
		_ = msg.TermWithReason(deadReason(job, number, "the task message is damaged"))
		return nil
	}
	if meta, err := msg.Metadata(); err == nil && meta.NumDelivered == 1 {
		t.revision, _ = strconv.ParseUint(msg.Headers().Get(revisionHeader), 10, 64)
		t.queued = meta.Timestamp
	}
	b.mu.Lock()
	b.held[t] = struct{}{}
	b.mu.Unlock()
	return t
}

// Record is the trial's record as it was created, if the task came with its
// revision; else nil. It spares reading the record: should it have changed since,
// an update fails with trials.ErrConflict.
func (t *Task) Record() *trials.Record {
	if t.revision == 0 {
		return nil
	}
	return &trials.Record{Spec: t.Spec, State: trials.Queued, Queued: t.queued, Revision: t.revision}
}

// Cancelled is closed when the trial's record was cancelled. It may be missed:
// the record is the truth.
func (t *Task) Cancelled() <-chan struct{} { return t.cancelled }

// Heartbeat tells the server that the task is being worked on, see Bus.Heartbeat.
func (t *Task) Heartbeat() error { return t.wrap("heartbeat", t.msg.InProgress()) }

// Done removes the task from the queue. It does not wait for the server: a loss
// only brings the task back, and the next worker finds the final record.
func (t *Task) Done(context.Context) error {
	t.release()
	return t.wrap("done", t.msg.Ack())
}

// Retry gives the task back, for another worker after the delay.
func (t *Task) Retry(delay time.Duration) error {
	t.release()
	if delay <= 0 {
		return t.wrap("retry", t.msg.Nak())
	}
	return t.wrap("retry", t.msg.NakWithDelay(delay))
}

// Reject removes the task from the queue as one that nobody can do; Dead hears
// of it with the reason.
func (t *Task) Reject(reason string) error {
	t.release()
	return t.wrap("reject", t.msg.TermWithReason(deadReason(t.Spec.Job, t.Spec.Number, reason)))
}

// Drop forgets the task without a word to the server: for a worker that has lost
// the trial to another.
func (t *Task) Drop() { t.release() }

func (t *Task) release() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	delete(t.b.held, t)
}

func (t *Task) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", trialName(t.Spec.Job, t.Spec.Number), what, err)
}

// hearCancels closes Task.Cancelled of the tasks held here.
func (b *Bus) hearCancels() error {
	_, err := b.nc.Subscribe(cancelPrefix+">", func(m *nats.Msg) {
		key := strings.TrimPrefix(m.Subject, cancelPrefix)
		b.mu.Lock()
		defer b.mu.Unlock()
		for t := range b.held {
			if !t.hinted && trialKey(t.Spec.Job, t.Spec.Number) == key {
				t.hinted = true
				close(t.cancelled)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("message bus: %w", err)
	}
	return nil
}

// splitKey takes <job>.<number> apart; number is -1 if there is none.
func splitKey(key string) (job string, number int) {
	job, n, _ := strings.Cut(key, ".")
	number, err := strconv.Atoi(n)
	if err != nil || number < 0 {
		number = -1
	}
	return job, number
}
