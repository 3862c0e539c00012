package main

import (
	"fmt"
	"strings"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
)

// termsReport is what explain prints for additive members; its JSON form is
// stable.
type termsReport struct {
	Model   string        `json:"model"`
	Kind    string        `json:"kind"`
	Members []model.Terms `json:"members"`
}

func explainTerms(con *console, m *automl.Model, path string) error {
	list, err := m.Terms()
	if err != nil {
		return &userError{err}
	}
	if con.json {
		return con.document(termsReport{path, kindTerms, list})
	}
	con.hint("what a value adds to the margin, such as log-odds; a prediction is made of the intercept and one line of each feature and pair")
	for i, t := range list {
		if i > 0 {
			fmt.Fprintln(con.out)
		}
		fmt.Fprintf(con.out, "trial %d, %s of the ensemble\n", t.Trial, percent(t.Weight))
		if err := table(con.out, append([]string{"feature", "value"}, t.Outputs...), termRows(&t)); err != nil {
			return err
		}
	}
	return nil
}

// termRows has a line for each cell.
func termRows(t *model.Terms) [][]string {
	rows := [][]string{termRow("intercept", "", func(k int) float64 { return t.Intercepts[k] }, len(t.Outputs))}
	for i := range t.Terms {
		term := &t.Terms[i]
		var names []string
		for _, a := range term.Axes {
			names = append(names, a.Feature)
		}
		for c := range len(term.Values[0]) {
			var value string
			if len(term.Axes) == 1 {
				value = binText(&term.Axes[0], c)
			} else {
				bins := term.Axes[1].Bins
				value = binText(&term.Axes[0], c/bins) + ", " + binText(&term.Axes[1], c%bins)
			}
			rows = append(rows, termRow(strings.Join(names, " x "), value, func(k int) float64 { return term.Values[k][c] }, len(t.Outputs)))
		}
	}
	return rows
}

func termRow(feature, value string, of func(output int) float64, outputs int) []string {
	row := []string{feature, value}
	for k := range outputs {
		row = append(row, number(of(k)))
	}
	return row
}

// binText says which values are in a bin.
func binText(a *model.TermAxis, bin int) string {
	switch {
	case bin == a.Bins-1:
		return "missing"
	case len(a.Levels) > 0:
		return a.Levels[bin]
	case len(a.Edges) == 0:
		return "any"
	case bin == len(a.Edges):
		return "above " + number(a.Edges[bin-1])
	}
	return "up to " + number(a.Edges[bin])
}
