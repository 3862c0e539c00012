package featurize

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// datetime splits a time into the parts that vary in training.
type datetime struct {
	Column string `json:"column"`
	// Layout is tried first where times come as text.
	Layout string `json:"layout,omitempty"`
	// Zone is the time zone in which the parts are read, by its name in the IANA data
	// base; UTC if empty.
	Zone string `json:"zone,omitempty"`
	// Start is the earliest time of training, from which elapsed days count.
	Start int64    `json:"start"`
	Parts []string `json:"parts"`

	funcs   []func(t time.Time) int
	layouts []string
	place   *time.Location
}

// dateParams are the parameters of a datetime step.
type dateParams struct{ datedParams }

// dateParts are the parts in the order of features; "elapsed" follows them.
var dateParts = []struct {
	name string
	get  func(t time.Time) int
}{
	{"year", time.Time.Year},
	{"month", func(t time.Time) int { return int(t.Month()) }},
	{"day", time.Time.Day},
	{"weekday", func(t time.Time) int { return int(t.Weekday()) }},
	{"dayofyear", time.Time.YearDay},
	{"hour", time.Time.Hour},
	{"minuteofday", func(t time.Time) int { return 60*t.Hour() + t.Minute() }},
}

const elapsed = "elapsed"

func (p *dateParams) fit(f Fitting) (Transform, error) {
	read, err := p.dated(f)
	if err != nil {
		return nil, err
	}
	d := &datetime{Column: f.col.Name, Layout: read.Layout, Zone: read.Zone, Parts: []string{}}
	layouts := read.layouts
	var first []int
	vary := make([]bool, len(dateParts))
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	minutes := false
	for i := range f.rows {
		ns, ok := cellAt(f.col, i).time(layouts)
		if !ok {
			continue
		}
		lo, hi = min(lo, ns), max(hi, ns)
		t := time.Unix(0, ns).In(read.place)
		minutes = minutes || t.Minute() != 0
		for k, p := range dateParts {
			v := p.get(t)
			if len(first) == k {
				first = append(first, v)
			}
			vary[k] = vary[k] || v != first[k]
		}
	}
	for k, p := range dateParts {
		// Without minutes the minute of the day says what the hour says.
		if vary[k] && (p.name != "minuteofday" || minutes) {
			d.Parts = append(d.Parts, p.name)
		}
	}
	if lo < hi {
		d.Parts = append(d.Parts, elapsed)
	}
	if lo <= hi {
		d.Start = lo
	}
	return d, d.ready()
}

func (d *datetime) ready() error {
	read := dated{Layout: d.Layout, Zone: d.Zone}
	if err := read.prepare(d.Column); err != nil {
		return err
	}
	d.layouts, d.place = read.layouts, read.place
	d.funcs = make([]func(time.Time) int, len(d.Parts))
	for i, name := range d.Parts {
		if slices.Contains(d.Parts[:i], name) {
			return fmt.Errorf("column %q has part %q twice", d.Column, name)
		}
		for _, p := range dateParts {
			if p.name == name {
				d.funcs[i] = p.get
			}
		}
		if d.funcs[i] == nil && name != elapsed {
			return fmt.Errorf("column %q has unknown part %q", d.Column, name)
		}
	}
	return nil
}

// readIn is the layout in which columns of dates are read.
func (d *datetime) readIn() string { return d.Layout }

func (d *datetime) Kind() string     { return "datetime" }
func (d *datetime) Inputs() []string { return []string{d.Column} }
func (d *datetime) SparseCols() int  { return 0 }
func (d *datetime) Supervised() bool { return false }

func (d *datetime) Features() []matrix.Feature {
	fs := make([]matrix.Feature, len(d.Parts))
	for i, p := range d.Parts {
		fs[i] = matrix.Feature{Name: d.Column + "." + p, Sources: []string{d.Column}}
	}
	return fs
}

const nanosecondsADay = float64(24 * time.Hour)

func (d *datetime) Row(in []Cell, out []float32, _ *Entries) error {
	ns, ok := in[0].time(d.layouts)
	if !ok {
		for i := range out {
			out[i] = float32(math.NaN())
		}
		return nil
	}
	t := time.Unix(0, ns).In(d.place)
	for i, get := range d.funcs {
		if get != nil {
			out[i] = float32(get(t))
			continue
		}
		// As floats, since the difference of two int64 times may overflow.
		out[i] = float32((float64(ns) - float64(d.Start)) / nanosecondsADay)
	}
	return nil
}
