package featurize

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// holidays says whether a date is one of a list of days, and how many days it is to
// the next of them within a month. Nothing makes it by default: which days matter only
// the user knows.
type holidays struct {
	ofColumn
	dated
	// Days are days of every year (12-25) or of one (2026-04-06).
	Days []string `json:"days"`

	known map[string]bool
}

type holidayParams struct {
	datedParams
	Days []string `json:"days"`
}

const (
	maxHolidays = 10_000
	nextWithin  = 31 // days
)

func (p *holidayParams) check() error {
	if len(p.Days) == 0 {
		return errors.New("days is missing: list days such as 12-25 or 2026-04-06")
	}
	if err := checkDays(p.Days); err != nil {
		return err
	}
	return p.datedParams.check()
}

func (p *holidayParams) fit(f Fitting) (Transform, error) {
	read, err := p.dated(f)
	if err != nil {
		return nil, err
	}
	t := &holidays{ofColumn: ofColumn{f.col.Name}, dated: read, Days: p.Days}
	return t, t.ready()
}

func checkDays(days []string) error {
	if len(days) > maxHolidays {
		return fmt.Errorf("%d days: use up to %d", len(days), maxHolidays)
	}
	for _, d := range days {
		_, err := time.Parse(time.DateOnly, d)
		if _, yearly := time.Parse(time.DateOnly, "2024-"+d); err != nil && yearly != nil {
			return fmt.Errorf("day %q: write it as 12-25 or 2026-04-06", d)
		}
	}
	return nil
}

func (t *holidays) ready() error {
	if err := checkDays(t.Days); err != nil {
		return fmt.Errorf("column %q: %w", t.Column, err)
	}
	t.known = make(map[string]bool, len(t.Days))
	for _, d := range t.Days {
		t.known[d] = true
	}
	return t.prepare(t.Column)
}

func (t *holidays) Kind() string { return "holidays" }

func (t *holidays) Features() []matrix.Feature {
	return append(one(t.Column+".holiday", t.Column), one(t.Column+".holiday.next", t.Column)...)
}

func (t *holidays) Row(in []Cell, out []float32, _ *Entries) error {
	when, ok := t.time(in[0])
	if !ok {
		out[0], out[1] = float32(math.NaN()), float32(math.NaN())
		return nil
	}
	for out[1] = 0; out[1] < nextWithin; out[1]++ {
		if day := when.AddDate(0, 0, int(out[1])); t.known[day.Format(time.DateOnly)] || t.known[day.Format("01-02")] {
			break
		}
	}
	if out[1] == 0 {
		out[0] = 1
	}
	return nil
}
