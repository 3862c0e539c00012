package featurize

import (
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
	Layout string `json:"layout"`
	Zone   string `json:"zone"`
}

func newDated(c *data.Column, p datedParams) dated {
	d := dated{Layout: c.Layout, Zone: p.Zone}
	if p.Layout != "" {
		d.Layout = p.Layout
	}
	return d
}

func (d *dated) prepare(column string) (err error) {
	d.layouts = layoutsAfter(d.Layout)
	if d.place, err = time.LoadLocation(d.Zone); err != nil {
		return fmt.Errorf("column %q: time zone %q: %w: use a name such as Europe/Berlin", column, d.Zone, err)
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
