package server

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl"
)

// Limits bound what a client may send. Zero fields get the defaults.
type Limits struct {
	UploadBytes int64 // body of an upload, default 2 GiB
	BodyBytes   int64 // any other body, default 10 MiB
	Rows        int   // of an uploaded table, default 100,000,000
	Columns     int   // of an uploaded table, default 20,000
	PredictRows int   // of one predict request, default 100,000
	Streams     int   // event streams open at once, default 256
	Jobs        int   // jobs waiting or running at once, default 1,000
	Datasets    int   // uploaded tables kept, default 10,000
}

// Config is what a service is made of. The zero value is a service on
// 127.0.0.1:8080 that keeps nothing after it ends.
type Config struct {
	// Listen is the REST address, default 127.0.0.1:8080; port 0 picks a free
	// one. Anything but loopback needs a token.
	Listen string
	// Token, or the first line of TokenFile, is what clients must send as
	// "Authorization: Bearer"; workers of other processes need it for NATS.
	Token     string
	TokenFile string
	// Dir keeps everything; "" means a temporary directory, removed at the end.
	Dir string
	// NATSURL names a NATS server to use in place of the embedded one.
	NATSURL string
	// NATSListen opens the embedded NATS server to workers of other processes,
	// as host:port; "" keeps it inside the process. Not with NATSURL.
	NATSListen string
	// Workers is the number of trials run at once in this process: 0 means one
	// a core, automl.NoWorkers leaves them all to other processes.
	Workers int
	// Threads of each trial; 0 shares the cores among the workers.
	Threads int
	// Concurrent is the number of jobs that run at the same time and share the
	// workers; the others wait. Default 2.
	Concurrent int
	Limits     Limits
	// DrainTimeout is how long requests may go on after the end of Run's
	// context, default 10 s.
	DrainTimeout time.Duration
	Logger       *slog.Logger // nil discards
}

// withDefaults fills what is not given and checks the rest; it reads TokenFile.
func (c Config) withDefaults() (Config, error) {
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8080")
	c.Concurrent = cmp.Or(c.Concurrent, 2)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	cores := runtime.GOMAXPROCS(0)
	switch {
	case c.Workers < automl.NoWorkers || c.Threads < 0 || c.Concurrent < 0:
		return c, userError("workers %d, threads %d, jobs at once %d: the numbers must not be negative", c.Workers, c.Threads, c.Concurrent)
	case c.Workers == 0:
		c.Workers = max(1, cores/max(1, c.Threads))
	case c.Workers == automl.NoWorkers:
		c.Workers = 0
	}
	if c.Threads == 0 {
		c.Threads = max(1, cores/max(1, c.Workers))
	}
	c.Limits = c.Limits.withDefaults()
	if c.NATSURL != "" && c.NATSListen != "" {
		return c, userError("a NATS server to use (%s) and an address for an own one (%s): give one of the two", c.NATSURL, c.NATSListen)
	}
	if err := c.readToken(); err != nil {
		return c, err
	}
	return c, c.checkAddresses()
}

func (l Limits) withDefaults() Limits {
	l.UploadBytes = cmp.Or(l.UploadBytes, 2<<30)
	l.BodyBytes = cmp.Or(l.BodyBytes, 10<<20)
	l.Rows = cmp.Or(l.Rows, 100_000_000)
	l.Columns = cmp.Or(l.Columns, 20_000)
	l.PredictRows = cmp.Or(l.PredictRows, 100_000)
	l.Streams = cmp.Or(l.Streams, 256)
	l.Jobs = cmp.Or(l.Jobs, 1000)
	l.Datasets = cmp.Or(l.Datasets, 10_000)
	return l
}

func (c *Config) readToken() error {
	if c.TokenFile == "" {
		return nil
	}
	if c.Token != "" {
		return userError("a token and a token file: give one of the two")
	}
	b, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return &automl.UserError{Err: fmt.Errorf("token file: %w", err)}
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if c.Token = strings.TrimSpace(line); c.Token == "" {
		return userError("token file %s: the first line is empty, put the token there", c.TokenFile)
	}
	return nil
}

// checkAddresses turns the addresses into numeric ones, so that what is
// checked is what is listened on, and refuses to be reached from elsewhere
// without a token.
func (c *Config) checkAddresses() error {
	for _, a := range []struct {
		what string
		addr *string
	}{{"listen address", &c.Listen}, {"NATS listen address", &c.NATSListen}} {
		if *a.addr == "" {
			continue
		}
		tcp, err := net.ResolveTCPAddr("tcp", *a.addr)
		if err != nil {
			return &automl.UserError{Err: fmt.Errorf("%s %q: use host:port: %w", a.what, *a.addr, err)}
		}
		if c.Token == "" && !tcp.IP.IsLoopback() {
			return userError("%s %s can be reached from other hosts: give a token file, or listen on 127.0.0.1", a.what, *a.addr)
		}
		*a.addr = tcp.String()
	}
	return nil
}

// tokenSum is what a request's token is compared with, nil without a token.
func (c *Config) tokenSum() []byte {
	if c.Token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(c.Token))
	return sum[:]
}

func userError(format string, args ...any) error {
	return &automl.UserError{Err: fmt.Errorf(format, args...)}
}
