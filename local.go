package automl

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/worker"
)

// local is the service inside this process: server, bus and workers.
type local struct {
	server *bus.Server
	bus    *bus.Bus
	cache  *featurize.Cache
	stop   context.CancelFunc
	done   sync.WaitGroup
}

func newLocal(ctx context.Context, o Options) (*local, error) {
	l := &local{cache: featurize.NewCache(worker.NewMemory(0).Limit() / 4)}
	config := bus.Config{URL: o.NATS, Token: o.Token, Logger: o.Logger}
	if o.NATS == "" {
		server, err := bus.StartServer(bus.ServerConfig{Logger: o.Logger})
		if err != nil {
			return nil, err
		}
		l.server = server
		config = bus.Config{Server: server, Memory: true, LocalBlobs: true, Logger: o.Logger}
	}
	b, err := bus.Connect(ctx, config)
	if err != nil {
		l.close()
		if o.NATS != "" {
			return nil, &UserError{err}
		}
		return nil, err
	}
	l.bus = b
	// The workers outlive ctx: its end asks the scheduler to finish, and the
	// scheduler ends their trials.
	wctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	for _, c := range workerConfigs("local", max(0, o.Workers), o.Threads, b, l.cache, o.Logger) {
		l.done.Go(func() {
			if err := worker.Run(wctx, c); err != nil {
				o.Logger.Error("worker ended", "worker", c.Name, "error", err)
			}
		})
	}
	return l, nil
}

// workerConfigs share one bus, one cache and one memory limit.
func workerConfigs(name string, n, threads int, b *bus.Bus, cache *featurize.Cache, log *slog.Logger) []worker.Config {
	memory := worker.NewMemory(0)
	configs := make([]worker.Config, n)
	for i := range configs {
		configs[i] = worker.Config{
			Bus: b, Cache: cache, Threads: threads, MemoryLimit: memory, Logger: log,
			Name: fmt.Sprintf("%s-%d", name, i+1),
		}
	}
	return configs
}

func (l *local) close() {
	if l.stop != nil {
		l.stop()
	}
	l.done.Wait()
	if l.bus != nil {
		l.bus.Close()
	}
	if l.server != nil {
		l.server.Stop()
	}
}

// WorkerOptions configure RunWorker.
type WorkerOptions struct {
	// NATS is the URL of the server that carries the trials; required. Token
	// opens it.
	NATS, Token string
	// Workers is the number of trials at the same time; 0 means one a core.
	Workers int
	// Threads of each trial; 0 shares the cores among the workers.
	Threads int
	// Dir caches tables on this host; "" keeps them in memory only.
	Dir string
	// Logger is nil to discard.
	Logger *slog.Logger
}

// RunWorker takes trials from a NATS server until ctx ends; running trials are
// then handed back. It fails if the server cannot be reached at the start.
func RunWorker(ctx context.Context, o WorkerOptions) error {
	if o.NATS == "" {
		return usageError("no NATS server: give its URL, such as nats://host:4222")
	}
	if o.Workers < 0 || o.Threads < 0 {
		return usageError("workers %d, threads %d: the numbers must not be negative", o.Workers, o.Threads)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Threads == 0 {
		o.Threads = max(1, runtime.GOMAXPROCS(0)/o.Workers)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := bus.Connect(ctx, bus.Config{URL: o.NATS, Token: o.Token, BlobDir: o.Dir, Logger: o.Logger})
	if err != nil {
		return &UserError{err}
	}
	defer b.Close()
	host, _ := os.Hostname()
	cache := featurize.NewCache(worker.NewMemory(0).Limit() / 4)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	for _, c := range workerConfigs(fmt.Sprintf("%s-%d", host, os.Getpid()), o.Workers, o.Threads, b, cache, o.Logger) {
		done.Go(func() {
			if err := worker.Run(ctx, c); err != nil {
				stop(err) // one broken worker ends the process, which says why
			}
		})
	}
	done.Wait()
	if err := context.Cause(ctx); err != nil && err != ctx.Err() {
		return err
	}
	return nil
}
