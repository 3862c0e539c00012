package featurize

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// How leaks are looked for.
const (
	leakNumber = 0.98 // from here on a column is reported that tells a number,
	leakClass  = 0.95 // or a class, where values about a threshold are mistaken
	leakFirst  = 0.8  // on few rows, below which no more are looked at
	leakFew    = 500  // rows looked at first
	leakRows   = 5000 // rows looked at of a column that may leak
	leakCells  = 2e7  // of all columns
	leakHeld   = 25   // fewer held-out rows say nothing
	leakOthers = 5    // nor do fewer of them outside the largest class
)

// FindLeaks measures how well each column that is used tells the target by itself
// and warns of those that do so nearly perfectly: they may come from the target, or be
// known only after it. They stay in use, since no number can tell a leak from an
// honest giveaway; the user is to say.
//
// Half of up to 5,000 training rows says what target goes with a value (the mean or
// the most frequent class; of a number between two others, theirs), the other half
// is predicted. The score is 1 less the errors, or squared errors, relative to those of
// always saying the most frequent class, or the mean. Columns from 0.98 on are
// reported, of classes from 0.95 on.
func (p *Plan) FindLeaks(t *data.Table, target *Target) error {
	column, err := Find(t, target.Name)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	y, known, err := target.Encode(column)
	if err != nil {
		return err
	}
	rows := make([]int32, 0, trainingRows(t, p.Rows))
	for i := range cap(rows) {
		if known[i] {
			rows = append(rows, int32(i))
		}
	}
	most := min(leakRows, max(leakFew, int(leakCells)/max(1, len(p.Columns))))
	least := leakClass
	if target.Task == metrics.Regression {
		least = leakNumber
	}
	few, many := newProbe(target, y, rows, leakFew), newProbe(target, y, rows, most)
	err = each(len(p.Columns), runtime.GOMAXPROCS(0), func(i int) error {
		c := &p.Columns[i]
		c.Leak = 0
		if !c.used() {
			return nil
		}
		col, err := Find(t, c.Name)
		if err != nil {
			return err
		}
		if s := few.score(c, col); s < leakFirst {
			return nil
		}
		if s := many.score(c, col); s >= least { // false for NaN
			c.Leak = math.Floor(s*1e4) / 1e4
		}
		return nil
	})
	if err != nil {
		return err
	}
	var found []string
	for _, c := range p.Columns {
		if c.Leak > 0 {
			found = append(found, fmt.Sprintf("column %q alone tells the target nearly perfectly (%.2f of 1 on held-out rows): if it is not known before the target is, leave it out with --ignore %s", c.Name, c.Leak, c.Name))
		}
	}
	p.Warnings = append(found, p.Warnings...)
	p.Warnings = p.Warnings[:min(len(p.Warnings), maxWarnings+1)]
	return nil
}

// probe is a sample of rows, one half to learn from and one to predict.
type probe struct {
	classes    int // 0 for a regression
	y          []float32
	fit, held  []int32
	all        float64 // the answer to all rows
	baseErrors float64
	fair       bool // there are rows enough to tell
}

func newProbe(target *Target, y []float32, rows []int32, most int) *probe {
	p := &probe{y: y}
	if target.Task != metrics.Regression {
		p.classes = len(target.Classes)
	}
	n := min(most, len(rows))
	for k := range n {
		i := rows[k*len(rows)/n]
		if fmix64(uint64(k)+1)&1 == 0 {
			p.fit = append(p.fit, i)
		} else {
			p.held = append(p.held, i)
		}
	}
	p.all = p.answer(p.fit)
	for _, i := range p.held {
		p.baseErrors += p.errorOf(p.all, i)
	}
	p.fair = len(p.held) >= leakHeld && p.baseErrors > 0 && (p.classes == 0 || p.baseErrors >= leakOthers)
	return p
}

// answer is what to say of rows: the mean or the most frequent class.
func (p *probe) answer(rows []int32) float64 {
	if p.classes > 0 {
		counts := make([]int, p.classes)
		for _, i := range rows {
			counts[int(p.y[i])]++
		}
		return float64(slices.Index(counts, slices.Max(counts)))
	}
	sum := 0.0
	for _, i := range rows {
		sum += float64(p.y[i])
	}
	return sum / float64(max(1, len(rows)))
}

// errorOf is 0 or 1 for a class, else the squared error.
func (p *probe) errorOf(said float64, i int32) float64 {
	d := said - float64(p.y[i])
	if p.classes > 0 {
		return min(1, math.Abs(d))
	}
	return float64(d * d)
}

// score is how well a column tells the held-out targets, at most 1; NaN if there are
// too few rows to say.
func (p *probe) score(c *ColumnPlan, col *data.Column) float64 {
	if !p.fair {
		return math.NaN()
	}
	var said []float64
	if c.Type == Numeric || c.Type == Datetime {
		said = p.byNumber(c, col)
	} else {
		said = p.byKey(col)
	}
	errors := 0.0
	for k, i := range p.held {
		errors += p.errorOf(said[k], i)
	}
	return 1 - errors/p.baseErrors
}

// byKey answers by what rows of the same value have; unseen values get the answer
// to all.
func (p *probe) byKey(col *data.Column) []float64 {
	layout := layoutOf(col)
	rows := map[string][]int32{}
	for _, i := range p.fit {
		k := cellAt(col, int(i)).key(layout)
		rows[k] = append(rows[k], i)
	}
	answers := make(map[string]float64, len(rows))
	for k, list := range rows {
		answers[k] = p.answer(list)
	}
	said := make([]float64, len(p.held))
	for k, i := range p.held {
		v, ok := answers[cellAt(col, int(i)).key(layout)]
		if !ok {
			v = p.all
		}
		said[k] = v
	}
	return said
}

// stop is a value of a column and the answer to it.
type stop struct{ x, y float64 }

// byNumber answers by what the values next to a row's have.
func (p *probe) byNumber(c *ColumnPlan, col *data.Column) []float64 {
	layouts := layoutsAfter(col.Layout)
	value := func(i int32) float64 {
		cell := cellAt(col, int(i))
		if c.Type == Datetime {
			if ns, ok := cell.time(layouts); ok {
				return float64(ns)
			}
			return math.NaN()
		}
		v, _ := cell.number()
		return v
	}
	type pair struct {
		x   float64
		row int32
	}
	var pairs []pair
	var absent []int32
	for _, i := range p.fit {
		if x := value(i); x == x {
			pairs = append(pairs, pair{x, i})
		} else {
			absent = append(absent, i)
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.row, b.row)) })
	var stops []stop
	var same []int32
	for k, q := range pairs {
		same = append(same, q.row)
		if k+1 == len(pairs) || pairs[k+1].x != q.x {
			stops = append(stops, stop{q.x, p.answer(same)})
			same = same[:0]
		}
	}
	ofAbsent := p.all
	if len(absent) > 0 {
		ofAbsent = p.answer(absent)
	}
	said := make([]float64, len(p.held))
	for k, i := range p.held {
		if x := value(i); x == x && len(stops) > 0 {
			said[k] = p.between(stops, x)
		} else {
			said[k] = ofAbsent
		}
	}
	return said
}

// between is the answer of the nearest stop, for numbers the line between the two
// around x.
func (p *probe) between(stops []stop, x float64) float64 {
	k, found := slices.BinarySearchFunc(stops, x, func(s stop, x float64) int { return cmp.Compare(s.x, x) })
	switch {
	case found || k == 0:
		return stops[k].y
	case k == len(stops):
		return stops[k-1].y
	}
	a, b := stops[k-1], stops[k]
	share := (x/2 - a.x/2) / (b.x/2 - a.x/2) // halves, since a difference may overflow
	if p.classes > 0 {
		if share < 0.5 {
			return a.y
		}
		return b.y
	}
	return a.y + float64(share*(b.y-a.y))
}
