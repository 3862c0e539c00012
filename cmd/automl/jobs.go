package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

func jobsCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "jobs",
		Usage:     "submit and follow jobs of a service",
		UsageText: "automl jobs COMMAND",
		Subcommands: []*cli.Command{
			{
				Name:      "submit",
				Usage:     "upload a table and queue a job",
				UsageText: "automl jobs submit DATA|--dataset ID --target COL [--wait] [--out FILE] [flags]",
				Flags: append(append(jobFlags(), remoteFlags()...),
					&cli.StringFlag{Name: "dataset", Usage: "use the uploaded table `ID` in place of DATA"},
					&cli.StringFlag{Name: "continue", Usage: "begin with what was best in job `ID`, on the same columns and target"},
					&cli.StringFlag{Name: "name", Usage: "call the job `NAME`"},
					&cli.BoolFlag{Name: "wait", DisableDefaultText: true, Usage: "wait until the job is over"},
					outFlag(),
				),
				Action: runSubmit,
			},
			{
				Name:      "list",
				Usage:     "list jobs, newest first",
				UsageText: "automl jobs list [--limit N]",
				Flags:     append(remoteFlags(), &cli.StringFlag{Name: "limit", Usage: "at most `N` jobs", DefaultText: "50"}),
				Action:    runList,
			},
			{
				Name:      "show",
				Usage:     "show one job",
				UsageText: "automl jobs show ID",
				Flags:     remoteFlags(),
				Action:    runShow,
			},
			{
				Name:      "watch",
				Usage:     "follow a job until it is over",
				UsageText: "automl jobs watch ID [--out FILE]",
				Flags:     append(remoteFlags(), outFlag()),
				Action:    runWatch,
			},
			{
				Name:      "report",
				Usage:     "write what the search of a job found as one plain HTML page",
				UsageText: "automl jobs report ID --out FILE",
				Flags:     append(remoteFlags(), &cli.StringFlag{Name: "out", Usage: "write the page to `FILE` (required)"}),
				Action:    runJobReport,
			},
			{
				Name:      "cancel",
				Usage:     "end a job with the best model so far",
				UsageText: "automl jobs cancel ID",
				Flags:     remoteFlags(),
				Action:    runCancel,
			},
		},
	}
}

func remoteFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Usage: "the service is at `URL`", Value: "http://127.0.0.1:8080", EnvVars: []string{"AUTOML_SERVER"}},
		tokenFlag(),
	}
}

func outFlag() cli.Flag {
	return &cli.StringFlag{Name: "out", Usage: "wait, then write the model to `FILE`"}
}

// remote is a service, as a jobs command uses it.
type remote struct {
	*console
	client *automl.Client
	server string
}

func newRemote(c *cli.Context) (*remote, error) {
	con, err := newConsole(c, silent)
	if err != nil {
		return nil, err
	}
	server := c.String("server")
	return &remote{con, automl.NewClient(server, automl.ClientOptions{Token: c.String("token")}), server}, nil
}

func (r *remote) close() {
	r.client.Close()
	r.console.close()
}

// blame sorts errors of the client into what the user gave (an address, a
// token, an id, a request that the service refuses) and what failed.
func (r *remote) blame(err error) error {
	var api *automl.APIError
	var transport *url.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.As(err, &api):
		if api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden {
			return userf("%s: %w: give its token with --token or AUTOML_TOKEN", r.server, err)
		}
		if api.Status/100 == 4 && api.Status != http.StatusTooManyRequests {
			return &userError{err}
		}
		return err
	case errors.As(err, &transport):
		return userf("cannot reach %s: %w: is automl serve running there? --server URL names another", r.server, transport.Err)
	}
	return &userError{err}
}

func runSubmit(c *cli.Context) error {
	r, err := newRemote(c)
	if err != nil {
		return err
	}
	defer r.close()
	request, err := jobRequest(c)
	if err != nil {
		return err
	}
	out := c.String("out")
	if err := checkOut(out); err != nil {
		return err
	}
	if request.Dataset == "" {
		if request.Dataset, err = r.upload(c.Context, c.Args().First()); err != nil {
			return err
		}
	}
	job, err := r.client.Submit(c.Context, request)
	if err != nil {
		return r.blame(err)
	}
	if !c.Bool("wait") && out == "" {
		return r.printJob(job)
	}
	r.hint("job %s is %s", job.ID, job.State)
	return r.follow(c.Context, job.ID, out, false)
}

func checkOut(out string) error {
	if out == "" {
		return nil
	}
	return checkWritable(out)
}

func jobRequest(c *cli.Context) (automl.JobRequest, error) {
	o, err := readJobOptions(c)
	if err != nil {
		return automl.JobRequest{}, err
	}
	request := automl.JobRequest{
		Dataset: c.String("dataset"), Name: c.String("name"), Target: o.target, Preset: o.preset, Trials: o.trials,
		Metric: o.metric, Task: o.task, Positive: o.positive, Weight: o.weight, Folds: o.folds, Seed: o.seed,
		Balanced: o.balanced, ClassWeights: o.classWeights, Monotone: o.monotone, Costs: o.costs, Intervals: o.intervals, Quantiles: o.quantiles,
		Group: o.group, TimeColumn: o.timeColumn, Fold: o.fold, Repeats: o.repeats, Holdout: o.holdout,
		Include: o.include, Exclude: o.exclude, Without: o.without, Types: o.types, Ignore: o.ignoreCols, Plan: o.plan, Params: o.params, Best: o.best, Distill: o.distill, Threads: o.threads,
	}
	request.SetLimits(o.limits)
	request.Continue = c.String("continue")
	if o.time > 0 {
		request.Time = o.time.String()
	}
	if request.Dataset != "" {
		_, err = arguments(c)
	} else {
		_, err = arguments(c, "DATA (or --dataset ID)")
	}
	return request, err
}

// upload sends a file, "-" for standard input, and returns the data set's id.
func (r *remote) upload(ctx context.Context, path string) (string, error) {
	in, name, kind := io.Reader(os.Stdin), "stdin", ""
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", absent(path, userf("%w", err))
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return "", userf("%s: is a directory: give a CSV or Parquet file", path)
		}
		in, name = f, filepath.Base(path)
	}
	if strings.EqualFold(filepath.Ext(name), ".parquet") {
		kind = "application/vnd.apache.parquet"
	}
	d, err := r.client.Upload(ctx, name, in, kind)
	if err != nil {
		return "", r.blame(err)
	}
	r.hint("data set %s: %d rows, %d columns", d.ID, d.Rows, len(d.Columns))
	return d.ID, nil
}

func runList(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	limit, err := countFlag(c, "limit", 1, 50)
	if err != nil {
		return err
	}
	r, err := newRemote(c)
	if err != nil {
		return err
	}
	defer r.close()
	jobs, err := r.client.Jobs(c.Context, limit)
	if err != nil {
		return r.blame(err)
	}
	if r.json {
		return r.document(map[string]any{"jobs": list(jobs)})
	}
	rows := make([][]string, 0, len(jobs))
	for _, j := range jobs {
		rows = append(rows, []string{
			j.ID, j.Name, string(j.State), j.Options.Target, j.Metric, optional(j.BestScore),
			strconv.Itoa(j.Trials), timeLeft(j.TimeLeft), j.Created.Local().Format(time.DateTime),
		})
	}
	header := []string{"id", "name", "state", "target", "metric", "best", "trials", "time left", "created"}
	return table(r.out, header, rows)
}

func timeLeft(s *float64) string {
	if s == nil {
		return "-"
	}
	return (time.Duration(*s) * time.Second).String()
}

func runShow(c *cli.Context) error {
	return onJob(c, func(r *remote, id string) error {
		job, err := r.client.Job(c.Context, id)
		if err != nil {
			return r.blame(err)
		}
		return r.printJob(job)
	})
}

func runWatch(c *cli.Context) error {
	return onJob(c, func(r *remote, id string) error {
		out := c.String("out")
		if err := checkOut(out); err != nil {
			return err
		}
		return r.follow(c.Context, id, out, true)
	})
}

func runJobReport(c *cli.Context) error {
	return onJob(c, func(r *remote, id string) error {
		out := c.String("out")
		if out == "" {
			return userf("--out FILE is missing: name the file of the page")
		}
		if err := checkWritable(out); err != nil {
			return err
		}
		err := writeAtomic(out, func(w io.Writer) error { return r.client.DownloadReport(c.Context, id, w) })
		return r.blame(err)
	})
}

func runCancel(c *cli.Context) error {
	return onJob(c, func(r *remote, id string) error {
		job, err := r.client.Cancel(c.Context, id)
		if err != nil {
			return r.blame(err)
		}
		return r.printJob(job)
	})
}

// onJob runs a command whose one argument is a job's id.
func onJob(c *cli.Context, run func(r *remote, id string) error) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	r, err := newRemote(c)
	if err != nil {
		return err
	}
	defer r.close()
	return run(r, args[0])
}

// printJob prints a job's status, in JSON as the service gives it.
func (r *remote) printJob(j *automl.JobStatus) error {
	if r.json {
		return r.document(j)
	}
	rows := [][]string{
		{"job", j.ID}, {"name", j.Name}, {"state", string(j.State)}, {"reason", j.Reason}, {"phase", j.Phase},
		{"data set", j.Dataset}, {"target", j.Options.Target}, {"metric", j.Metric}, {"best score", optional(j.BestScore)},
		{"trials", strconv.Itoa(j.Trials)}, {"time left", timeLeft(j.TimeLeft)},
		{"queued for", ago(time.Duration(j.QueuedSeconds * float64(time.Second)))},
		{"created", j.Created.Local().Format(time.DateTime)},
	}
	if !j.Finished.IsZero() {
		rows = append(rows, []string{"finished", j.Finished.Local().Format(time.DateTime)})
	}
	for _, row := range rows {
		if row[1] != "" && row[1] != "-" {
			fmt.Fprintf(r.out, "%-11s %s\n", row[0], oneLine(row[1]))
		}
	}
	return nil
}

// follow shows a job until it is over, and writes its model to out if that is
// not empty. With --json it prints the events, one a line, if lines is set, and
// the job's last status.
func (r *remote) follow(ctx context.Context, id, out string, lines bool) error {
	job, err := r.client.Job(ctx, id)
	if err != nil {
		return r.blame(err)
	}
	if err := r.watch(ctx, job, lines && r.json); err != nil {
		return err
	}
	if job, err = r.client.Job(ctx, id); err != nil {
		return r.blame(err)
	}
	if job.State == trials.JobFailed {
		return fmt.Errorf("job %s failed: %s", id, job.Reason)
	}
	if out != "" {
		if err := r.download(ctx, job, out); err != nil {
			return err
		}
	}
	if lines && r.json {
		return r.line(job)
	}
	return r.printJob(job)
}

// watch shows progress until the job is over.
func (r *remote) watch(ctx context.Context, job *automl.JobStatus, lines bool) error {
	budget, _ := time.ParseDuration(job.Options.Time)
	start := time.Now()
	if job.TimeLeft != nil {
		left := time.Duration(*job.TimeLeft * float64(time.Second))
		start = start.Add(left - budget)
	}
	bar := newProgress(r.console, start, budget, job.Options.Trials)
	defer bar.close()
	follower := newFollower(bar)
	err := r.client.Watch(ctx, job.ID, func(e automl.Event) {
		follower.event(e)
		if lines {
			r.line(watchLine{e.Seq, e.Kind, e.Time, e.Trial, e.Data})
		}
		r.log.Debug("event", slog.String("kind", e.Kind), slog.Int("trial", e.Trial))
	})
	if errors.Is(err, context.Canceled) {
		r.hint("job %s goes on: automl jobs cancel %s ends it", job.ID, job.ID)
	}
	return r.blame(err)
}

// watchLine is one line of jobs watch --json; its form is stable.
type watchLine struct {
	ID    uint64          `json:"id"`
	Kind  string          `json:"kind"`
	Time  time.Time       `json:"time"`
	Trial int             `json:"trial"`
	Data  json.RawMessage `json:"data,omitempty"`
}

func (r *remote) download(ctx context.Context, job *automl.JobStatus, out string) error {
	err := writeAtomic(out, func(w io.Writer) error { return r.client.DownloadModel(ctx, job.ID, w) })
	if err != nil {
		return r.blame(err)
	}
	r.hint("model    %s", out)
	return nil
}
