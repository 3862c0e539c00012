package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "formats:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: formats lightgbm-predict|lightgbm-sums|lightgbm-contributions MODEL ROWS | formats lightgbm-rewrite MODEL 3|4 | formats lightgbm-ours DIR | formats xgboost-predict MODEL ROWS | formats xgboost-rewrite MODEL | formats xgboost-ours DIR")

func run(ctx context.Context, args []string) error {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch {
	case command == "lightgbm-predict" && len(args) == 2:
		return lightgbmPredict(args[0], args[1], false)
	case command == "lightgbm-sums" && len(args) == 2:
		return lightgbmPredict(args[0], args[1], true)
	case command == "lightgbm-contributions" && len(args) == 2:
		return lightgbmContributions(args[0], args[1])
	case command == "lightgbm-rewrite" && len(args) == 2:
		return lightgbmRewrite(args[0], args[1])
	case command == "lightgbm-ours" && len(args) == 1:
		return lightgbmOurs(ctx, args[0])
	case command == "xgboost-predict" && len(args) == 2:
		return xgboostPredict(args[0], args[1])
	case command == "xgboost-rewrite" && len(args) == 1:
		return xgboostRewrite(args[0])
	case command == "xgboost-ours" && len(args) == 1:
		return xgboostOurs(ctx, args[0])
	}
	return errUsage
}

// readRows reads a file of numbers, a line a row.
func readRows(path string) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows [][]float64
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row []float64
		for word := range strings.FieldsSeq(lines.Text()) {
			v, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, len(rows)+1, err)
			}
			row = append(row, v)
		}
		if len(rows) > 0 && len(row) != len(rows[0]) {
			return nil, fmt.Errorf("%s, line %d: %d numbers, not %d", path, len(rows)+1, len(row), len(rows[0]))
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

// writeRows writes what readRows reads.
func writeRows(to io.Writer, rows [][]float64) error {
	w := bufio.NewWriter(to)
	for _, row := range rows {
		for k, v := range row {
			if k > 0 {
				w.WriteByte(' ')
			}
			w.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		}
		w.WriteByte('\n')
	}
	return w.Flush()
}

// writeRowsFile is writeRows to a new file.
func writeRowsFile(path string, rows [][]float64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(writeRows(f, rows), f.Close())
}
