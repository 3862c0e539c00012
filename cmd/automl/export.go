package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

func exportCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a part of a model for LightGBM or XGBoost",
		UsageText: "automl export MODEL --format lightgbm|xgboost [--out FILE] [--part N]",
		Description: "Those libraries hold one boosted model, not an ensemble: the best part is written unless --part names\n" +
			"another. What the features are made of is said with --json.",
		Flags: []cli.Flag{
			formatFlag("write `lightgbm|xgboost` (needed)"),
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write to `FILE` (default: standard output)"},
			&cli.IntFlag{Name: "part", Usage: "write part `N`, from 1 (default: the best boosted one)"},
		},
		Action: runExport,
	}
}

// exportReport is what export prints with --json, which needs --out; its form is
// stable.
type exportReport struct {
	Model string `json:"model"`
	Out   string `json:"out"`
	*automl.Exported
}

func runExport(c *cli.Context) error {
	args, err := arguments(c, "MODEL")
	if err != nil {
		return err
	}
	con, err := newConsole(c, silent)
	if err != nil {
		return err
	}
	defer con.close()
	o, err := exportOptions(c)
	if err != nil {
		return err
	}
	out := c.String("out")
	switch {
	case con.json && out == "":
		return userf("--json: the model goes to standard output already: give --out FILE")
	case out != "":
		if err := checkWritable(out); err != nil {
			return err
		}
	}
	m, err := loadModel(args[0])
	if err != nil {
		return err
	}
	var text bytes.Buffer
	e, err := automl.Export(&text, m, o)
	if err != nil {
		return err
	}
	if out == "" {
		_, err = con.out.Write(text.Bytes())
	} else {
		err = writeAtomic(out, func(w io.Writer) error {
			_, err := w.Write(text.Bytes())
			return err
		})
	}
	if err != nil {
		return err
	}
	if con.json {
		return con.document(exportReport{args[0], out, e})
	}
	for _, note := range e.Notes {
		con.warn(note)
	}
	con.hint("part %d of %d (%s, trial %d, %d trees) as %s", e.Part, e.Parts, e.Learner, e.Trial, e.Trees, e.Format)
	return nil
}

func exportOptions(c *cli.Context) (o automl.ExportOptions, err error) {
	name := c.String("format")
	if name == "" {
		return o, userf("--format is missing: use lightgbm or xgboost")
	}
	if o.Format, err = automl.ParseFormat(name); err != nil {
		return o, userf("--format: %w", err)
	}
	o.Part = c.Int("part")
	if c.IsSet("part") && o.Part < 1 {
		return o, userf("--part %d: parts count from 1", o.Part)
	}
	return o, nil
}

// some lists up to eight names.
func some(names []string) string {
	const most = 8
	shown := make([]string, 0, most)
	for i, n := range names {
		if i == most {
			return strings.Join(shown, ", ") + fmt.Sprintf(" and %d more", len(names)-most)
		}
		shown = append(shown, oneLine(n))
	}
	return strings.Join(shown, ", ")
}
