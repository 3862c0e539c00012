package main

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// defaultTime is the budget of a job that names neither time nor trials.
const defaultTime = 60 * time.Second

// jobFlags are the flags that say what is asked of a job, here or elsewhere.
func jobFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "target", Usage: "predict column `COL` (required)"},
		&cli.StringFlag{Name: "time", Usage: "wall-clock budget `DURATION`, such as 60s, 5m, 1h30m (default: 60s, no limit with --trials)"},
		&cli.StringFlag{Name: "preset", Usage: "defaults for other flags, which win: `NAME` fast, balanced, best or interpretable"},
		&cli.StringFlag{Name: "trials", Usage: "end after `N` trials; alone it makes runs repeatable"},
		&cli.StringFlag{Name: "metric", Usage: "choose models by `M`, a name of scikit-learn such as roc_auc, or a short one such as rmse"},
		&cli.StringFlag{Name: "task", Usage: "`TASK` binary, multiclass or regression (default: told from the target)"},
		&cli.StringFlag{Name: "positive-class", Usage: "the `CLASS` that scores are about (default: the later one in sorted order)"},
		&cli.StringFlag{Name: "weight-column", Usage: "column `COL` holds row weights"},
		&cli.StringFlag{Name: "class-weight", Usage: "weigh classes in training: balanced, or as in `FILE` (JSON, or CSV with class and weight)"},
		&cli.StringFlag{Name: "cost-matrix", Usage: "predict the class of least expected cost, as in `FILE` (JSON, or CSV with a line for each true class)"},
		&cli.StringSliceFlag{Name: "monotone", KeepSpace: true, Usage: "`COL=+1`: predictions must not fall as COL grows; -1: not rise; repeatable"},
		&cli.StringFlag{Name: "intervals", Usage: "predict with an interval that holds a `SHARE` of the answers, such as 0.9"},
		&cli.StringSliceFlag{Name: "quantiles", Usage: "predict the quantiles `P,Q`, such as 0.1,0.5,0.9"},
		&cli.StringFlag{Name: "folds", Usage: "validate by `K` folds, holdout or auto", DefaultText: "auto"},
		&cli.StringFlag{Name: "repeats", Usage: "repeat the folds `N` times, drawn anew", DefaultText: "1"},
		&cli.StringFlag{Name: "holdout", Usage: "hold out a `SHARE` of the rows, such as 0.2, or a number of rows"},
		&cli.StringFlag{Name: "group-column", Usage: "validate rows of equal values in `COL` together"},
		&cli.StringFlag{Name: "time-column", Usage: "train on earlier, validate on later rows by `COL`"},
		&cli.StringFlag{Name: "fold-column", Usage: "`COL` says the fold of each row"},
		&cli.StringFlag{Name: "seed", Usage: "random seed `N`", DefaultText: "0"},
		&cli.StringFlag{Name: "threads", Usage: "`N` threads for each trial (default: chosen with the workers)"},
		&cli.StringSliceFlag{Name: "include", Usage: "try only learners `A,B`"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "do not try learners `A,B`"},
		&cli.StringSliceFlag{Name: "without", Usage: "leave out `PARTS` of the search, to see what they are worth: " + strings.Join(trials.Parts(), ", ")},
		&cli.BoolFlag{Name: "distill", Usage: "make one model of boosted trees of the ensemble, which predicts faster"},
		&cli.StringSliceFlag{Name: "type", KeepSpace: true, Usage: "`COL=KIND`: numeric, boolean, categorical, datetime, text, identifier or constant; repeatable"},
		&cli.StringSliceFlag{Name: "ignore", KeepSpace: true, Usage: "leave out columns `A,B`"},
		&cli.StringFlag{Name: "job", Usage: "take what is asked from `FILE` (YAML or JSON), in place of these flags"},
		&cli.StringFlag{Name: "plan", Usage: "make of the columns what `FILE` says, as automl plan --json prints it"},
	}, limitFlags()...)
}

// jobOptions is what jobFlags were given as.
type jobOptions struct {
	target                                string
	time                                  time.Duration // 0 for no limit
	trials                                int           // 0 for no bound
	metric, task, positive                string
	weight, folds                         string
	group, timeColumn, fold               string // columns
	repeats                               int
	balanced                              bool
	costs                                 map[string]map[string]float64
	intervals                             float64
	quantiles                             []float64
	monotone                              map[string]int
	classWeights                          map[string]float64
	holdout                               float64
	seed                                  uint64
	threads                               int
	include, exclude, without, ignoreCols []string
	types                                 map[string]string
	plan                                  *automl.Plan
	params                                map[string]map[string]any
	best, distill                         bool
	workers                               int // of a job file
	limits                                automl.Limits
	preset                                string
}

func readJobOptions(c *cli.Context) (*jobOptions, error) {
	if path := c.String("job"); path != "" {
		return readJobFile(c, path)
	}
	o := &jobOptions{
		target: c.String("target"), metric: c.String("metric"), task: c.String("task"),
		positive: c.String("positive-class"), weight: c.String("weight-column"), folds: c.String("folds"),
		preset: c.String("preset"), distill: c.Bool("distill"),
		group: c.String("group-column"), timeColumn: c.String("time-column"), fold: c.String("fold-column"),
	}
	if err := o.readPlan(c.String("plan")); err != nil {
		return nil, err
	}
	if o.target == "" {
		return nil, userf("--target COL is missing: name the column to predict")
	}
	if err := o.readBudget(c); err != nil {
		return nil, err
	}
	var err error
	if o.repeats, err = countFlag(c, "repeats", 1, 0); err != nil {
		return nil, err
	}
	if o.holdout, err = shareFlag(c, "holdout"); err != nil {
		return nil, err
	}
	if o.balanced, o.classWeights, err = readClassWeights(c.Context, c.String("class-weight")); err != nil {
		return nil, err
	}
	if o.monotone, err = readDirections(c.StringSlice("monotone")); err != nil {
		return nil, err
	}
	if o.costs, err = readCosts(c.Context, c.String("cost-matrix")); err != nil {
		return nil, err
	}
	if o.limits, err = readLimits(c); err != nil {
		return nil, err
	}
	if err = o.readSpread(c); err != nil {
		return nil, err
	}
	if o.seed, err = seedFlag(c); err != nil {
		return nil, err
	}
	if o.threads, err = countFlag(c, "threads", 1, 0); err != nil {
		return nil, err
	}
	for name, list := range map[string]*[]string{"include": &o.include, "exclude": &o.exclude, "without": &o.without, "ignore": &o.ignoreCols} {
		if *list, err = splitList(c.StringSlice(name)); err != nil {
			return nil, userf("--%s: %w", name, err)
		}
	}
	o.types, err = readTypes(c.StringSlice("type"))
	return o, err
}

// readJobFile takes all from a job file; other flags of a job do not go with it.
func readJobFile(c *cli.Context, path string) (*jobOptions, error) {
	for _, f := range jobFlags() {
		if name := f.Names()[0]; name != "job" && c.IsSet(name) {
			return nil, userf("--job %s says what is asked: --%s does not go with it, write it there", path, name)
		}
	}
	j, err := automl.ReadJob(path)
	if err != nil {
		return nil, absent(path, err)
	}
	o := &jobOptions{
		target: j.Target, time: j.Time, trials: j.Trials, metric: j.Metric, task: j.Task, positive: j.PositiveClass,
		weight: j.WeightColumn, folds: j.Folds, group: j.GroupColumn, timeColumn: j.TimeColumn, fold: j.FoldColumn,
		repeats: j.Repeats, balanced: j.Balanced, costs: j.Costs, intervals: j.Intervals, quantiles: j.Quantiles,
		monotone: j.Monotone, classWeights: j.ClassWeights, holdout: j.Holdout, seed: j.Seed, threads: j.Threads,
		include: j.Include, exclude: j.Exclude, without: j.Without, ignoreCols: j.Ignore, types: j.Types, plan: j.Plan,
		params: j.Params, best: j.Best, distill: j.Distill, workers: j.Workers, limits: j.Limits, preset: j.Preset,
	}
	if o.target == "" {
		return nil, userf("%s: target_column_name is missing: name the column to predict", path)
	}
	if o.time == 0 && o.trials == 0 && o.preset == "" {
		o.time = defaultTime
	}
	return o, nil
}

// readPlan reads --plan, which may name the target and the weights.
func (o *jobOptions) readPlan(path string) (err error) {
	if path == "" {
		return nil
	}
	if o.plan, err = automl.ReadPlan(path); err != nil {
		return absent(path, err)
	}
	o.target, o.weight = cmp.Or(o.target, o.plan.Target), cmp.Or(o.weight, o.plan.Weight)
	return nil
}

// readBudget reads --time and --trials: both, one, or the default time.
func (o *jobOptions) readBudget(c *cli.Context) (err error) {
	if o.trials, err = countFlag(c, "trials", 1, 0); err != nil {
		return err
	}
	if c.IsSet("time") {
		o.time, err = readDuration("time", c.String("time"))
		return err
	}
	if o.trials == 0 && o.preset == "" {
		o.time = defaultTime
	}
	return nil
}

// readSpread reads --intervals and --quantiles.
func (o *jobOptions) readSpread(c *cli.Context) (err error) {
	if c.IsSet("intervals") {
		text := c.String("intervals")
		if o.intervals, err = strconv.ParseFloat(text, 64); err != nil || !(o.intervals > 0 && o.intervals < 1) {
			return userf("--intervals %q: use the share of answers that they are to hold, such as 0.9", text)
		}
	}
	for _, list := range c.StringSlice("quantiles") {
		for _, text := range strings.Split(list, ",") {
			q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				return userf("--quantiles %q: use levels between 0 and 1, ascending, such as 0.1,0.5,0.9", list)
			}
			o.quantiles = append(o.quantiles, q)
		}
	}
	return nil
}

// readDirections reads COL=+1 and COL=-1, separated by commas.
func readDirections(values []string) (map[string]int, error) {
	pairs, err := splitList(values)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	ways := map[string]int{}
	for _, pair := range pairs {
		i := strings.LastIndexByte(pair, '=')
		way := 0
		if i > 0 {
			way = map[string]int{"+1": 1, "1": 1, "-1": -1}[pair[i+1:]]
		}
		if way == 0 {
			return nil, userf("--monotone %q: write COL=+1 or COL=-1, such as age=+1", pair)
		}
		if old, twice := ways[pair[:i]]; twice && old != way {
			return nil, userf("--monotone: column %q is given both ways", pair[:i])
		}
		ways[pair[:i]] = way
	}
	return ways, nil
}

// shareFlag reads a share of the rows or their number, 0 if absent.
func shareFlag(c *cli.Context, name string) (float64, error) {
	if !c.IsSet(name) {
		return 0, nil
	}
	v, err := strconv.ParseFloat(c.String(name), 64)
	if err != nil || !(v > 0) {
		return 0, userf("--%s %q: use a share of the rows such as 0.2 or a number of rows", name, c.String(name))
	}
	return v, nil
}

// readTypes reads col=kind pairs; the last "=" divides, so that a column's name
// may hold others.
func readTypes(pairs []string) (map[string]string, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	types := map[string]string{}
	for _, pair := range pairs {
		i := strings.LastIndexByte(pair, '=')
		if i <= 0 || i == len(pair)-1 {
			return nil, userf("--type %q: write COL=KIND, such as zip=categorical", pair)
		}
		col, kind := pair[:i], pair[i+1:]
		if old, twice := types[col]; twice && old != kind {
			return nil, userf("--type: column %q is given as %s and as %s: give one", col, old, kind)
		}
		types[col] = kind
	}
	return types, nil
}
