package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/data/csv"
)

// missing is the share of blank cells of a feature column.
const missing = 0.03

// gen writes a table of mixed columns, the last of which, y, is the target (0 or
// 1, by the first five columns where they are numbers, and by chance): of the first 50 columns 28 numbers with decimals, 6 counts, 10 categories
// of 2 to 5,000 levels, 2 booleans, 2 times and a text of 6 words; what is beyond
// 50 is numbers with a category of ten levels at every tenth place.
func gen(path string, args []string) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	rows := fs.Int("rows", 1_000_000, "rows")
	cols := fs.Int("cols", 50, "columns, at least 2")
	seed := fs.Uint64("seed", 1, "seed")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *rows < 1 || *cols < 2 {
		return fmt.Errorf("-rows %d -cols %d: use at least 1 and 2", *rows, *cols)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	cells := make([]cell, *cols-1)
	for j := range cells {
		name, c := kind(j)
		cells[j] = c
		w.Text(name)
	}
	w.Text("y")
	w.EndRow()
	r := rand.New(rand.NewPCG(*seed, 0))
	for range *rows {
		sum := 50 * r.NormFloat64()
		for j, c := range cells {
			text := ""
			if r.Float64() >= missing {
				text = c(r)
			}
			if v, err := strconv.ParseFloat(text, 64); err == nil && j < 5 {
				sum += float64(j+1) / 3 * v
			}
			w.Text(text)
		}
		w.Text(label(sum))
		w.EndRow()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func label(sum float64) string {
	if sum > 0 {
		return "1"
	}
	return "0"
}

// cell draws a value of a column.
type cell func(r *rand.Rand) string

var levels = []int{2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000}

// kind is the name and the values of column j.
func kind(j int) (string, cell) {
	switch {
	case j < 28 || j >= 49 && j%10 != 0:
		return fmt.Sprintf("number%d", j), func(r *rand.Rand) string { return strconv.FormatFloat(r.NormFloat64()*100, 'f', 4, 64) }
	case j < 34:
		most := 10 << (3 * (j - 28))
		return fmt.Sprintf("count%d", j), func(r *rand.Rand) string { return strconv.Itoa(r.IntN(most)) }
	case j < 44:
		return fmt.Sprintf("level%d", j), category(levels[j-34])
	case j < 46:
		return fmt.Sprintf("flag%d", j), func(r *rand.Rand) string { return strconv.FormatBool(r.IntN(3) == 0) }
	case j < 48:
		return fmt.Sprintf("time%d", j), func(r *rand.Rand) string {
			return time.Unix(1.5e9+r.Int64N(2e8), 0).UTC().Format("2006-01-02 15:04:05")
		}
	case j == 48:
		return "text", sentence
	}
	return fmt.Sprintf("level%d", j), category(10)
}

// category draws low levels more often, as real ones are.
func category(n int) cell {
	return func(r *rand.Rand) string {
		u := r.Float64()
		return "level " + strconv.Itoa(int(u*u*float64(n)))
	}
}

// sentence is six words out of 5,000.
func sentence(r *rand.Rand) string {
	words := make([]string, 6)
	for i := range words {
		u := r.Float64()
		words[i] = "w" + strconv.FormatInt(int64(u*u*5000)+50000, 36)
	}
	return strings.Join(words, " ")
}
