package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

func refitCommand(p *process) *cli.Command {
	return &cli.Command{
		Name:      "refit",
		Usage:     "train a model anew on other rows, without a search",
		UsageText: "automl refit MODEL DATA --out NEW",
		Description: "Features, configurations and weights stay as they are. DATA must have the model's columns, target and classes.\n" +
			"The same MODEL and DATA give the same file.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write the new model to `FILE` (required)"},
			&cli.StringFlag{Name: "workers", Usage: "train `N` configurations at a time (default: one a core)"},
			&cli.StringFlag{Name: "threads", Usage: "`N` threads for each (default: chosen with the workers)"},
		},
		Action: func(c *cli.Context) error { return runRefit(c, p.start) },
	}
}

func runRefit(c *cli.Context, start time.Time) error {
	args, err := arguments(c, "MODEL", "DATA")
	if err != nil {
		return err
	}
	con, err := newConsole(c, silent)
	if err != nil {
		return err
	}
	defer con.close()
	out := c.String("out")
	if out == "" {
		return userf("--out NEW is missing: name the file of the new model")
	}
	if err := checkWritable(out); err != nil {
		return err
	}
	options := automl.Options{Logger: con.log}
	if options.Workers, err = countFlag(c, "workers", 1, 0); err != nil {
		return err
	}
	if options.Threads, err = countFlag(c, "threads", 1, 0); err != nil {
		return err
	}
	m, err := refit(c, con, args, options, start)
	if err != nil {
		return err
	}
	if err := saveModel(m, out); err != nil {
		return err
	}
	return newFitReport(m, out, args[1], time.Since(start)).print(con)
}

// refit reads model and table and trains, showing progress.
func refit(c *cli.Context, con *console, args []string, options automl.Options, start time.Time) (*automl.Model, error) {
	old, err := loadModel(args[0])
	if err != nil {
		return nil, err
	}
	table, err := readTable(c.Context, args[1])
	if err != nil {
		return nil, err
	}
	bar := newProgress(con, start, 0, 0)
	defer bar.close()
	options.OnEvent = newFollower(bar).event
	m, err := automl.Refit(c.Context, old, table, options)
	if err != nil && c.Context.Err() != nil && !errors.Is(err, errInterrupted) {
		return nil, fmt.Errorf("%w before the model was done: nothing is written", errInterrupted)
	}
	return m, err
}
