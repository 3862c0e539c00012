package main

import (
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

func workerCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "worker",
		Usage:     "run trials of a service or of fits elsewhere",
		UsageText: "automl worker --nats URL [--token-file F] [--workers N] [--threads N]",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "nats", Usage: "take trials from the NATS server at `URL` (required)"},
			&cli.StringFlag{Name: "data", Usage: "keep tables between runs in `DIR` (default: in memory only)"},
		}, workerFlags()...),
		Action: runWorker,
	}
}

func runWorker(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	con, err := newConsole(c, slog.LevelInfo)
	if err != nil {
		return err
	}
	defer con.close()
	options := automl.WorkerOptions{NATS: c.String("nats"), Dir: c.String("data"), Logger: con.log}
	if options.NATS == "" {
		return userf("--nats URL is missing: name the server that carries the trials, such as nats://127.0.0.1:4222")
	}
	if options.Token, err = tokenOf(c); err != nil {
		return err
	}
	if options.Workers, err = countFlag(c, "workers", 1, 0); err != nil {
		return err
	}
	if options.Threads, err = countFlag(c, "threads", 1, 0); err != nil {
		return err
	}
	return automl.RunWorker(c.Context, options)
}
