package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/seed-09a2cce4/automl/trials"
)

type ServerConfig struct {
	Dir                 string
	Listen              string
	Token               string
	Logger              *slog.Logger
	MaxMemory, MaxStore int64
}

type Server struct{}

func StartServer(c ServerConfig) (*Server, error) { return nil, nil }
func (s *Server) URL() string                     { return "" }
func (s *Server) Stop()                           {}

type Config struct {
	Server     *Server
	URL        string
	Token      string
	Memory     bool
	Logger     *slog.Logger
	BlobDir    string
	LocalBlobs bool
	MaxBlob    int64
	CacheBytes int64
	Name       string
}

type Bus struct{}

func Connect(ctx context.Context, c Config) (*Bus, error) { return nil, nil }
func (b *Bus) Close()                                     {}
func (b *Bus) Trials() trials.Store                       { return nil }
func (b *Bus) Jobs() *Jobs                                { return nil }

// Jobs: errors wrap trials.ErrExists, trials.ErrConflict, trials.ErrNotFound.
type Jobs struct{}

func (j *Jobs) Create(ctx context.Context, job *trials.Job) error         { return nil }
func (j *Jobs) Update(ctx context.Context, job *trials.Job) error         { return nil }
func (j *Jobs) Get(ctx context.Context, id string) (*trials.Job, error)   { return nil, nil }
func (j *Jobs) List(ctx context.Context) ([]*trials.Job, error)           { return nil, nil }
func (j *Jobs) Watch(ctx context.Context) (<-chan *trials.Job, error)     { return nil, nil }
func (j *Jobs) Delete(ctx context.Context, id string) error               { return nil }
func (b *Bus) Enqueue(ctx context.Context, s *trials.Spec) error          { return nil }
func (b *Bus) EnqueueAll(ctx context.Context, specs []*trials.Spec) error { return nil }
func (b *Bus) Next(ctx context.Context) (*Task, error)                    { return nil, nil }
func (b *Bus) Purge(ctx context.Context, job string) error                { return nil }
func (b *Bus) Publish(ctx context.Context, e Event, id string) error      { return nil }
func (b *Bus) PutBlob(ctx context.Context, data []byte) (string, error)   { return "", nil }
func (b *Bus) GetBlob(ctx context.Context, digest string) ([]byte, error) { return nil, nil }
func (b *Bus) DropBlob(ctx context.Context, digest string) error          { return nil }
func (b *Bus) Queue(ctx context.Context) (Queue, error)                   { return Queue{}, nil }
func (b *Bus) Events(ctx context.Context, job string, after uint64) (<-chan Event, error) {
	return nil, nil
}
func (b *Bus) Dead(ctx context.Context, f func(job string, number int, reason string) error) error {
	return nil
}

// Queue: Waiting tasks, Running ones, Idle workers that wait for a task.
type Queue struct{ Waiting, Running, Idle int }

type Task struct{ Spec trials.Spec }

func (t *Task) Heartbeat() error                { return nil }
func (t *Task) Done(ctx context.Context) error  { return nil }
func (t *Task) Retry(delay time.Duration) error { return nil }
func (t *Task) Reject(reason string) error      { return nil }

type Event struct {
	Seq   uint64          `json:"seq"`
	Job   string          `json:"job"`
	Time  time.Time       `json:"time"`
	Kind  string          `json:"kind"`
	Trial int             `json:"trial"`
	Data  json.RawMessage `json:"data,omitempty"`
}
