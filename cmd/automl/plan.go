package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/featurize"
)

// planFlags are the flags of a job that a plan depends on, and those that presets set.
var planFlags = []string{"target", "task", "positive-class", "weight-column", "group-column", "time-column", "fold-column", "type", "ignore", "plan", "job", "preset", "time", "trials", "include", "exclude", "max-model-size", "max-predict-latency"}

func planCommand(*process) *cli.Command {
	var flags []cli.Flag
	for _, f := range jobFlags() {
		if slices.Contains(planFlags, f.Names()[0]) {
			flags = append(flags, f)
		}
	}
	return &cli.Command{
		Name:      "plan",
		Usage:     "say what fit would make of the columns, to be edited and used",
		UsageText: "automl plan DATA --target COL [--out FILE] [flags]",
		Description: "Nothing is trained. --json prints, and --out writes, the plan as JSON for fit --plan. In it, change the type\n" +
			"of a column and leave out its transforms, change the transforms, or set ignored.",
		Flags:  append(flags, &cli.StringFlag{Name: "out", Usage: "write the plan to `FILE` as JSON"}),
		Action: runPlan,
	}
}

func runPlan(c *cli.Context) error {
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
	options.Start, options.Logger = time.Now(), con.log
	out := c.String("out")
	if out != "" {
		if err := checkWritable(out); err != nil {
			return err
		}
	}
	t, err := readTable(c.Context, args[0])
	if err != nil {
		return err
	}
	plan, err := automl.MakePlan(t, options)
	if err != nil {
		return inFile(c, err)
	}
	if out != "" {
		file := *con
		if err := writeAtomic(out, func(w io.Writer) error { file.out = w; return file.document(plan) }); err != nil {
			return err
		}
		con.hint("use it   automl fit %s --plan %s", quoteArg(args[0]), quoteArg(out))
	}
	if con.json {
		return con.document(plan)
	}
	for _, w := range plan.Warnings {
		con.warn(w)
	}
	if err := printPlan(con.out, plan); err != nil {
		return err
	}
	if plan.Select > 0 {
		fmt.Fprintf(con.out, "\nselect   each model is given the %d features that tell most of the target among its training rows\n", plan.Select)
	}
	printPreset(con.out, options)
	return nil
}

// inFile names the plan or the job file that an error is about.
func inFile(c *cli.Context, err error) error {
	plan, job := c.String("plan"), c.String("job")
	if plan != "" && errors.Is(err, featurize.ErrPlan) || job != "" && automl.IsUserError(err) {
		return fmt.Errorf("%s: %w", cmp.Or(plan, job), err)
	}
	return err
}

// printPlan prints a line for each column.
func printPlan(w io.Writer, p *automl.Plan) error {
	rows := make([][]string, 0, len(p.Columns))
	for _, c := range p.Columns {
		rows = append(rows, []string{c.Name, string(c.Type), made(c), strconv.Itoa(c.Distinct), strconv.Itoa(c.Missing), reason(c)})
	}
	return table(w, []string{"column", "type", "makes", "distinct", "missing", "why"}, rows)
}

// made says what is made of a column.
func made(c featurize.ColumnPlan) string {
	if len(c.Transforms) == 0 {
		return "nothing"
	}
	kinds := make([]string, len(c.Transforms))
	for i, s := range c.Transforms {
		kinds[i] = s.String()
	}
	return strings.Join(kinds, ", ")
}

func reason(c featurize.ColumnPlan) string {
	if c.Leak > 0 {
		return fmt.Sprintf("%s; may leak the target (%.2f)", c.Why, c.Leak)
	}
	return c.Why
}
