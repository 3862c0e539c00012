package server

import (
	"log/slog"
	"time"
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
	// for every Threads CPUs, -1 none (workers elsewhere do it all).
	Workers int
	// Threads a trial may use, default 1.
	Threads int
	// Version is shown in the OpenAPI document, default "dev".
	Version string
	Limits  Limits
	// DrainTimeout is how long requests may go on after the end of Run's
	// context, default 10 s.
	DrainTimeout time.Duration
	Logger       *slog.Logger // nil discards
}
