package featurize

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// cyclic gives the sine and cosine of where a date is in the year, month, week or day,
// so that the end of one is next to its start.
type cyclic struct {
	ofColumn
	dated
	Cycles []string `json:"cycles"`
}

// cyclicParams: Cycles are some of year, month, week and day, by default all.
type cyclicParams struct {
	datedParams
	Cycles []string `json:"cycles"`
}

var cycleNames = []string{"year", "month", "week", "day"}

func (p *cyclicParams) check() error {
	if err := checkCycles(p.Cycles); err != nil {
		return err
	}
	return p.datedParams.check()
}

func (p *cyclicParams) fit(f Fitting) (Transform, error) {
	t := &cyclic{ofColumn{f.col.Name}, dated{}, p.Cycles}
	if len(p.Cycles) == 0 {
		t.Cycles = slices.Clone(cycleNames)
	}
	var err error
	if t.dated, err = p.dated(f); err != nil {
		return nil, err
	}
	return t, t.ready()
}

func checkCycles(cycles []string) error {
	for i, c := range cycles {
		if !slices.Contains(cycleNames, c) || slices.Contains(cycles[:i], c) {
			return fmt.Errorf("cycle %q is unknown or there twice: use some of %s", c, strings.Join(cycleNames, ", "))
		}
	}
	return nil
}

func (t *cyclic) ready() error {
	if err := checkCycles(t.Cycles); err != nil {
		return fmt.Errorf("column %q: %w", t.Column, err)
	}
	return t.prepare(t.Column)
}

func (t *cyclic) Kind() string { return "cyclic" }

func (t *cyclic) Features() []matrix.Feature {
	var fs []matrix.Feature
	for _, c := range t.Cycles {
		fs = append(fs, one(t.Column+"."+c+".sin", t.Column)...)
		fs = append(fs, one(t.Column+"."+c+".cos", t.Column)...)
	}
	return fs
}

func (t *cyclic) Row(in []Cell, out []float32, _ *Entries) error {
	when, ok := t.time(in[0])
	for i, c := range t.Cycles {
		if !ok {
			out[2*i], out[2*i+1] = float32(math.NaN()), float32(math.NaN())
			continue
		}
		sin, cos := math.Sincos(2 * math.Pi * phase(when, c))
		out[2*i], out[2*i+1] = float32(sin), float32(cos)
	}
	return nil
}

// phase is the share of a cycle that has passed, below 1.
func phase(t time.Time, cycle string) float64 {
	day := (float64(t.Hour()) + float64(t.Minute())/60 + float64(t.Second())/3600) / 24
	switch cycle {
	case "year":
		return (float64(t.YearDay()-1) + day) / 366
	case "month":
		return (float64(t.Day()-1) + day) / 31
	case "week":
		return (float64(t.Weekday()) + day) / 7
	}
	return day
}
