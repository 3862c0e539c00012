package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

const (
	// connectTimeout bounds the first connection, so that a wrong address is
	// reported while the user still looks.
	connectTimeout = 5 * time.Second
	// callTimeout bounds each request to the server.
	callTimeout = 10 * time.Second
	// defaultAckWait is how long a worker may be silent.
	defaultAckWait = 10 * time.Second
	// maxDeliver bounds deliveries of a task; attempts are bounded lower in the
	// trial's record, which does not count tasks handed back.
	maxDeliver = 10
)

// Config configures a connection. Either Server or URL is set.
type Config struct {
	// Server is an embedded server of this process.
	Server *Server
	// URL of a server elsewhere, such as nats://host:4222, and the token it wants.
	URL   string
	Token string
	// Memory keeps what is created in the server's memory instead of its files;
	// implied by an embedded server without a directory.
	Memory bool
	Logger *slog.Logger // nil discards
	// BlobDir keeps copies of large blobs for all processes of this host; empty for none.
	BlobDir string
	// LocalBlobs keeps blobs in this process only, until DropBlob: for a server
	// that does not listen.
	LocalBlobs bool
	// MaxBlob bounds one blob, in bytes; 0 means 1 GiB.
	MaxBlob int64
	// CacheBytes bounds the blobs kept in memory; 0 means 256 MiB. LocalBlobs are
	// not counted.
	CacheBytes int64
	// AckWait is how long a worker may be silent before its task goes to another;
	// 0 means 10 s. It counts where the queue is first created.
	AckWait time.Duration

	maxDeliver int // for tests; 0 means the constant
}

// Bus is a connection. All methods are safe for concurrent use. It reconnects
// for as long as it takes.
type Bus struct {
	c      Config
	log    *slog.Logger
	nc     *nats.Conn
	js     jetstream.JetStream
	jobs   *bucket
	trials *trialStore
	stored stored
	blobs  *blobs
	pulls  pulls
	done   context.Context // ends with Close
	cancel context.CancelFunc

	mu       sync.Mutex
	tasks    jetstream.Stream
	workers  jetstream.Consumer
	held     map[*Task]struct{}
	recent   map[string]uint64 // revisions of records created here and not enqueued yet
	closed   bool
	ackEvery time.Duration
	again    chan struct{} // closed by the next reconnect
}

// reconnected is closed when the connection was lost and is back.
func (b *Bus) reconnected() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.again
}

// Connect connects and makes sure that streams and buckets are there.
//
// Errors: ErrUnreachable if no server answers within five seconds, ErrDenied if
// it refuses the token; others say what in the server's set-up does not fit.
func Connect(ctx context.Context, c Config) (*Bus, error) {
	c.MaxBlob = cmp.Or(c.MaxBlob, 1<<30)
	c.CacheBytes = cmp.Or(c.CacheBytes, 256<<20)
	c.AckWait = cmp.Or(c.AckWait, defaultAckWait)
	c.maxDeliver = cmp.Or(c.maxDeliver, maxDeliver)
	c.Memory = c.Memory || c.Server != nil && c.Server.memory
	if (c.Server == nil) == (c.URL == "") {
		return nil, errors.New("message bus: give either an embedded server or a URL")
	}
	b := &Bus{c: c, log: logger(c.Logger), held: map[*Task]struct{}{}, recent: map[string]uint64{}}
	b.again = make(chan struct{})
	nc, err := c.dial(ctx, b)
	if err != nil {
		return nil, err
	}
	b.nc = nc
	b.done, b.cancel = context.WithCancel(context.Background())
	if err := b.open(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bus) open(ctx context.Context) error {
	var err error
	if b.js, err = jetstream.New(b.nc, jetstream.WithDefaultTimeout(callTimeout)); err != nil {
		return fmt.Errorf("message bus: %w", err)
	}
	if err := b.ensure(ctx); err != nil {
		return fmt.Errorf("message server %s: %w", b.where(), err)
	}
	b.trials = &trialStore{b: b, kv: &bucket{b: b, name: trialsBucket}}
	b.jobs = &bucket{b: b, name: jobsBucket}
	for _, k := range []*bucket{b.trials.kv, b.jobs} {
		if err := k.open(ctx); err != nil {
			return fmt.Errorf("message server %s: %w", b.where(), err)
		}
	}
	if b.blobs, err = openBlobs(ctx, b); err != nil {
		return fmt.Errorf("message server %s: %w", b.where(), err)
	}
	return b.hearCancels()
}

func (c Config) dial(ctx context.Context, b *Bus) (*nats.Conn, error) {
	log := b.log
	opts := []nats.Option{
		nats.Name("automl"),
		nats.Timeout(dialTimeout(ctx)),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond),
		nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(10 * time.Second), // a dead peer is noticed in 30 s
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("message server lost, reconnecting", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			log.Info("message server back")
			b.mu.Lock()
			defer b.mu.Unlock()
			close(b.again)
			b.again = make(chan struct{})
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("message bus", "error", err)
		}),
	}
	url, token := c.URL, c.Token
	if c.Server != nil {
		opts = append(opts, nats.InProcessServer(c.Server.ns))
		url, token = "", c.Server.token
	}
	if token != "" {
		opts = append(opts, nats.Token(token))
	}
	nc, err := nats.Connect(url, opts...)
	switch {
	case err == nil:
		return nc, nil
	case errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired):
		return nil, fmt.Errorf("%w by the message server at %s: the token is missing or wrong", ErrDenied, redact(url))
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, &UnreachableError{URL: redact(url), Err: err}
}

func dialTimeout(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return max(time.Millisecond, min(connectTimeout, time.Until(end)))
	}
	return connectTimeout
}

// redact takes user, password or token out of a URL.
func redact(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		scheme, rest = "nats", url
	}
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + "://" + rest
}

func (b *Bus) where() string {
	if b.c.Server != nil {
		return "(embedded)"
	}
	return redact(b.c.URL)
}

// Close ends the connection. Tasks that are still held go to other workers when
// their time is up.
func (b *Bus) Close() {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.pulls.close()
	// Acknowledgements may still be in the client's buffer.
	_ = b.nc.FlushTimeout(time.Second)
	b.nc.Close()
}

// Trials is the store of trial records.
func (b *Bus) Trials() trials.Store { return b.trials }

// Jobs is the store of job records.
func (b *Bus) Jobs() *Jobs { return &Jobs{b.jobs} }

// Heartbeat is how often the holder of a task must call Task.Heartbeat: three
// times within the time after which the task goes to another.
func (b *Bus) Heartbeat() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ackEvery
}

// storage is where new streams and buckets keep their content.
func (b *Bus) storage() jetstream.StorageType {
	if b.c.Memory {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}

// sized is a limit for storage on disk, a quarter of it in memory.
func (b *Bus) sized(bytes int64) int64 {
	if b.c.Memory {
		return bytes / 4
	}
	return bytes
}
