package main

import (
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl/server"
)

func serveCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "serve",
		Usage:     "run the service: REST API, scheduler, NATS server and workers in one process",
		UsageText: "automl serve [--listen ADDR] [--token-file F] [--data DIR] [--nats URL] [--nats-listen ADDR] [flags]",
		Description: "The API is described at /openapi.json and /docs. Listening anywhere but on loopback needs a token\n" +
			"file, whose token clients and workers must then give. SIGTERM or Ctrl-C drains.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "serve REST on `ADDR`", Value: "127.0.0.1:8080"},
			&cli.StringFlag{Name: "data", Usage: "keep everything in `DIR` (default: in a temporary directory, gone at the end)"},
			&cli.StringFlag{Name: "nats", Usage: "use the NATS server at `URL` in place of the one inside"},
			&cli.StringFlag{Name: "nats-listen", Usage: "let workers elsewhere reach the NATS server inside at `ADDR`, such as 127.0.0.1:4222"},
		}, workerFlags()...),
		Action: runServe,
	}
}

// workerFlags are shared by serve and worker.
func workerFlags() []cli.Flag {
	return []cli.Flag{
		tokenFlag(),
		&cli.StringFlag{Name: "token-file", Usage: "read the token from `FILE`"},
		&cli.StringFlag{Name: "workers", Usage: "run `N` trials at a time here (default: one a core)"},
		&cli.StringFlag{Name: "threads", Usage: "`N` threads for each trial (default: chosen with the workers)"},
	}
}

// tokenOf reads --token, AUTOML_TOKEN or --token-file.
func tokenOf(c *cli.Context) (string, error) {
	path := c.String("token-file")
	if path == "" {
		return c.String("token"), nil
	}
	return readToken(path)
}

func runServe(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	con, err := newConsole(c, slog.LevelInfo)
	if err != nil {
		return err
	}
	defer con.close()
	cfg, err := serverConfig(c, con.log)
	if err != nil {
		return err
	}
	s, err := server.New(cfg)
	if err != nil {
		return err
	}
	announced := make(chan struct{})
	failed := make(chan struct{})
	go func() {
		defer close(announced)
		select {
		case <-s.Ready():
			announce(con, s)
		case <-failed:
		}
	}()
	err = s.Run(c.Context)
	close(failed)
	<-announced
	return err
}

func serverConfig(c *cli.Context, log *slog.Logger) (server.Config, error) {
	cfg := server.Config{
		Listen: c.String("listen"), Dir: c.String("data"), NATSURL: c.String("nats"), NATSListen: c.String("nats-listen"),
		Logger: log,
	}
	var err error
	if cfg.Token, err = tokenOf(c); err != nil {
		return cfg, err
	}
	if cfg.Workers, err = workersFlag(c); err != nil {
		return cfg, err
	}
	cfg.Threads, err = countFlag(c, "threads", 1, 0)
	return cfg, err
}

// serveReport is what serve prints with --json as soon as it answers; its form
// is stable.
type serveReport struct {
	URL  string `json:"url"`
	NATS string `json:"nats,omitempty"`
}

func announce(con *console, s *server.Server) {
	report := serveReport{s.URL(), s.NATSURL()}
	if con.json {
		con.line(report)
		return
	}
	con.hint("serving %s (API: %s/docs)", report.URL, report.URL)
	if report.NATS != "" {
		con.hint("workers: automl worker --nats %s", report.NATS)
	}
	con.log.Debug("ready", slog.String("url", fmt.Sprint(report.URL)))
}
