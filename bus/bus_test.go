package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/trials"
	"github.com/seed-09a2cce4/automl/trials/trialstest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func startServer(t *testing.T, c ServerConfig) *Server {
	t.Helper()
	s, err := StartServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, c Config) *Bus {
	t.Helper()
	b, err := Connect(testContext(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func memoryBus(t *testing.T) *Bus {
	t.Helper()
	return connect(t, Config{Server: startServer(t, ServerConfig{})})
}

func spec(job string, number int) *trials.Spec {
	return &trials.Spec{Job: job, Number: number, Kind: trials.NoOp}
}

func enqueue(t *testing.T, b *Bus, specs ...*trials.Spec) {
	t.Helper()
	for _, s := range specs {
		if err := b.Enqueue(testContext(t), s); err != nil {
			t.Fatal(err)
		}
	}
}

func take(t *testing.T, b *Bus) *Task {
	t.Helper()
	task, err := b.Next(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// waitQueue waits until the queue is in the state; the server counts
// acknowledgements a moment after they were sent.
func waitQueue(t *testing.T, b *Bus, want Queue) {
	t.Helper()
	ctx := testContext(t)
	for {
		q, err := b.Queue(ctx)
		if err != nil {
			t.Fatalf("%v; want %+v", err, want)
		}
		if q == want {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("queue %+v, want %+v", q, want)
		}
	}
}

func TestTrialStore(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]bool{"memory": false, "files": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trialstest.Store(t, func(t *testing.T) trials.Store {
				c := ServerConfig{}
				if dir {
					c.Dir = t.TempDir()
				}
				return connect(t, Config{Server: startServer(t, c)}).Trials()
			})
		})
	}
}

func TestQueueDeliversOneAtATime(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	for n := range 20 {
		enqueue(t, b, spec("j", n))
	}
	task := take(t, b)
	if d := cmp.Diff(*spec("j", 0), task.Spec); d != "" {
		t.Error(d)
	}
	waitQueue(t, b, Queue{Waiting: 19, Running: 1})
	if err := task.Done(testContext(t)); err != nil {
		t.Error(err)
	}
	waitQueue(t, b, Queue{Waiting: 19})
}

func TestEnqueueIsIdempotent(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	enqueue(t, b, spec("j", 0), spec("j", 0))
	waitQueue(t, b, Queue{Waiting: 1})
	task := take(t, b)
	enqueue(t, b, spec("j", 0)) // in flight
	if err := b.EnqueueAll(testContext(t), []*trials.Spec{spec("j", 0), spec("j", 1), spec("j", 0)}); err != nil {
		t.Error(err)
	}
	waitQueue(t, b, Queue{Waiting: 1, Running: 1})
	_ = task.Done(testContext(t))
	waitQueue(t, b, Queue{Waiting: 1})
	enqueue(t, b, spec("j", 0)) // done: may come again
	waitQueue(t, b, Queue{Waiting: 2})
}

func TestEnqueueRefusesBadSpecs(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx := testContext(t)
	big := spec("j", 0)
	big.Learner = strings.Repeat("x", maxRecord)
	if err := b.Enqueue(ctx, big); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	for _, s := range []*trials.Spec{spec("", 0), spec("a.b", 0), spec(">", 0), spec("j", -1)} {
		if err := b.Enqueue(ctx, s); err == nil {
			t.Errorf("%+v accepted", s)
		}
		if err := b.EnqueueAll(ctx, []*trials.Spec{s}); err == nil {
			t.Errorf("%+v accepted", s)
		}
	}
}

func TestPurgeOneJob(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	enqueue(t, b, spec("j", 0), spec("j", 1), spec("k", 0))
	if err := b.Purge(testContext(t), "j"); err != nil {
		t.Fatal(err)
	}
	if task := take(t, b); task.Spec.Job != "k" {
		t.Errorf("got a task of %s", task.Spec.Job)
	}
	if err := b.Purge(testContext(t), "*"); err == nil {
		t.Error("a pattern was taken for a job")
	}
}

func TestRetryAndHeartbeat(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	b := connect(t, Config{Server: srv, AckWait: 400 * time.Millisecond})
	if b.Heartbeat() != 120*time.Millisecond {
		t.Errorf("heartbeat every %v", b.Heartbeat())
	}
	enqueue(t, b, spec("j", 0))
	first := take(t, b)
	if err := first.Retry(0); err != nil {
		t.Fatal(err)
	}
	second := take(t, b)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(b.Heartbeat())
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = second.Heartbeat()
			case <-stop:
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(testContext(t), time.Second) // 2.5 times AckWait
	defer cancel()
	if task, err := b.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a task with a beating heart went to another: %v, %v", task, err)
	}
	close(stop)
	wg.Wait()
	if third := take(t, b); third.Spec.Number != 0 {
		t.Errorf("got %+v", third.Spec)
	}
}

// A worker that waits for a task and leaves takes none with it.
func TestNextLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	for n := range 20 {
		ctx, cancel := context.WithCancel(testContext(t))
		var wg sync.WaitGroup
		wg.Go(func() {
			task, err := b.Next(ctx)
			if err == nil {
				_ = task.Retry(0)
			}
		})
		if n%2 == 0 {
			waitQueue(t, b, Queue{Idle: 1})
		}
		wg.Go(func() { enqueue(t, b, spec("j", n)) })
		cancel()
		wg.Wait()
		task := take(t, b) // long before AckWait, or testContext ends it
		_ = task.Done(testContext(t))
	}
}

func TestNextAfterClose(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := b.Next(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	waitQueue(t, b, Queue{Idle: 1})
	b.Close()
	wg.Wait()
	if _, err := b.Next(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	b.Close()
}

func TestDamagedTaskMessage(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	dead := listenDead(ctx, t, b)
	for _, data := range []string{"{", `{"job":"other","number":7}`} {
		if _, err := b.js.Publish(ctx, tasksPrefix+"j.7", []byte(data)); err != nil {
			t.Fatal(err)
		}
		enqueue(t, b, spec("j", 1))
		if task := take(t, b); task.Spec.Number != 1 {
			t.Errorf("got %+v", task.Spec)
		} else {
			_ = task.Done(ctx)
		}
		if got := hear(t, dead); got != "j 7 the task message is damaged" {
			t.Errorf("dead: %q", got)
		}
		// Done does not wait for the server: until it has heard of it, the next
		// Enqueue of the same task does nothing.
		waitQueue(t, b, Queue{})
	}
}

func listenDead(ctx context.Context, t *testing.T, b *Bus) <-chan string {
	ch := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Dead(ctx, func(job string, number int, reason string) error {
			ch <- fmt.Sprintf("%s %d %s", job, number, reason)
			return nil
		}); !errors.Is(err, context.Canceled) && !errors.Is(err, ErrClosed) {
			t.Errorf("Dead: %v", err)
		}
	}()
	t.Cleanup(func() { <-done })
	return ch
}

func TestDead(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	b := connect(t, Config{Server: srv, AckWait: 50 * time.Millisecond, maxDeliver: 3})
	ctx, cancel := context.WithCancel(testContext(t))
	t.Cleanup(cancel)
	enqueue(t, b, spec("j", 4))
	for range 3 {
		take(t, b) // and be silent
	}
	waiting := make(chan struct{})
	go func() { // the server counts deliveries when the next worker asks
		defer close(waiting)
		if task, err := b.Next(ctx); err == nil {
			t.Errorf("delivered once more: %+v", task.Spec)
		}
	}()
	// The advisory is kept for a scheduler that comes later, and a callback that
	// fails hears of it again.
	failed := false
	dead := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Dead(ctx, func(job string, number int, reason string) error {
			if !failed {
				failed = true
				return errors.New("not now")
			}
			dead <- fmt.Sprintf("%s %d %s", job, number, reason)
			return nil
		})
	}()
	if got, want := hear(t, dead), "j 4 gave up after 3 deliveries: worker lost"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for { // the message is removed after the callback
		info, err := b.taskStream().Info(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs == 0 {
			break
		}
	}
	cancel()
	<-waiting
	<-done
	b = connect(t, Config{Server: srv})
	ctx, cancel = context.WithCancel(testContext(t))
	defer cancel()
	late := listenDead(ctx, t, b)
	enqueue(t, b, spec("j", 5))
	if err := take(t, b).Reject("no such learner"); err != nil {
		t.Fatal(err)
	}
	if got, want := hear(t, late), "j 5 no such learner"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func hear(t *testing.T, ch <-chan string) string {
	t.Helper()
	select {
	case s := <-ch:
		return s
	case <-testContext(t).Done():
		t.Fatal("nothing heard")
		return ""
	}
}

func TestRecordOfFirstDelivery(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx := testContext(t)
	r := &trials.Record{Spec: *spec("j", 0), State: trials.Queued}
	if err := b.Trials().Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	enqueue(t, b, &r.Spec)
	task := take(t, b)
	got := task.Record()
	if got == nil || got.Revision != r.Revision || got.State != trials.Queued {
		t.Fatalf("got %+v, want %+v", got, r)
	}
	if err := b.Trials().Update(ctx, got); err != nil {
		t.Error(err)
	}
	_ = task.Retry(0)
	if again := take(t, b).Record(); again != nil {
		t.Errorf("second delivery came with %+v", again)
	}
}

func TestCancelReachesTheHolder(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	holder, other := connect(t, Config{Server: srv}), connect(t, Config{Server: srv})
	ctx := testContext(t)
	r := &trials.Record{Spec: *spec("j", 0), State: trials.Queued}
	if err := other.Trials().Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	enqueue(t, other, &r.Spec)
	task := take(t, holder)
	if err := r.Move(trials.Cancelled, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := other.Trials().Update(ctx, r); err != nil {
		t.Fatal(err)
	}
	select {
	case <-task.Cancelled():
	case <-ctx.Done():
		t.Error("not heard")
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	jobs := b.Jobs()
	one := &trials.Job{ID: "one", State: trials.JobQueued, Created: time.Unix(2, 0).UTC(), Options: trials.JobOptions{Target: "y"}}
	two := &trials.Job{ID: "two", State: trials.JobQueued, Created: time.Unix(1, 0).UTC()}
	for _, j := range []*trials.Job{one, two} {
		if err := jobs.Create(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	if err := jobs.Create(ctx, &trials.Job{ID: "one"}); !errors.Is(err, trials.ErrExists) {
		t.Errorf("got %v", err)
	}
	if err := jobs.Create(ctx, &trials.Job{ID: "a b"}); err == nil {
		t.Error("bad id accepted")
	}
	for _, id := range []string{"none", "a.b", ""} {
		if _, err := jobs.Get(ctx, id); !errors.Is(err, trials.ErrNotFound) {
			t.Errorf("%q: got %v", id, err)
		}
	}
	list, err := jobs.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]*trials.Job{two, one}, list); d != "" {
		t.Error(d)
	}
	ch, err := jobs.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	<-ch
	<-ch
	stale, err := jobs.Get(ctx, "one")
	if err != nil {
		t.Fatal(err)
	}
	one.State = trials.JobRunning
	if err := jobs.Update(ctx, one); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Update(ctx, stale); !errors.Is(err, trials.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff(one, <-ch); d != "" {
		t.Error(d)
	}
	if err := jobs.Delete(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Get(ctx, "one"); !errors.Is(err, trials.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	cancel()
	for range ch {
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	publish := func(job string, trial int, id string) {
		t.Helper()
		e := Event{Job: job, Kind: "trial", Trial: trial, Data: json.RawMessage(`{"loss":0.5}`)}
		if err := b.Publish(ctx, e, id); err != nil {
			t.Fatal(err)
		}
	}
	publish("j", 1, "a")
	publish("j", 1, "a")
	publish("k", 9, "b")
	publish("j", 2, "")
	publish("j", 3, "")
	ch, err := b.Events(ctx, "j", 0)
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	var second Event
	for want := 1; want <= 3; want++ {
		e := <-ch
		if e.Trial != want || e.Seq <= last || e.Job != "j" || e.Time.IsZero() || string(e.Data) != `{"loss":0.5}` {
			t.Errorf("got %+v", e)
		}
		if last = e.Seq; want == 2 {
			second = e
		}
	}
	publish("j", 4, "")
	if e := <-ch; e.Trial != 4 {
		t.Errorf("got %+v", e)
	}
	again, err := b.Events(ctx, "j", second.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if e := <-again; e.Trial != 3 {
		t.Errorf("resumed with %+v", e)
	}
	if err := b.Report(Event{Job: "j", Kind: "log", Trial: 5}, "x"); err != nil {
		t.Fatal(err)
	}
	if e := <-ch; e.Trial != 5 {
		t.Errorf("got %+v", e)
	}
	cancel()
	for range ch {
	}
	for range again {
	}
	if _, err := b.Events(testContext(t), "*", 0); err == nil {
		t.Error("a pattern was taken for a job")
	}
	if err := b.Publish(testContext(t), Event{Job: "j", Data: json.RawMessage(`"` + strings.Repeat("x", maxRecord) + `"`)}, ""); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	dir := t.TempDir()
	ctx := testContext(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), minFile/8) // 2 MiB, many chunks
	var digest string
	for name, c := range map[string]Config{
		"object store": {Server: srv},
		"files":        {Server: srv, BlobDir: dir},
		"no cache":     {Server: srv, CacheBytes: 1},
		"local":        {Server: srv, LocalBlobs: true, CacheBytes: 1},
	} {
		b := connect(t, c)
		for _, data := range [][]byte{{}, []byte("small"), big} {
			for range 2 {
				var err error
				if digest, err = b.PutBlob(ctx, data); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			got, err := b.GetBlob(ctx, digest)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: got %d bytes, %v; want %d", name, len(got), err, len(data))
			}
		}
	}
	// Another process finds them; concurrent look-ups share one transfer.
	other := connect(t, Config{Server: srv})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, err := other.GetBlob(ctx, digest); err != nil || !bytes.Equal(got, big) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if err := other.DropBlob(ctx, digest); err != nil {
		t.Fatal(err)
	}
	if _, err := other.GetBlob(ctx, digest); !errors.Is(err, ErrNoBlob) {
		t.Errorf("after drop: %v", err)
	}
	if err := other.DropBlob(ctx, digest); err != nil {
		t.Errorf("drop of nothing: %v", err)
	}
	for _, bad := range []string{"", "../../etc/passwd", strings.Repeat("g", 64), strings.Repeat("A", 64)} {
		if _, err := other.GetBlob(ctx, bad); !errors.Is(err, ErrNoBlob) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestBlobFileIsVerified(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	dir := t.TempDir()
	ctx := testContext(t)
	data := bytes.Repeat([]byte{7}, minFile)
	digest, err := connect(t, Config{Server: srv, BlobDir: dir}).PutBlob(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, digest)
	if err := os.WriteFile(path, data[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := connect(t, Config{Server: srv, BlobDir: dir}).GetBlob(ctx, digest)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if stored, err := os.ReadFile(path); err != nil || !bytes.Equal(stored, data) {
		t.Errorf("the damaged file was not replaced: %v", err)
	}
}

func TestFileCacheIsBounded(t *testing.T) {
	t.Parallel()
	c, err := openFileCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.max = 3 * minFile
	var digests []string
	for i := range 5 {
		data := bytes.Repeat([]byte{byte(i)}, minFile)
		digests = append(digests, digestOf(data))
		c.put(digests[i], data)
		old := time.Now().Add(time.Duration(i-100) * time.Second)
		_ = os.Chtimes(c.path(digests[i]), old, old)
	}
	for i, d := range digests {
		if got := c.get(d) != nil; got != (i >= 2) {
			t.Errorf("blob %d kept: %v", i, got)
		}
	}
}

func TestMemoryCacheIsBounded(t *testing.T) {
	t.Parallel()
	b := connect(t, Config{Server: startServer(t, ServerConfig{}), CacheBytes: 100, MaxBlob: 60})
	ctx := testContext(t)
	for i := range 10 {
		if _, err := b.PutBlob(ctx, bytes.Repeat([]byte{byte(i)}, 40)); err != nil {
			t.Fatal(err)
		}
	}
	if c := &b.blobs.cache; c.size != 80 || c.order.Len() != 2 || len(c.items) != 2 {
		t.Errorf("%d bytes in %d blobs", c.size, c.order.Len())
	}
	if _, err := b.PutBlob(ctx, make([]byte, 61)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestLocalBlobsStayHere(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	b := connect(t, Config{Server: srv, LocalBlobs: true})
	ctx := testContext(t)
	digest, err := b.PutBlob(ctx, []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, Config{Server: srv}).GetBlob(ctx, digest); !errors.Is(err, ErrNoBlob) {
		t.Errorf("it left the process: %v", err)
	}
	if err := b.DropBlob(ctx, digest); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetBlob(ctx, digest); !errors.Is(err, ErrNoBlob) {
		t.Errorf("after drop: %v", err)
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, ServerConfig{Dir: dir})
	_, err := StartServer(ServerConfig{Dir: dir})
	if !errors.Is(err, ErrDirInUse) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("got %v", err)
	}
	s.Stop()
	startServer(t, ServerConfig{Dir: dir})
}

func TestUnusableDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir() // something else lies where the server's files go
	if err := os.WriteFile(filepath.Join(taken, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/automl", taken} {
		_, err := StartServer(ServerConfig{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestFilesAreSynced(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", "/d"} {
		o, err := ServerConfig{Dir: dir}.options()
		if err != nil || o.SyncAlways != (dir != "") {
			t.Errorf("dir %q: SyncAlways %v, %v", dir, o.SyncAlways, err)
		}
		if !o.DontListen || !o.NoSigs {
			t.Error("a server in process listens or handles signals")
		}
	}
}

func TestListenAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listen, token, host string
		err                 error
	}{
		{listen: ":4222", host: "127.0.0.1"},
		{listen: "localhost:4222", host: "localhost"},
		{listen: "[::1]:4222", host: "::1"},
		{listen: "0.0.0.0:4222", err: ErrTokenNeeded},
		{listen: "[::]:4222", err: ErrTokenNeeded},
		{listen: "10.0.0.1:4222", err: ErrTokenNeeded},
		{listen: "example.org:4222", err: ErrTokenNeeded},
		{listen: "0.0.0.0:4222", token: "t", host: "0.0.0.0"},
	} {
		o, err := ServerConfig{Listen: c.listen, Token: c.token}.options()
		if !errors.Is(err, c.err) || err == nil && (o.Host != c.host || o.DontListen) {
			t.Errorf("%+v: %+v, %v", c, o, err)
		}
	}
	for _, bad := range []string{"4222", "host", "127.0.0.1:http", "127.0.0.1:70000", "127.0.0.1:-1"} {
		if _, err := StartServer(ServerConfig{Listen: bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = StartServer(ServerConfig{Listen: l.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	s := startServer(t, ServerConfig{Listen: "127.0.0.1:0", Token: "secret"})
	connect(t, Config{Server: s})
	connect(t, Config{URL: s.URL(), Token: "secret"})
	for _, token := range []string{"", "wrong"} {
		_, err := Connect(testContext(t), Config{URL: s.URL(), Token: token})
		if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), s.URL()) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	url := "nats://me:secret@" + l.Addr().String()
	_, err = Connect(testContext(t), Config{URL: url})
	var u *UnreachableError
	if !errors.Is(err, ErrUnreachable) || !errors.As(err, &u) || u.URL != "nats://"+l.Addr().String() {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is in %v", err)
	}
	if _, err := Connect(testContext(t), Config{}); err == nil {
		t.Error("connected to nothing")
	}
}

// A peer that accepts and says nothing must not hold Connect up for long.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := Connect(ctx, Config{URL: "nats://" + l.Addr().String()}); err == nil {
		t.Error("connected")
	}
}

func TestForeignStreamIsRefused(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	b := connect(t, Config{Server: srv})
	ctx := testContext(t)
	if err := b.js.DeleteStream(ctx, tasksStream); err != nil {
		t.Fatal(err)
	}
	if _, err := b.js.CreateStream(ctx, jetstream.StreamConfig{Name: tasksStream, Subjects: []string{tasksPrefix + ">"}, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(ctx, Config{Server: srv}); err == nil || !strings.Contains(err.Error(), tasksStream) {
		t.Errorf("got %v", err)
	}
}

// What an operator tuned stays as it is.
func TestTunedStreamIsKept(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{})
	b := connect(t, Config{Server: srv})
	ctx := testContext(t)
	s, err := b.js.Stream(ctx, eventsStream)
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.MaxAge = time.Hour
	if _, err := b.js.UpdateStream(ctx, c); err != nil {
		t.Fatal(err)
	}
	connect(t, Config{Server: srv, AckWait: time.Hour})
	if s, err = b.js.Stream(ctx, eventsStream); err != nil || s.CachedInfo().Config.MaxAge != time.Hour {
		t.Errorf("got %+v, %v", s.CachedInfo().Config, err)
	}
}

func TestManyConnectAtOnce(t *testing.T) {
	t.Parallel()
	srv := startServer(t, ServerConfig{Dir: t.TempDir()})
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			b, err := Connect(testContext(t), Config{Server: srv})
			if err != nil {
				t.Error(err)
				return
			}
			b.Close()
		})
	}
	wg.Wait()
}

// A server that goes and comes back on the same files: clients reconnect, nothing
// acknowledged is lost, and those who wait for tasks, changes and events go on.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServer(t, ServerConfig{Dir: dir, Listen: "127.0.0.1:0"})
	addr := strings.TrimPrefix(first.URL(), "nats://")
	b := connect(t, Config{URL: first.URL()})
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	r := &trials.Record{Spec: *spec("j", 0), State: trials.Queued}
	if err := b.Trials().Create(ctx, r); err != nil {
		t.Fatal(err)
	}
	digest, err := b.PutBlob(ctx, []byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, b, &r.Spec)
	task := take(t, b)
	changes, err := b.Trials().Watch(ctx, "j")
	if err != nil {
		t.Fatal(err)
	}
	<-changes
	events, err := b.Events(ctx, "j", 0)
	if err != nil {
		t.Fatal(err)
	}
	type taken struct {
		t   *Task
		err error
	}
	got := make(chan taken, 1)
	go func() {
		t, err := b.Next(ctx)
		got <- taken{t, err}
	}()
	waitQueue(t, b, Queue{Running: 1, Idle: 1})
	first.Stop()
	second := startServer(t, ServerConfig{Dir: dir, Listen: addr})
	other := connect(t, Config{Server: second})
	read, err := other.Trials().Get(ctx, "j", 0)
	if err != nil || read.Revision != r.Revision {
		t.Fatalf("after the restart: %+v, %v", read, err)
	}
	if data, err := other.GetBlob(ctx, digest); err != nil || string(data) != "blob" {
		t.Errorf("after the restart: blob %q, %v", data, err)
	}
	enqueue(t, other, spec("j", 1))
	if n := <-got; n.err != nil || n.t.Spec.Number != 1 {
		t.Errorf("after the restart: %+v", n)
	}
	for b.nc.IsReconnecting() {
		if ctx.Err() != nil {
			t.Fatal("never reconnected")
		}
	}
	if err := task.Done(ctx); err != nil {
		t.Error(err)
	}
	r.State = trials.Succeeded
	if err := b.Trials().Update(ctx, r); err != nil {
		t.Error(err)
	}
	for c := range changes {
		if c.State == trials.Succeeded {
			break
		}
	}
	if ctx.Err() != nil {
		t.Error("the watch did not survive")
	}
	if err := b.Publish(ctx, Event{Job: "j", Kind: "log", Trial: 7}, ""); err != nil {
		t.Error(err)
	}
	if e := <-events; e.Trial != 7 {
		t.Errorf("the events did not survive: %+v", e)
	}
	cancel()
	for range changes {
	}
	for range events {
	}
}

func TestServerWithoutJetStream(t *testing.T) {
	t.Parallel()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	defer ns.WaitForShutdown()
	defer ns.Shutdown()
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("not ready")
	}
	_, err = Connect(testContext(t), Config{URL: ns.ClientURL()})
	if err == nil || !strings.Contains(err.Error(), "JetStream is switched off") || !strings.Contains(err.Error(), ns.ClientURL()) {
		t.Errorf("got %v", err)
	}
}

func TestParseAck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		data string
		seq  uint64
		text string
	}{
		{`{"stream":"S","seq":12}`, 12, ""},
		{`{"stream":"S", "seq":12,"duplicate":true}`, 12, ""},
		{`{"seq" : 12}`, 12, ""},
		{`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"},"stream":"S","seq":0}`, 0, "wrong last sequence"},
		{`{"stream":"S","seq":}`, 0, "answer"},
		{`{"stream":"S"}`, 0, "not understood"},
		{``, 0, "answer"},
		{`{"seq":99999999999999999999}`, 0, "answer"},
	} {
		seq, err := parseAck([]byte(c.data))
		if seq != c.seq || (err == nil) != (c.text == "") || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %d, %v", c.data, seq, err)
		}
	}
}

// A key that another program deleted can be created again.
func TestCreateAfterForeignDelete(t *testing.T) {
	t.Parallel()
	b := memoryBus(t)
	ctx := testContext(t)
	job := &trials.Job{ID: "j"}
	if err := b.Jobs().Create(ctx, job); err != nil {
		t.Fatal(err)
	}
	if err := b.jobs.kv.Delete(ctx, "j"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Jobs().Get(ctx, "j"); !errors.Is(err, trials.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := b.Jobs().Create(ctx, job); err != nil {
		t.Error(err)
	}
}
