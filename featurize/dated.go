package featurize

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the zones where the system has none

	"github.com/seed-09a2cce4/automl/data"
)

// dated is how a transform reads the dates of a column.
type dated struct {
	// Layout is tried first where dates come as text.
	Layout string `json:"layout,omitempty"`
	// Zone is the time zone, by its name in the IANA data base, in which the parts of
	// a date are read; UTC if empty.
	Zone string `json:"zone,omitempty"`

	layouts []string
	place   *time.Location
}

// datedParams are the parameters that transforms of dates share.
type datedParams struct {
	// Layout is the Go layout of dates that are stored as text; "" is the one that reads
	// most of them.
	Layout string `json:"layout,omitempty"`
	// Zone is the time zone in which the parts are read, such as Europe/Berlin.
	Zone string `json:"zone,omitempty"`
}

// written is the layout, "" if the parameters do not say it.
func (p *datedParams) written() string { return p.Layout }

func (p *datedParams) check() error {
	if err := checkLayout("layout", p.Layout); err != nil {
		return err
	}
	_, err := placeOf(p.Zone)
	return err
}

// checkLayout reports a layout that does not say what year it is.
func checkLayout(parameter, layout string) error {
	if layout == "" {
		return nil
	}
	const year = 1987
	text := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format(layout)
	if t, err := time.Parse(layout, text); err != nil || t.Year() != year {
		return fmt.Errorf("%s %q: write the 2nd of January 2006 as the dates are, such as 02.01.2006", parameter, layout)
	}
	return nil
}

// placeOf finds a zone by its name. "Local" would be another on every machine.
func placeOf(zone string) (*time.Location, error) {
	place, err := time.LoadLocation(zone)
	if err == nil && place == time.Local {
		err = errors.New("it depends on the machine")
	}
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w: use a name such as Europe/Berlin", zone, err)
	}
	return place, nil
}

// dated says how the dates of the column that f is of are read. It fails if none of its
// training cells can be.
func (p *datedParams) dated(f Fitting) (dated, error) {
	d := dated{Layout: f.col.Layout, Zone: p.Zone}
	if p.Layout != "" {
		d.Layout = p.Layout
	} else if f.col.Kind == data.String {
		if found, ok := profileOf(f.col, f.rows).bestLayout(); ok {
			d.Layout = found
		}
	}
	if err := d.prepare(f.col.Name); err != nil {
		return d, err
	}
	example := unread(f.col, f.rows, func(c Cell) bool {
		_, ok := d.time(c)
		return ok
	})
	if example == "" {
		return d, nil
	}
	return d, fmt.Errorf("none of its cells is a date, such as %q: layout says how they are written", example)
}

func (d *dated) prepare(column string) (err error) {
	d.layouts = layoutsAfter(d.Layout)
	if d.place, err = placeOf(d.Zone); err != nil {
		return fmt.Errorf("column %q: %w", column, err)
	}
	return nil
}

// time reads a cell as a time in the zone.
func (d *dated) time(c Cell) (t time.Time, ok bool) {
	ns, ok := c.time(d.layouts)
	return time.Unix(0, ns).In(d.place), ok
}

// readIn is the layout in which columns of dates are read, as in training.
func (d *dated) readIn() string { return d.Layout }
