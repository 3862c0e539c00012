package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// startTimeout bounds the start of the embedded server, recovery of a large
	// directory included.
	startTimeout = 60 * time.Second
	// defaultMaxMemory is what a server in memory may hold.
	defaultMaxMemory = 1 << 30
)

// ServerConfig configures the embedded message server.
type ServerConfig struct {
	// Dir keeps everything across restarts, synced to disk before each call
	// returns; one process at a time. Empty: in memory only.
	Dir string
	// Listen is host:port for other processes, port 0 for any free one; an empty
	// host means 127.0.0.1. Empty: this process only.
	Listen string
	// Token must be shown by all who connect over the network. It is required to
	// listen anywhere but on the loopback interface.
	Token  string
	Logger *slog.Logger // nil discards
	// MaxMemory bounds what is stored in memory, in bytes; 0 means 1 GiB.
	MaxMemory int64
	// MaxStore bounds what is stored on disk, in bytes; 0 means three quarters of
	// the space that is free at the start.
	MaxStore int64
}

// Server is a running embedded message server.
type Server struct {
	ns     *server.Server
	url    string
	token  string
	memory bool
	dir    string // of a server in memory: temporary
	lock   *os.File
	once   sync.Once
}

// StartServer starts the embedded server and returns when it is ready.
//
// Errors: ErrDirInUse if another process has the directory, ErrTokenNeeded for
// an address beyond this host without a token; others name the directory or the
// address.
func StartServer(c ServerConfig) (*Server, error) {
	s := &Server{token: c.Token, memory: c.Dir == "", dir: c.Dir}
	opts, err := c.options()
	if err != nil {
		return nil, err
	}
	if s.memory {
		// Even a server that keeps all in memory insists on a directory.
		if s.dir, err = os.MkdirTemp("", "automl-bus-"); err != nil {
			return nil, fmt.Errorf("message server: %w", err)
		}
	} else if s.lock, err = lockDir(c.Dir); err != nil {
		return nil, err
	}
	opts.StoreDir = s.dir
	if err := s.start(opts, c); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (c ServerConfig) options() (*server.Options, error) {
	o := &server.Options{
		ServerName: "automl",
		DontListen: c.Listen == "",
		JetStream:  true,
		// Without it an acknowledged write may be up to two minutes from the disk.
		SyncAlways:             c.Dir != "",
		JetStreamMaxMemory:     c.MaxMemory,
		JetStreamMaxStore:      c.MaxStore,
		Authorization:          c.Token,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
		MaxConn:                4096,
	}
	if o.JetStreamMaxMemory <= 0 {
		o.JetStreamMaxMemory = defaultMaxMemory
	}
	if o.JetStreamMaxStore <= 0 {
		o.JetStreamMaxStore = -1 // the server's own reckoning
	}
	if c.Listen == "" {
		return o, nil
	}
	host, port, err := listenAddr(c.Listen)
	if err != nil {
		return nil, err
	}
	if c.Token == "" && !loopback(host) {
		return nil, fmt.Errorf("%w: listening on %s lets others in: give a token, or listen on 127.0.0.1", ErrTokenNeeded, c.Listen)
	}
	o.Host, o.Port = host, port
	return o, nil
}

// listenAddr splits an address. The server's own default host is all interfaces.
func listenAddr(addr string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: need host:port", addr)
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("listen address %q: need a port from 0 to 65535", addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (s *Server) start(opts *server.Options, c ServerConfig) error {
	ns, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("message server: %w", err)
	}
	s.ns = ns
	log := newLogAdaptor(c.Logger)
	ns.SetLoggerV2(log, false, false, false)
	ns.Start()
	if err := waitReady(ns, log); err != nil {
		return fmt.Errorf("message server on %s: %w", where(c), err)
	}
	if c.Listen != "" {
		s.url = ns.ClientURL()
	}
	return nil
}

func where(c ServerConfig) string {
	switch {
	case c.Listen != "" && c.Dir != "":
		return c.Listen + " with data directory " + c.Dir
	case c.Listen != "":
		return c.Listen
	case c.Dir != "":
		return "data directory " + c.Dir
	}
	return "memory"
}

// waitReady waits for the server, or for what it would have died of: NewServer
// and Start report neither a port in use nor an unusable directory.
func waitReady(ns *server.Server, log *logAdaptor) error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); {
		if ns.ReadyForConnections(50 * time.Millisecond) {
			break
		}
		if text := log.fatalText(); text != "" {
			return errors.New(text)
		}
		if !ns.Running() {
			return errors.New("stopped while starting")
		}
	}
	if text := log.fatalText(); text != "" {
		return errors.New(text)
	}
	if !ns.ReadyForConnections(time.Millisecond) || !ns.JetStreamEnabled() {
		return fmt.Errorf("not ready after %v", startTimeout)
	}
	return nil
}

// URL is where other processes reach the server; empty if it does not listen.
func (s *Server) URL() string { return s.url }

// Stop shuts the server down and waits until it has released its files. Calls
// after the first do nothing.
func (s *Server) Stop() {
	s.once.Do(func() {
		if s.ns != nil {
			// Not LameDuckShutdown: without a listener it returns at once.
			s.ns.Shutdown()
			s.ns.WaitForShutdown()
		}
		if s.memory {
			os.RemoveAll(s.dir)
		}
		if s.lock != nil {
			s.lock.Close()
		}
	})
}
