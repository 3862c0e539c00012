package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/data/parquet"
	"github.com/seed-09a2cce4/automl/metrics"
)

func predictCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "predict",
		Usage:     "predict the rows of a table",
		UsageText: "automl predict MODEL DATA [--out FILE] [--keep COL,…|all]",
		Description: "Prints CSV, one line a row in the order of DATA: the kept columns, prediction, and for classes\n" +
			"prob_CLASS for each, for numbers lower, upper and quantiles if the model has them. Columns that the model does not need are ignored.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write to `FILE`, as Parquet if it ends in .parquet (default: CSV to standard output)"},
			&cli.StringSliceFlag{Name: "keep", KeepSpace: true, Usage: "put the input columns `A,B` first, or all of them"},
		},
		Action: runPredict,
	}
}

// predictReport is what predict prints with --json, which needs --out; its form
// is stable.
type predictReport struct {
	Model   string   `json:"model"`
	Data    string   `json:"data"`
	Out     string   `json:"out"`
	Rows    int      `json:"rows"`
	Columns []string `json:"columns"`
}

func runPredict(c *cli.Context) error {
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
	switch {
	case con.json && out == "":
		return userf("--json: predictions go to standard output already: give --out FILE")
	case out != "":
		if err := checkWritable(out); err != nil {
			return err
		}
	}
	keep, err := splitList(c.StringSlice("keep"))
	if err != nil {
		return userf("--keep: %w", err)
	}
	p, err := predict(c.Context, args[0], args[1], keep)
	if err != nil {
		return err
	}
	if out == "" {
		return p.writeCSV(c.Context, con.out)
	}
	write := p.writeCSV
	if strings.EqualFold(filepath.Ext(out), ".parquet") {
		write = p.writeParquet
	}
	if err := writeAtomic(out, func(w io.Writer) error { return write(c.Context, w) }); err != nil {
		return err
	}
	if con.json {
		return con.document(predictReport{args[0], args[1], out, p.rows, p.header()})
	}
	con.hint("%d predictions in %s", p.rows, out)
	return nil
}

// predicted is a table of predictions on its way out.
type predicted struct {
	keep    []*data.Column
	answers *automl.Predictions
	rows    int
}

func predict(ctx context.Context, modelPath, dataPath string, keep []string) (*predicted, error) {
	m, err := loadModel(modelPath)
	if err != nil {
		return nil, err
	}
	t, err := readTable(ctx, dataPath)
	if err != nil {
		return nil, err
	}
	p := &predicted{rows: t.Rows()}
	if p.keep, err = keptColumns(t, keep); err != nil {
		return nil, err
	}
	if p.answers, err = m.Predict(t); err != nil {
		return nil, &userError{err}
	}
	return p, p.checkNames()
}

// keptColumns finds the columns of --keep; "all" alone means all of them.
func keptColumns(t *data.Table, keep []string) ([]*data.Column, error) {
	if len(keep) == 1 && keep[0] == "all" && t.Column("all") == nil {
		return t.Columns(), nil
	}
	var cols []*data.Column
	for _, name := range keep {
		col := t.Column(name)
		if col == nil {
			return nil, userf("--keep: the data has no column %q%s", name, didYouMean(name, columnNames(t)))
		}
		if slices.Contains(cols, col) {
			return nil, userf("--keep: column %q is given twice", name)
		}
		cols = append(cols, col)
	}
	return cols, nil
}

func columnNames(t *data.Table) []string {
	var names []string
	for _, c := range t.Columns() {
		names = append(names, c.Name)
	}
	return names
}

// checkNames makes sure that no kept column is called like a column of answers.
func (p *predicted) checkNames() error {
	answers := p.answerNames()
	for _, col := range p.keep {
		if slices.Contains(answers, col.Name) {
			return userf("--keep: column %q would stand beside the prediction's own %q: leave it out or rename it", col.Name, col.Name)
		}
	}
	return nil
}

func (p *predicted) regression() bool { return p.answers.Task == metrics.Regression }

func (p *predicted) answerNames() []string {
	names := []string{"prediction"}
	if p.answers.Lower != nil {
		names = append(names, "lower", "upper")
	}
	for _, level := range p.answers.Levels {
		names = append(names, "q"+strconv.FormatFloat(level, 'g', -1, 64))
	}
	for _, class := range p.answers.Classes {
		names = append(names, "prob_"+class)
	}
	return names
}

func (p *predicted) header() []string {
	var names []string
	for _, col := range p.keep {
		names = append(names, col.Name)
	}
	return append(names, p.answerNames()...)
}

// checkEvery is how many rows are written between two looks at the context.
const checkEvery = 4096

func (p *predicted) writeCSV(ctx context.Context, out io.Writer) error {
	w := csv.NewWriter(out)
	for _, name := range p.header() {
		w.Text(name)
	}
	w.EndRow()
	for i := range p.rows {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return errInterrupted
		}
		for _, col := range p.keep {
			w.Cell(col, i)
		}
		if p.regression() {
			for _, v := range p.numbers(i) {
				w.Number(v)
			}
		} else {
			w.Text(p.answers.Label(i))
			for k := range p.answers.Classes {
				p.writeProbability(w, i, k)
			}
		}
		w.EndRow()
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot write predictions: %w", err)
	}
	return nil
}

// numbers are the answers for row i, in the order of answerNames.
func (p *predicted) numbers(i int) []float64 {
	a := p.answers
	out := []float64{a.Values[i]}
	if a.Lower != nil {
		out = append(out, a.Lower[i], a.Upper[i])
	}
	n := len(a.Levels)
	return append(out, a.Quantiles[i*n:(i+1)*n]...)
}

// writeProbability writes as many digits as the model has.
func (p *predicted) writeProbability(w *csv.Writer, i, k int) {
	if p.answers.Doubles != nil {
		w.Number(p.answers.Double(i, k))
		return
	}
	w.Number32(p.answers.Probability(i, k))
}

func (p *predicted) writeParquet(_ context.Context, out io.Writer) error {
	t, err := data.NewTable(append(slices.Clone(p.keep), p.answerColumns()...)...)
	if err != nil {
		return err
	}
	return parquet.Write(out, t)
}

func (p *predicted) answerColumns() []*data.Column {
	if p.regression() {
		var cols []*data.Column
		for _, name := range p.answerNames() {
			cols = append(cols, &data.Column{Name: name, Kind: data.Number, Floats: make([]float64, p.rows)})
		}
		for i := range p.rows {
			for k, v := range p.numbers(i) {
				cols[k].Floats[i] = v
			}
		}
		return cols
	}
	code := map[string]int32{}
	for k, class := range p.answers.Classes {
		code[class] = int32(k)
	}
	labels := &data.Column{Name: "prediction", Kind: data.String, Dict: p.answers.Classes, Codes: make([]int32, p.rows)}
	cols := []*data.Column{labels}
	for k, class := range p.answers.Classes {
		col := &data.Column{Name: "prob_" + class, Kind: data.Number, Floats: make([]float64, p.rows)}
		for i := range p.rows {
			col.Floats[i] = p.answers.Double(i, k)
		}
		cols = append(cols, col)
	}
	for i := range p.rows {
		labels.Codes[i] = code[p.answers.Label(i)]
	}
	return cols
}
