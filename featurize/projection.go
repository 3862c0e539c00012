package featurize

import (
	"fmt"
	"math"
	"strconv"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// projection is the linear map of sparse rows to their coordinates along the directions
// in which training rows spread most.
type projection struct {
	Components int `json:"components"`
	// Directions has the bits of a float32 for each sparse column and component.
	Directions packed[uint32] `json:"directions"`

	along []float32
}

const (
	defaultComponents = 10
	maxComponents     = 100
)

func checkComponents(n int) error {
	if n < 1 || n > maxComponents {
		return fmt.Errorf("components %d: use 1 to %d", n, maxComponents)
	}
	return nil
}

// fitProjection looks at up to svdRows of the rows, evenly spread.
func fitProjection(rows []Entries, width, components int) (projection, error) {
	p := projection{Components: components}
	p.Directions = make([]uint32, width*components)
	rows, columns := occurring(evenly(rows, svdRows), width)
	for k, d := range directions(rows, len(columns), components) {
		for b, v := range d {
			p.Directions[int(columns[b])*components+k] = math.Float32bits(float32(v))
		}
	}
	return p, p.unpack("")
}

// occurring numbers the columns that the rows have afresh, without those that none has, in
// which no direction goes; columns are their places of before.
func occurring(rows []Entries, width int) (renumbered []Entries, columns []int32) {
	number := make([]int32, width)
	for _, e := range rows {
		for _, b := range e.Index {
			number[b] = 1
		}
	}
	for b, used := range number {
		if used > 0 {
			number[b] = int32(len(columns))
			columns = append(columns, int32(b))
		}
	}
	renumbered = make([]Entries, len(rows))
	for i, e := range rows {
		renumbered[i] = Entries{Index: make([]int32, len(e.Index)), Value: e.Value}
		for k, b := range e.Index {
			renumbered[i].Index[k] = number[b]
		}
	}
	return renumbered, columns
}

// evenly are at most n of the rows.
func evenly(rows []Entries, n int) []Entries {
	if len(rows) <= n {
		return rows
	}
	out := make([]Entries, n)
	for k := range out {
		out[k] = rows[k*len(rows)/n]
	}
	return out
}

// unpack checks the directions.
func (p *projection) unpack(column string) error {
	if p.Components < 1 || p.Components > maxComponents || len(p.Directions)%p.Components != 0 {
		return fmt.Errorf("column %q: %d numbers for %d components", column, len(p.Directions), p.Components)
	}
	p.along = make([]float32, len(p.Directions))
	for i, b := range p.Directions {
		v := math.Float32frombits(b)
		if !(math.Abs(float64(v)) <= 1.001) {
			return fmt.Errorf("column %q: a direction has the number %v", column, v)
		}
		p.along[i] = v
	}
	return nil
}

func (p *projection) features(column string) []matrix.Feature {
	var fs []matrix.Feature
	for k := range p.Components {
		fs = append(fs, one(column+".svd"+strconv.Itoa(k+1), column)...)
	}
	return fs
}

// coordinates of a row; its places are those that it was fitted to.
func (p *projection) coordinates(row *Entries, out []float32) {
	for k := range out {
		sum := 0.0
		for i, b := range row.Index {
			sum += float64(float64(row.Value[i]) * float64(p.along[int(b)*p.Components+k]))
		}
		out[k] = float32(sum)
	}
}
