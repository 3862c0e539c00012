package main

import (
	"math"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// limitFlags bound what a job and its model may take.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "max-memory", Usage: "refuse trials that by estimate would make the search hold more than `SIZE`, such as 2GB"},
		&cli.StringFlag{Name: "trial-timeout", Usage: "let a trial train for at most `DURATION`"},
		&cli.StringFlag{Name: "max-model-size", Usage: "keep the model below `SIZE`, such as 10MB"},
		&cli.StringFlag{Name: "max-predict-latency", Usage: "predict a row in at most `N` microseconds, in batches on one thread"},
		&cli.StringFlag{Name: "exit-score", Usage: "end once a trial's validation score is as good as `S`"},
	}
}

func readLimits(c *cli.Context) (l automl.Limits, err error) {
	for name, to := range map[string]*int64{"max-memory": &l.MaxMemory, "max-model-size": &l.MaxModelSize} {
		if !c.IsSet(name) {
			continue
		}
		if *to, err = trials.ParseSize(c.String(name)); err != nil {
			return l, userf("--%s: %w", name, err)
		}
	}
	if c.IsSet("trial-timeout") {
		if l.TrialTimeout, err = readDuration("trial-timeout", c.String("trial-timeout")); err != nil {
			return l, err
		}
	}
	if text := c.String("max-predict-latency"); c.IsSet("max-predict-latency") {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0.001 && n <= 1e12) {
			return l, userf("--max-predict-latency %q: use a number of microseconds a row, such as 100", text)
		}
		l.MaxPredictLatency = time.Duration(n * float64(time.Microsecond))
	}
	if text := c.String("exit-score"); c.IsSet("exit-score") {
		s, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(s) || math.IsInf(s, 0) {
			return l, userf("--exit-score %q: use a score of the metric, such as 0.95", text)
		}
		l.ExitScore = &s
	}
	return l, nil
}

func readDuration(flag, s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, userf("--%s %q: not a duration: write one such as 60s, 5m or 1h30m", flag, s)
	}
	if d <= 0 {
		return 0, userf("--%s %s: must be above zero, such as 60s", flag, s)
	}
	return d, nil
}
