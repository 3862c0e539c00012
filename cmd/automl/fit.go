package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/report"
	"github.com/seed-09a2cce4/automl/trials"
)

func fitCommand(p *process) *cli.Command {
	return &cli.Command{
		Name:      "fit",
		Usage:     "search for the best model of a table",
		UsageText: "automl fit DATA --target COL [--time 60s] [--trials N] [--out FILE] [flags]",
		Description: "The budget runs from the start of the command to the written model. An interrupt (Ctrl-C)\n" +
			"ends the search with the best model so far.",
		Flags: append(jobFlags(),
			&cli.StringFlag{Name: "out", Usage: "write the model to `FILE` (default: DATA's name with .automl, in this directory)"},
			&cli.StringFlag{Name: "continue", Usage: "begin with what was best in the search of `MODEL`, on the same columns and target"},
			&cli.StringFlag{Name: "report", Usage: "write what was found to `FILE` as one plain HTML page"},
			&cli.StringFlag{Name: "valid", Usage: "judge models on the rows of `FILE` in place of folds"},
			&cli.StringFlag{Name: "workers", Usage: "run `N` trials at a time here; 0 leaves all to other processes (default: one a core)"},
			&cli.StringFlag{Name: "nats", Usage: "send the trials through the NATS server at `URL` (default: one inside this process)"},
			tokenFlag(),
		),
		Action: func(c *cli.Context) error { return runFit(c, p.start) },
	}
}

// tokenFlag is the secret for a NATS server or a service.
func tokenFlag() cli.Flag {
	return &cli.StringFlag{Name: "token", EnvVars: []string{"AUTOML_TOKEN"}, Usage: "secret `T` for the server"}
}

func runFit(c *cli.Context, start time.Time) error {
	args, err := arguments(c, "DATA")
	if err != nil {
		return err
	}
	con, err := newConsole(c, silent)
	if err != nil {
		return err
	}
	defer con.close()
	options, err := fitOptions(c)
	if err != nil {
		return err
	}
	options.Start, options.Logger = start, con.log
	if options.MaxMemory > 0 { // already while the table is read
		debug.SetMemoryLimit(options.MaxMemory)
	}
	if from := c.String("continue"); from != "" {
		if options.Continue, err = loadModel(from); err != nil {
			return err
		}
	}
	out := c.String("out")
	if out == "" {
		out = modelName(args[0])
	}
	if err := checkWritable(out); err != nil {
		return err
	}
	page := c.String("report")
	if page != "" {
		if page == out {
			return userf("--report %s: the model is written there: choose another file", page)
		}
		if err := checkWritableBy("report", page); err != nil {
			return err
		}
	}
	m, err := fit(c, con, args[0], options)
	if err != nil {
		return err
	}
	if err := saveModel(m, out); err != nil {
		return err
	}
	if page != "" {
		if err := writeReport(m, page); err != nil {
			return err
		}
	}
	return newFitReport(m, out, args[0], time.Since(start)).print(con)
}

func fitOptions(c *cli.Context) (automl.Options, error) {
	o, err := readJobOptions(c)
	if err != nil {
		return automl.Options{}, err
	}
	options := automl.Options{
		Target: o.target, Time: o.time, Trials: o.trials, Metric: o.metric, Task: o.task,
		PositiveClass: o.positive, WeightColumn: o.weight, Folds: o.folds, Seed: o.seed, Threads: o.threads,
		Balanced: o.balanced, ClassWeights: o.classWeights, Monotone: o.monotone, Costs: o.costs, Intervals: o.intervals, Quantiles: o.quantiles,
		GroupColumn: o.group, TimeColumn: o.timeColumn, FoldColumn: o.fold, Repeats: o.repeats, Holdout: o.holdout,
		Include: o.include, Exclude: o.exclude, Without: o.without, Types: o.types, Ignore: o.ignoreCols, Plan: o.plan, Params: o.params, Best: o.best, Distill: o.distill, Limits: o.limits, Preset: o.preset,
		NATS: c.String("nats"), Token: c.String("token"),
	}
	options.Workers, err = workersFlag(c)
	if options.Workers == 0 {
		options.Workers = o.workers
	}
	if err == nil && options.Workers == automl.NoWorkers && options.NATS == "" {
		err = userf("--workers 0 leaves all trials to other processes: give --nats URL, where they are")
	}
	if err != nil {
		return options, err
	}
	options, err = options.WithPreset()
	return options, inFile(c, err)
}

// workersFlag reads --workers: 0 for none, absent for as many as sensible.
func workersFlag(c *cli.Context) (int, error) {
	n, err := countFlag(c, "workers", 0, 0)
	if err == nil && n == 0 && c.IsSet("workers") {
		return automl.NoWorkers, nil
	}
	return n, err
}

// fit reads the tables and searches, showing progress.
func fit(c *cli.Context, con *console, path string, options automl.Options) (*automl.Model, error) {
	ctx, validPath := c.Context, c.String("valid")
	if path == "-" && validPath == "-" {
		return nil, userf("--valid -: standard input is the training data already: give a file")
	}
	bar := newProgress(con, options.Start, options.Time, options.Trials)
	defer bar.close()
	bar.update(status{phase: "reading"})
	table, err := readTable(ctx, path)
	if err != nil {
		return nil, err
	}
	if validPath != "" {
		var valid *data.Table
		if valid, err = readTable(ctx, validPath); err != nil {
			return nil, err
		}
		options.Valid = valid
	}
	options.OnEvent = newFollower(bar).event
	m, err := automl.Fit(ctx, table, options)
	if errors.Is(err, automl.ErrNoModel) && ctx.Err() != nil {
		return nil, fmt.Errorf("%w before there was a model: nothing is written", errInterrupted)
	}
	return m, inFile(c, err)
}

// fitReport is what fit prints; its JSON form is stable.
type fitReport struct {
	Model       string            `json:"model"`
	Task        string            `json:"task"`
	Target      string            `json:"target"`
	Classes     []string          `json:"classes,omitempty"`
	Metric      string            `json:"metric"`
	Score       *float64          `json:"score"`
	JudgedBy    string            `json:"judged_by"`
	Rows        int               `json:"rows"`
	Trials      int               `json:"trials"`
	Seconds     float64           `json:"seconds"`
	Interval    float64           `json:"interval,omitempty"`
	Quantiles   []float64         `json:"quantiles,omitempty"`
	Ended       string            `json:"ended"`
	Distilled   *trials.Distilled `json:"distilled,omitempty"`
	Summary     report.Summary    `json:"summary"`
	Leaderboard []trials.Row      `json:"leaderboard"`
	Warnings    []string          `json:"warnings"`
	why         string
	data        string
}

func newFitReport(m *automl.Model, out, dataPath string, took time.Duration) *fitReport {
	info := m.Info()
	return &fitReport{
		Model: out, Task: string(info.Task), Target: info.Target, Classes: info.Classes,
		Metric: info.Metric, Score: finite(info.Score), JudgedBy: judge(info),
		Rows: info.Rows, Trials: info.Trials, Seconds: took.Seconds(), Ended: info.Ended, Interval: info.Interval, Quantiles: info.Quantiles, Distilled: info.Distilled,
		Summary: report.Summarize(m), Leaderboard: list(m.Leaderboard()), Warnings: list(info.Warnings), why: info.Why, data: dataPath,
	}
}

// judge says what the score was measured on.
func judge(info model.Info) string {
	if info.Split != "" {
		return info.Split
	}
	if info.Folds > 1 {
		return fmt.Sprintf("%d-fold cross-validation", info.Folds)
	}
	return "hold-out rows"
}

// topRows is how many rows of the leaderboard fit prints; the model has all.
const topRows = 10

func (r *fitReport) print(con *console) error {
	if con.json {
		return con.document(r)
	}
	for _, w := range r.Warnings {
		con.warn(w)
	}
	if !con.quiet {
		if err := printBoard(con.out, r.Leaderboard[:min(topRows, len(r.Leaderboard))], r.Metric); err != nil {
			return err
		}
		if more := len(r.Leaderboard) - topRows; more > 0 {
			fmt.Fprintf(con.out, "… and %d more: automl leaderboard %s\n", more, quoteArg(r.Model))
		}
		fmt.Fprintln(con.out)
	}
	fmt.Fprintf(con.out, "task     %s, target %s%s\n", r.Task, r.Target, parenthesised(r.why))
	fmt.Fprintf(con.out, "score    %s %s, by %s\n", r.Metric, optional(r.Score), r.JudgedBy)
	fmt.Fprintf(con.out, "search   %d trials in %s, ended: %s\n", r.Trials, ago(time.Duration(r.Seconds*float64(time.Second))), r.Ended)
	fmt.Fprintf(con.out, "model    %s\n", r.Model)
	if !con.quiet {
		fmt.Fprintln(con.out)
		printSummary(con.out, r.Summary)
	}
	con.hint("use it   automl predict %s NEW.csv --out predictions.csv", quoteArg(r.Model))
	return nil
}

func parenthesised(s string) string {
	if s == "" {
		return ""
	}
	return " (" + oneLine(s) + ")"
}

// quoteArg writes a path as one word of a POSIX shell.
func quoteArg(s string) string {
	if strings.HasPrefix(s, "-") {
		s = "./" + s
	}
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,:@%=", r) {
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
	}
	return s
}
