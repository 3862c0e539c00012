package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
)

// Kinds of explanation.
const (
	kindShap        = "shap"
	kindGain        = string(model.ByGain)
	kindSplit       = string(model.BySplits)
	kindPermutation = "permutation"
	kindTerms       = "terms"
)

var explainKinds = []string{kindShap, kindGain, kindSplit, kindPermutation, kindTerms}

// explainFlags says which kinds a flag is for; those not here are for all.
var explainFlags = map[string][]string{
	"rows": {kindShap, kindPermutation}, "seed": {kindShap, kindPermutation},
	"method": {kindShap}, "samples": {kindShap}, "background": {kindShap}, "top": {kindShap},
	"repeats": {kindPermutation}, "metric": {kindPermutation},
}

func explainCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say what each column adds to predictions, or how much a model depends on it",
		UsageText: "automl explain MODEL [DATA] [--kind shap|gain|split|permutation|terms]",
		Description: "shap splits the predictions for the first rows of DATA into what each column adds to them, beginning\n" +
			"from the mean prediction for a background; gain and split say what the model's trees used in training,\n" +
			"and need no DATA; permutation says how much worse the score on DATA gets when a column is shuffled;\n" +
			"terms are the tables of an explainable boosting machine, whose sum is what it predicts, to be plotted.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "`KIND` shap, gain, split, permutation or terms", DefaultText: kindShap},
			&cli.StringFlag{Name: "rows", Usage: "explain the first `N` rows (shap, default 10), or judge by N rows drawn (permutation, default 1000)"},
			&cli.StringFlag{Name: "top", Usage: "show the `N` columns that add most to a row, 0 for all; JSON has all (shap)", DefaultText: "10"},
			&cli.StringFlag{Name: "method", Usage: "`METHOD` exact or sampled; exact needs a model of one member, or of members without links (shap, default: exact where it can be)"},
			&cli.StringFlag{Name: "background", Usage: "rows of `FILE` stand for what is not known (shap, default: DATA)"},
			&cli.StringFlag{Name: "samples", Usage: "draw `N` orders of the columns for each row (shap, sampled)", DefaultText: "64"},
			&cli.StringFlag{Name: "repeats", Usage: "shuffle each column `N` times (permutation)", DefaultText: "5"},
			&cli.StringFlag{Name: "metric", Usage: "judge by metric `M` (permutation, default: the model's)"},
			&cli.StringFlag{Name: "seed", Usage: "random seed `N`", DefaultText: "0"},
		},
		Action: runExplain,
	}
}

func runExplain(c *cli.Context) error {
	kind := c.String("kind")
	if kind == "" {
		kind = kindShap
	}
	if !slices.Contains(explainKinds, kind) {
		return userf("--kind %q: there are %s%s", kind, strings.Join(explainKinds, ", "), didYouMean(kind, explainKinds))
	}
	for name, kinds := range explainFlags {
		if c.IsSet(name) && !slices.Contains(kinds, kind) {
			return userf("--%s: is for --kind %s only", name, strings.Join(kinds, " and "))
		}
	}
	args := c.Args().Slice()
	if kind == kindShap || kind == kindPermutation {
		if len(args) == 1 {
			return userf("DATA is missing: give the rows, or --kind gain, split or terms, which need none: usage: %s", c.Command.UsageText)
		}
		var err error
		if args, err = arguments(c, "MODEL", "DATA"); err != nil {
			return err
		}
	} else if _, err := arguments(c, "MODEL"); err != nil {
		return err
	}
	con, err := newConsole(c, silent)
	if err != nil {
		return err
	}
	defer con.close()
	m, err := loadModel(args[0])
	if err != nil {
		return err
	}
	switch kind {
	case kindShap:
		return explainRows(c, con, m, args)
	case kindPermutation:
		return explainShuffles(c, con, m, args)
	case kindTerms:
		return explainTerms(con, m, args[0])
	}
	return explainUsage(con, m, args[0], model.UsageKind(kind))
}

// usageReport is what explain prints for the trees' use of columns; its JSON
// form is stable.
type usageReport struct {
	Model string `json:"model"`
	Kind  string `json:"kind"`
	// Weight is the part of the ensemble that the shares are about.
	Weight  float64       `json:"weight"`
	Columns []model.Usage `json:"columns"`
}

func explainUsage(con *console, m *automl.Model, path string, kind model.UsageKind) error {
	list, weight, err := m.Usage(kind)
	if err != nil {
		return &userError{err}
	}
	if con.json {
		return con.document(usageReport{path, string(kind), weight, list})
	}
	if weight < 0.9995 {
		con.hint("%s of the ensemble; its other members have no such figures", percent(weight))
	}
	rows := make([][]string, len(list))
	for i, u := range list {
		rows[i] = []string{u.Column, percent(u.Share)}
	}
	return table(con.out, []string{"column", "share of " + string(kind)}, rows)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

// permutationReport is what explain prints for shuffled columns; its JSON form
// is stable.
type permutationReport struct {
	Model   string             `json:"model"`
	Data    string             `json:"data"`
	Kind    string             `json:"kind"`
	Metric  string             `json:"metric"`
	Columns []model.Importance `json:"columns"`
}

func explainShuffles(c *cli.Context, con *console, m *automl.Model, args []string) error {
	o := model.PermuteOptions{Metric: c.String("metric")}
	var err error
	if o.Repeats, err = countFlag(c, "repeats", 1, 0); err != nil {
		return err
	}
	if o.MaxRows, err = countFlag(c, "rows", 1, 0); err != nil {
		return err
	}
	if o.Seed, err = seedFlag(c); err != nil {
		return err
	}
	metric, err := metrics.Lookup(cmp.Or(o.Metric, m.Info().Metric))
	if err != nil {
		return userf("--metric: %w", err)
	}
	t, err := readTable(c.Context, args[1])
	if err != nil {
		return err
	}
	list, err := m.Permute(c.Context, t, o)
	if err != nil {
		return explainError(c.Context, err)
	}
	if con.json {
		return con.document(permutationReport{args[0], args[1], kindPermutation, metric.Name, list})
	}
	return printImportance(con.out, list, metric.Name)
}

// explainError tells an interrupt from what is wrong with the input.
func explainError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return &userError{err}
}

// shapReport is what explain prints for rows; its JSON form is stable.
type shapReport struct {
	Model  string `json:"model"`
	Data   string `json:"data"`
	Kind   string `json:"kind"`
	Method string `json:"method"`
	// Unit is "prediction" or "margin".
	Unit     string    `json:"unit"`
	Columns  []string  `json:"columns"`
	Outputs  []string  `json:"outputs"`
	Expected []float64 `json:"expected"` // of each output
	Rows     []shapRow `json:"rows"`
}

// shapRow is one row: a number for each output, or one for each output and
// column.
type shapRow struct {
	Row           int         `json:"row"` // of DATA, from 1
	Prediction    []float64   `json:"prediction"`
	Contributions [][]float64 `json:"contributions"`
	StdErr        [][]float64 `json:"std_err,omitempty"` // if sampled
}

func explainRows(c *cli.Context, con *console, m *automl.Model, args []string) error {
	o := model.ExplainOptions{Method: model.Method(c.String("method"))}
	rows, err := countFlag(c, "rows", 1, 10)
	if err != nil {
		return err
	}
	top, err := countFlag(c, "top", 0, 10)
	if err != nil {
		return err
	}
	if o.Samples, err = countFlag(c, "samples", 1, 0); err != nil {
		return err
	}
	if o.Seed, err = seedFlag(c); err != nil {
		return err
	}
	t, err := readTable(c.Context, args[1])
	if err != nil {
		return err
	}
	if path := c.String("background"); path != "" {
		if o.Background, err = readTable(c.Context, path); err != nil {
			return err
		}
	}
	for i := range min(rows, t.Rows()) {
		o.Rows = append(o.Rows, int32(i))
	}
	e, err := m.Explain(c.Context, t, o)
	if err != nil {
		return explainError(c.Context, err)
	}
	if con.json {
		return con.document(reportOf(e, args))
	}
	return printExplanation(con, e, t, top)
}

func reportOf(e *automl.Explanation, args []string) shapReport {
	r := shapReport{
		Model: args[0], Data: args[1], Kind: kindShap, Method: string(e.Method), Unit: e.Unit,
		Columns: e.Columns, Outputs: e.Outputs, Expected: e.Expected,
	}
	outputs, columns := len(e.Outputs), len(e.Columns)
	for i, row := range e.Rows {
		s := shapRow{Row: int(row) + 1, Prediction: e.Predictions[i*outputs : (i+1)*outputs]}
		for k := range outputs {
			from := (i*outputs + k) * columns
			s.Contributions = append(s.Contributions, e.Contributions[from:from+columns])
			if e.StdErr != nil {
				s.StdErr = append(s.StdErr, e.StdErr[from:from+columns])
			}
		}
		r.Rows = append(r.Rows, s)
	}
	return r
}

// printExplanation prints a table for each row: of several outputs only the
// largest.
func printExplanation(con *console, e *automl.Explanation, t *data.Table, top int) error {
	con.hint("%s contributions to the %s; those of a row and what is expected add up to it", e.Method, e.Unit)
	outputs := len(e.Outputs)
	for i, row := range e.Rows {
		p := e.Predictions[i*outputs : (i+1)*outputs]
		k := 0
		for j := range p {
			if p[j] > p[k] {
				k = j
			}
		}
		if i > 0 {
			fmt.Fprintln(con.out)
		}
		fmt.Fprintf(con.out, "row %d: %s of %s %s, expected %s\n", row+1, e.Unit, oneLine(e.Outputs[k]), number(p[k]), number(e.Expected[k]))
		if err := printContributions(con, e, t, i, k, top); err != nil {
			return err
		}
	}
	return nil
}

// printContributions prints what the columns add to output k of the i-th row,
// the largest first.
func printContributions(con *console, e *automl.Explanation, t *data.Table, i, k, top int) error {
	order := make([]int, len(e.Columns))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(e.At(i, k, b)), math.Abs(e.At(i, k, a))) })
	shown := order
	if top > 0 {
		shown = order[:min(top, len(order))]
	}
	header := []string{"column", "value", "adds"}
	if e.StdErr != nil {
		header = append(header, "std err")
	}
	var rows [][]string
	for _, c := range shown {
		cells := []string{e.Columns[c], cellText(t, e.Columns[c], int(e.Rows[i])), number(e.At(i, k, c))}
		if e.StdErr != nil {
			cells = append(cells, number(e.StdErr[(i*len(e.Outputs)+k)*len(e.Columns)+c]))
		}
		rows = append(rows, cells)
	}
	if rest := order[len(shown):]; len(rest) > 0 {
		sum := 0.0
		for _, c := range rest {
			sum += e.At(i, k, c)
		}
		rows = append(rows, []string{fmt.Sprintf("(%d others)", len(rest)), "", number(sum)})
	}
	return table(con.out, header, rows)
}

// cellText is a cell as the data has it, shortened.
func cellText(t *data.Table, column string, row int) string {
	const most = 30
	text := []rune(t.Column(column).Text(row))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}
