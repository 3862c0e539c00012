package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/report"
)

func reportCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "say in words what a model's search found, or write it as a page",
		UsageText: "automl report MODEL [--out FILE.html]",
		Flags:     []cli.Flag{&cli.StringFlag{Name: "out", Usage: "write one plain HTML page to `FILE`"}},
		Action:    runReport,
	}
}

func runReport(c *cli.Context) error {
	args, err := arguments(c, "MODEL")
	if err != nil {
		return err
	}
	con, err := newConsole(c, silent)
	if err != nil {
		return err
	}
	defer con.close()
	out := c.String("out")
	if err := checkOut(out); err != nil {
		return err
	}
	m, err := loadModel(args[0])
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeReport(m, out); err != nil {
			return err
		}
	}
	summary := report.Summarize(m)
	if con.json {
		return con.document(summary)
	}
	printSummary(con.out, summary)
	return nil
}

// writeReport writes a model's report page.
func writeReport(m *automl.Model, path string) error {
	return writeAtomic(path, func(w io.Writer) error { return report.WriteHTML(w, m) })
}

// printSummary prints a line for each thing that a summary says.
func printSummary(w io.Writer, s report.Summary) {
	rows := [][2]string{{"tried", s.Tried}, {"won", s.Won}, {"distill", s.Distilled}, {"margin", s.Margin}, {"drives", s.Drives}}
	for i, text := range s.Next {
		rows = append(rows, [2]string{[]string{"next", ""}[min(i, 1)], text})
	}
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(w, "%-8s %s\n", row[0], oneLine(row[1]))
		}
	}
}
