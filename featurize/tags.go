package featurize

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// tags reads a cell as a list, in JSON or with a separator, and has a feature for each of
// the values that most training rows have, 1 where the list has it, and one for how many
// values the list has.
type tags struct {
	ofColumn
	Layout    *string  `json:"layout,omitempty"` // as in category
	Separator string   `json:"separator"`
	Values    []string `json:"values"`

	places map[string]float32
}

// tagsParams: Separator is "," by default, Most 1 to 1,000 (50 by default).
type tagsParams struct {
	Separator string `json:"separator"`
	Most      int    `json:"most"`
}

func (p *tagsParams) check() error {
	if p.Separator == "" || p.Most < 1 || p.Most > maxHot {
		return fmt.Errorf("separator %q, most %d: use a separator, and 1 to %d values", p.Separator, p.Most, maxHot)
	}
	return nil
}

func (p *tagsParams) fit(f Fitting) (Transform, error) {
	t := &tags{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Separator: p.Separator, Values: []string{}}
	counts := map[string]int{}
	for i := range f.rows {
		for _, v := range t.list(cellAt(f.col, i).text(t.Layout)) {
			counts[v]++
		}
	}
	all := make([]level, 0, len(counts))
	for k, n := range counts {
		all = append(all, level{k, n})
	}
	slices.SortFunc(all, func(a, b level) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.key, b.key)) })
	for _, l := range all[:min(p.Most, len(all))] {
		t.Values = append(t.Values, l.key)
	}
	return t, t.ready()
}

// list are the different values of a cell's text, blanks around them left out.
func (t *tags) list(s string) []string {
	var parts []string
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "["); !ok || json.Unmarshal([]byte(s), &parts) != nil {
		parts = nil
		var any []any // numbers and the like, as they are written
		if ok && json.Unmarshal([]byte(s), &any) == nil {
			for _, v := range any {
				parts = append(parts, fmt.Sprint(v))
			}
		} else {
			parts = strings.Split(strings.TrimSuffix(inner, "]"), t.Separator)
		}
	}
	var out []string
	for _, v := range parts {
		v = strings.ToValidUTF8(strings.Trim(strings.TrimSpace(v), `'"`), "\uFFFD")
		if !data.IsMissing(v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func (t *tags) ready() (err error) {
	if len(t.Values) > maxHot || t.Separator == "" {
		return fmt.Errorf("column %q has %d values, more than %d, or no separator", t.Column, len(t.Values), maxHot)
	}
	t.places, err = placesOf(t.Column, t.Values)
	return err
}

func (t *tags) Kind() string { return "tags" }

func (t *tags) Features() []matrix.Feature {
	fs := one(t.Column+".length", t.Column)
	for _, v := range t.Values {
		fs = append(fs, one(t.Column+"="+v, t.Column)...)
	}
	return fs
}

func (t *tags) Row(in []Cell, out []float32, _ *Entries) error {
	if in[0].kind == missing {
		out[0] = float32(math.NaN())
		return nil
	}
	list := t.list(in[0].text(t.Layout))
	out[0] = float32(len(list))
	for _, v := range list {
		if place, ok := t.places[v]; ok {
			out[1+int(place)] = 1
		}
	}
	return nil
}
