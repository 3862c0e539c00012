package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

func leaderboardCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "leaderboard",
		Usage:     "list every trial of a model's search, and which columns drive the model",
		UsageText: "automl leaderboard MODEL",
		Action:    runLeaderboard,
	}
}

// leaderboardReport is what leaderboard prints; its JSON form is stable.
type leaderboardReport struct {
	Model       string             `json:"model"`
	Metric      string             `json:"metric"`
	Score       *float64           `json:"score"`
	Ended       string             `json:"ended,omitempty"`
	Leaderboard []trials.Row       `json:"leaderboard"`
	Importance  []model.Importance `json:"importance"`
}

func runLeaderboard(c *cli.Context) error {
	args, err := arguments(c, "MODEL")
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
	info := m.Info()
	score := finite(info.Score)
	if info.Imported != "" {
		score = nil // nothing was measured
	}
	if con.json {
		return con.document(leaderboardReport{
			Model: args[0], Metric: info.Metric, Score: score, Ended: info.Ended,
			Leaderboard: list(m.Leaderboard()), Importance: list(m.Importance()),
		})
	}
	if info.Imported != "" {
		_, err := fmt.Fprintf(con.out, "imported from %s: nothing is known of its training\n", oneLine(info.Imported))
		return err
	}
	if err := printBoard(con.out, m.Leaderboard(), info.Metric); err != nil {
		return err
	}
	fmt.Fprintf(con.out, "\nmodel: %s %s, by %s; search ended: %s\n\n", info.Metric, optional(score), judge(info), oneLine(info.Ended))
	return printImportance(con.out, m.Importance(), info.Metric)
}

// printBoard prints trials, best first.
func printBoard(w io.Writer, board []trials.Row, metric string) error {
	rows := make([][]string, 0, len(board))
	for _, r := range board {
		score, state := optional(r.Score), string(r.State)
		if r.Reason != "" {
			state += ": " + r.Reason
		}
		rank := "-"
		if r.Rank > 0 {
			rank = strconv.Itoa(r.Rank)
		}
		rows = append(rows, []string{
			rank, strconv.Itoa(r.Trial), r.Learner, score, optional(r.StdErr), seconds(r.FitSeconds),
			seconds(r.PredictSeconds), strconv.Itoa(r.Folds), state, parameters(r.Params),
		})
	}
	header := []string{"rank", "trial", "learner", metric, "std err", "fit", "predict", "folds", "state", "parameters"}
	return table(w, header, rows)
}

// printImportance prints columns, the most important first.
func printImportance(w io.Writer, columns []model.Importance, metric string) error {
	measured := func(c model.Importance) bool { return c.Drop != nil }
	if !slices.ContainsFunc(columns, measured) {
		_, err := fmt.Fprintln(w, "importance of columns: not measured, the time was up")
		return err
	}
	rows := make([][]string, 0, len(columns))
	for _, col := range columns {
		stdErr := "-"
		if col.StdErr > 0 {
			stdErr = number(col.StdErr)
		}
		rows = append(rows, []string{col.Column, optional(col.Drop), stdErr})
	}
	return table(w, []string{"column", "worse " + metric + " when shuffled", "std err"}, rows)
}

// optional formats a number that may be absent.
func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return number(*x)
}
