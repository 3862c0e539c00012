package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

func importCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a model of LightGBM's text or XGBoost's JSON",
		UsageText: "automl import FILE [--out MODEL]",
		Description: "The model predicts what the library does, and serves and evaluates like any other. The columns it\n" +
			"wants are called as its features; categories are given by name where FILE has the names, else by code.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write the model to `FILE` (default: the name of what is read with .automl, in this directory)"},
			formatFlag("the format is `lightgbm|xgboost` (default: told by the content)"),
			&cli.StringFlag{Name: "target", Usage: "what is predicted is called `COL`, where evaluate looks for the answers", DefaultText: "target"},
			&cli.StringSliceFlag{Name: "classes", KeepSpace: true, Usage: "the classes are called `A,B,…`, in the order of their numbers"},
			&cli.StringSliceFlag{Name: "columns", KeepSpace: true, Usage: "the inputs are called `A,B,…`, in the order of the features"},
		},
		Action: runImport,
	}
}

func formatFlag(usage string) cli.Flag { return &cli.StringFlag{Name: "format", Usage: usage} }

// importReport is what import prints; its JSON form is stable.
type importReport struct {
	Model    string   `json:"model"`
	From     string   `json:"from"`
	Imported string   `json:"imported"`
	Task     string   `json:"task"`
	Target   string   `json:"target"`
	Classes  []string `json:"classes"`
	Columns  []string `json:"columns"`
	Warnings []string `json:"warnings"`
}

func runImport(c *cli.Context) error {
	args, err := arguments(c, "FILE")
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
		out = importName(args[0])
	}
	o, err := importOptions(c)
	if err != nil {
		return err
	}
	if err := checkWritable(out); err != nil {
		return err
	}
	m, err := importFile(c.Context, args[0], o)
	if err != nil {
		return err
	}
	if err := saveModel(m, out); err != nil {
		return err
	}
	info := m.Info()
	r := &importReport{
		Model: out, From: args[0], Imported: info.Imported, Task: string(info.Task), Target: info.Target,
		Classes: list(info.Classes), Columns: info.Columns, Warnings: list(info.Warnings),
	}
	return r.print(con)
}

func importOptions(c *cli.Context) (o automl.ImportOptions, err error) {
	o.Target = c.String("target")
	if name := c.String("format"); name != "" {
		if o.Format, err = automl.ParseFormat(name); err != nil {
			return o, userf("--format: %w", err)
		}
	}
	if o.Classes, err = splitList(c.StringSlice("classes")); err != nil {
		return o, userf("--classes: %w", err)
	}
	if o.Columns, err = splitList(c.StringSlice("columns")); err != nil {
		return o, userf("--columns: %w", err)
	}
	return o, nil
}

// importFile reads FILE, "-" for standard input; it returns as soon as ctx ends.
func importFile(ctx context.Context, path string, o automl.ImportOptions) (*automl.Model, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, absent(path, err)
		}
		defer f.Close()
	}
	type result struct {
		model *automl.Model
		err   error
	}
	done := make(chan result, 1)
	go func() {
		m, err := automl.Import(f, o)
		done <- result{m, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, userf("%s: %w", path, r.err)
		}
		return r.model, nil
	case <-ctx.Done():
		return nil, errInterrupted
	}
}

// importName is the default name of the model made of the file at path.
func importName(path string) string {
	base := filepath.Base(path)
	for _, ext := range []string{".txt", ".json", ".model", ".lgb", ".xgb"} {
		if strings.EqualFold(filepath.Ext(base), ext) && len(base) > len(ext) {
			base = base[:len(base)-len(ext)]
			break
		}
	}
	return modelName(base)
}

func (r *importReport) print(con *console) error {
	if con.json {
		return con.document(r)
	}
	for _, w := range r.Warnings {
		con.warn(w)
	}
	fmt.Fprintf(con.out, "from     %s\n", oneLine(r.Imported))
	fmt.Fprintf(con.out, "task     %s, target %s\n", r.Task, oneLine(r.Target))
	if len(r.Classes) > 0 {
		fmt.Fprintf(con.out, "classes  %s\n", some(r.Classes))
	}
	fmt.Fprintf(con.out, "columns  %s\n", some(r.Columns))
	fmt.Fprintf(con.out, "model    %s\n", r.Model)
	con.hint("use it   automl predict %s NEW.csv --out predictions.csv", quoteArg(r.Model))
	return nil
}
