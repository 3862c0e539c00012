package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
	"github.com/seed-09a2cce4/automl/worker"
)

// reserve is the part of a job's time budget kept for making the bundle.
const reserve = 250 * time.Millisecond

// Server is one service. Make it with New and use Run once.
type Server struct {
	cfg         Config
	log         *slog.Logger
	token       []byte // digest of the token, nil without one
	crossOrigin *http.CrossOriginProtection
	// finish makes the model of an outcome.
	finish func(context.Context, *trials.Job, *scheduler.Outcome) ([]byte, error)

	nats      *bus.Server // nil with a remote NATS server
	bus       *bus.Bus
	scheduler *scheduler.Service
	datasets  *datasets
	uploadDir string
	models    *modelCache
	counters  *counters

	tables  sync.RWMutex  // a removal of a table excludes uploads and submissions
	streams chan struct{} // places for event streams
	uploads chan struct{} // places for uploads
	parsers chan struct{} // places for parsing them
	scorers chan struct{} // places for predict requests

	inflight sync.WaitGroup // requests
	draining chan struct{}  // closed when the end begins
	ready    chan struct{}
	url      string
}

// New checks the configuration, and reads Config.TokenFile; it opens nothing
// else. Errors whose cause is in the configuration satisfy automl.IsUserError.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(0)
	return &Server{
		cfg: cfg, log: cfg.Logger, token: cfg.tokenSum(), crossOrigin: http.NewCrossOriginProtection(),
		finish: automl.FinishJob, counters: newCounters(),
		streams: make(chan struct{}, cfg.Limits.Streams), uploads: make(chan struct{}, 8),
		parsers: make(chan struct{}, 2), scorers: make(chan struct{}, 2*cores),
		draining: make(chan struct{}), ready: make(chan struct{}),
	}, nil
}

// Ready is closed once the service answers requests.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// URL is the base address for clients, known once Ready is closed.
func (s *Server) URL() string { return s.url }

// NATSURL is the address for workers of other processes, known once Ready is
// closed, "" if they cannot join.
func (s *Server) NATSURL() string {
	switch {
	case s.cfg.NATSURL != "":
		return s.cfg.NATSURL
	case s.nats != nil && s.cfg.NATSListen != "":
		return s.nats.URL()
	}
	return ""
}

// Run serves until ctx ends, then drains: it takes no more requests, ends the
// event streams, gives the other requests Config.DrainTimeout, hands running
// trials back and stops. Jobs that are not over go on with the next start. Run
// returns nil after a drain, and the error if the service could not start or
// a part of it failed.
func (s *Server) Run(ctx context.Context) (err error) {
	var closers closers
	defer func() { err = errors.Join(err, closers.close()) }()
	dir, err := s.openDir(&closers)
	if err != nil {
		return err
	}
	if err := s.openBus(ctx, dir, &closers); err != nil {
		return err
	}
	if err := s.openStores(dir); err != nil {
		return err
	}
	mux, err := s.routes()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return &automl.UserError{Err: fmt.Errorf("listen: %w", err)}
	}
	closers.add(func() error { return ignoreClosed(listener.Close()) })
	failed, err := s.startWork(ctx, &closers)
	if err != nil {
		return err
	}
	return s.serve(ctx, listener, s.outer(mux), failed)
}

// closers run in the reverse order of their adding.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c closers) close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i]())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) openDir(c *closers) (string, error) {
	if s.cfg.Dir == "" {
		dir, err := os.MkdirTemp("", "automl-serve-*")
		if err == nil {
			c.add(func() error { return os.RemoveAll(dir) })
		}
		return dir, err
	}
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return "", &automl.UserError{Err: fmt.Errorf("data directory: %w", err)}
	}
	return s.cfg.Dir, nil
}

func (s *Server) openBus(ctx context.Context, dir string, c *closers) error {
	config := bus.Config{URL: s.cfg.NATSURL, Token: s.cfg.Token, BlobDir: filepath.Join(dir, "blobs"), Logger: s.log}
	if s.cfg.NATSURL == "" {
		server := bus.ServerConfig{Listen: s.cfg.NATSListen, Token: s.cfg.Token, Logger: s.log}
		if s.cfg.Dir != "" {
			server.Dir = filepath.Join(dir, "nats")
		}
		var err error
		if s.nats, err = bus.StartServer(server); err != nil {
			return &automl.UserError{Err: err}
		}
		c.add(func() error { s.nats.Stop(); return nil })
		config = bus.Config{Server: s.nats, Memory: s.cfg.Dir == "", LocalBlobs: s.cfg.Dir == "" && s.cfg.NATSListen == "", Logger: s.log}
	}
	b, err := bus.Connect(ctx, config)
	if err != nil {
		return &automl.UserError{Err: err}
	}
	s.bus = b
	c.add(func() error { b.Close(); return nil })
	return nil
}

func (s *Server) openStores(dir string) error {
	s.uploadDir = filepath.Join(dir, "uploads")
	if err := clearUploads(s.uploadDir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	var err error
	if s.datasets, err = openDatasets(filepath.Join(dir, "datasets"), s.log); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	s.models = newModelCache(s.bus.GetBlob)
	return nil
}

func (s *Server) newScheduler(cache *featurize.Cache) *scheduler.Service {
	return scheduler.NewService(scheduler.Config{
		Bus: s.bus, Cache: cache, Logger: s.log, RemoteWorkers: s.NATSURL() != "",
		Workers: func() int { return max(1, s.cfg.Workers) }, Concurrent: s.cfg.Concurrent,
		Finish: s.finish, Reserve: reserve,
	})
}

// startWork starts scheduler and workers. They outlive ctx: its end begins
// the drain, after which the closers stop them. The channel hears of a worker
// that could not go on.
func (s *Server) startWork(ctx context.Context, c *closers) (<-chan error, error) {
	memory := worker.NewMemory(0)
	cache := featurize.NewCache(memory.Limit() / 4)
	s.scheduler = s.newScheduler(cache)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, s.cfg.Workers)
	var done sync.WaitGroup
	c.add(func() error { stop(); done.Wait(); return nil })
	for i := range s.cfg.Workers {
		config := worker.Config{Bus: s.bus, Cache: cache, Threads: s.cfg.Threads, MemoryLimit: memory, Logger: s.log, Name: fmt.Sprintf("serve-%d", i+1)}
		done.Go(func() {
			if err := worker.Run(work, config); err != nil && work.Err() == nil {
				failed <- fmt.Errorf("worker %s: %w", config.Name, err)
			}
		})
	}
	if err := s.scheduler.Start(work); err != nil {
		return nil, fmt.Errorf("scheduler: %w", err)
	}
	c.add(func() error {
		ctx, cancel := context.WithTimeout(work, s.cfg.DrainTimeout)
		defer cancel()
		s.scheduler.Stop(ctx)
		return nil
	})
	return failed, nil
}

// serve answers requests until ctx ends or something fails, and then drains.
func (s *Server) serve(ctx context.Context, l net.Listener, h http.Handler, failed <-chan error) error {
	hs := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- hs.Serve(l) }()
	s.url = "http://" + l.Addr().String()
	close(s.ready)
	s.log.Info("service ready", "url", s.url, "nats", s.NATSURL(), "workers", s.cfg.Workers)
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	case cause = <-ended:
		return fmt.Errorf("listener: %w", cause)
	}
	s.log.Info("service draining", "at most", s.cfg.DrainTimeout)
	close(s.draining)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	if err := hs.Shutdown(stop); err != nil {
		s.log.Warn("requests cut off", "error", err)
		_ = hs.Close()
	}
	<-ended
	s.inflight.Wait() // they use the bus, which stops next
	return cause
}

// checkReady asks the bus, which everything needs.
func (s *Server) checkReady(ctx context.Context) error {
	select {
	case <-s.draining:
		return problem(http.StatusServiceUnavailable, "the service is ending")
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := s.bus.Jobs().Get(ctx, "ready"); err != nil && !isNotFound(err) {
		s.log.Error("not ready", "error", err)
		return problem(http.StatusServiceUnavailable, "the NATS server does not answer")
	}
	return nil
}

func isNotFound(err error) bool { return errors.Is(err, trials.ErrNotFound) }
