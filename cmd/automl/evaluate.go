package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func evaluateCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "evaluate",
		Usage:     "score a model on data with known answers, by all metrics of its task",
		UsageText: "automl evaluate MODEL DATA",
		Action:    runEvaluate,
	}
}

// evaluateReport is what evaluate prints; its JSON form is stable.
type evaluateReport struct {
	Model     string             `json:"model"`
	Data      string             `json:"data"`
	Task      string             `json:"task"`
	Metric    string             `json:"metric"`
	Rows      int                `json:"rows"`
	Skipped   int                `json:"skipped"`
	Scores    map[string]float64 `json:"scores"`
	MeanCost  *float64           `json:"mean_cost,omitempty"`
	Undefined map[string]string  `json:"undefined,omitempty"`
}

func runEvaluate(c *cli.Context) error {
	args, err := arguments(c, "MODEL", "DATA")
	if err != nil {
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
	t, err := readTable(c.Context, args[1])
	if err != nil {
		return err
	}
	e, err := m.Evaluate(t)
	if err != nil {
		return &userError{err}
	}
	info := m.Info()
	report := evaluateReport{
		Model: args[0], Data: args[1], Task: string(info.Task), Metric: info.Metric,
		Rows: e.Rows, Skipped: e.Skipped, Scores: e.Scores, MeanCost: e.MeanCost, Undefined: e.Undefined,
	}
	return report.print(con)
}

func (r *evaluateReport) print(con *console) error {
	if con.json {
		return con.document(r)
	}
	if r.Skipped > 0 {
		con.warn(fmt.Sprintf("%d rows were skipped: no answer, or one the model has never seen", r.Skipped))
	}
	rows := [][]string{{"rows", fmt.Sprint(r.Rows)}}
	if r.MeanCost != nil {
		rows = append(rows, []string{"mean cost", number(*r.MeanCost)})
	}
	if score, ok := r.Scores[r.Metric]; ok {
		rows = append(rows, []string{r.Metric, number(score)})
	}
	for _, name := range sortedKeys(r.Scores) {
		if name != r.Metric {
			rows = append(rows, []string{name, number(r.Scores[name])})
		}
	}
	for _, name := range sortedKeys(r.Undefined) {
		rows = append(rows, []string{name, "- (" + r.Undefined[name] + ")"})
	}
	return table(con.out, []string{"metric", "score"}, rows)
}
