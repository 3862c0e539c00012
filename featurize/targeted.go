package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// targeted makes a category whose levels learners see as the mean of the target, see
// matrix.Encoding: here are the levels, which need no target; the means are fitted with
// each model, to its training rows. Missing values are a level if training has any.
// Those that training did not have, or beyond the most frequent 65,536, are one more,
// with the overall mean if no training row of a model has such.
type targeted struct {
	ofColumn
	Layout   *string         `json:"layout,omitempty"` // as in category
	Levels   []string        `json:"levels"`
	Missing  bool            `json:"missing,omitempty"`
	Encoding matrix.Encoding `json:"encoding"`

	codes map[string]float32
}

// targetKinds are the kinds of targeted transforms.
var targetKinds = map[matrix.By]string{matrix.ByFolds: "target", matrix.ByOthers: "leave_one_out", matrix.ByEarlier: "ordered"}

// targets reports whether a kind is one of them.
func targets(kind string) bool {
	for _, name := range targetKinds {
		if name == kind {
			return true
		}
	}
	return false
}

// targetedParams: Smooth is the weight of the overall mean in rows, 10 by default.
type targetedParams struct {
	by     matrix.By
	Smooth float64 `json:"smooth"`
}

func (p *targetedParams) check() error {
	return (&matrix.Encoding{By: p.by, Smooth: p.Smooth}).Check()
}

// fit finds the levels.
func (p *targetedParams) fit(f Fitting) (Transform, error) {
	t := &targeted{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Levels: []string{}, Encoding: matrix.Encoding{By: p.by, Smooth: p.Smooth}}
	for _, l := range levels(f) {
		if len(t.Levels) == maxCounted {
			break
		}
		t.Levels = append(t.Levels, l.key)
	}
	for i := range f.rows {
		t.Missing = t.Missing || cellAt(f.col, i).kind == missing
	}
	return t, t.ready()
}

func (t *targeted) ready() error {
	if err := t.Encoding.Check(); err != nil {
		return fmt.Errorf("column %q: %w", t.Column, err)
	}
	t.codes = make(map[string]float32, len(t.Levels))
	for i, k := range t.Levels {
		t.codes[k] = float32(i)
	}
	if len(t.codes) != len(t.Levels) || len(t.Levels) > maxCounted {
		return fmt.Errorf("column %q has levels that repeat, or more than %d", t.Column, maxCounted)
	}
	return nil
}

func (t *targeted) Kind() string { return targetKinds[t.Encoding.By] }

func (t *targeted) Features() []matrix.Feature {
	fs := one(t.Column+"."+t.Kind(), t.Column)
	fs[0].Levels, fs[0].Encoding = max(1, len(t.Levels)), &t.Encoding
	if t.Missing {
		fs[0].Levels = len(t.Levels) + 1
	}
	return fs
}

func (t *targeted) Row(in []Cell, out []float32, _ *Entries) error {
	out[0] = find(t.codes, in[0].key(t.Layout), float32(math.NaN()))
	if in[0].kind == missing && t.Missing {
		out[0] = float32(len(t.Levels))
	}
	return nil
}
