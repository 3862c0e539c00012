package gbdt

import (
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Ordered target statistics (Prokhorenkova et al. 2018). What a category says of
// the target is, for a training row, computed from the rows before it in a
// random order only, so that a row's own target never comes back to it; other
// rows get what all training rows say. Several orders take turns from tree to
// tree, as the first rows of each know little.

const (
	// statLevels is the number of levels that a statistic is quantised to, a
	// nibble.
	statLevels = 16
	// statColumns is the number of statistics of a combination in a tree, a
	// nibble each of a word. The second is the counter.
	statColumns   = 4
	counterColumn = 1
	// narrowRows is the mean number of rows of a group from which the prior
	// matters little: then the words have the first two statistics only.
	narrowRows = 64
	// usualOrders is the number of random orders.
	usualOrders = 4
	// maxOrders bounds it where the classes take turns too.
	maxOrders = 12
)

// statistic is a number computed for a group of rows: (sum+prior)/(rows+1), sum
// being that of class or, in regression, of the target scaled to [0, 1]; or, if
// counter is set, the rank of the rows.
type statistic struct {
	class   int
	prior   float64
	counter bool
}

// ordering is a random order of the training rows with the statistics that trees
// of its turn may use.
type ordering struct {
	rows    []int32
	columns [statColumns]statistic
	single  bool // all sums are of one class
}

// priors are those of the statistics of one class, in the order of columns.
var priors = [statColumns - 1]float64{0.5, 0, 1}

// tally is what is known of a group: rows, and sums for the columns.
type tally struct {
	rows float32
	sum  [statColumns]float32
}

// statTarget gives the target of statistics.
type statTarget struct {
	y, w    []float32
	classes int // 0 for regression
	low     float64
	scale   float64
}

func newStatTarget(p algos.Problem, d *rowset) *statTarget {
	t := &statTarget{y: d.y, w: d.w, scale: 1}
	switch p.Task {
	case metrics.Binary:
		t.classes = 2
	case metrics.Multiclass:
		t.classes = p.Classes
	default:
		// The outer hundredths are cut off.
		s := slices.Clone(d.y)
		slices.Sort(s)
		low, high := float64(s[len(s)/100]), float64(s[len(s)-1-len(s)/100])
		t.low, t.scale = low, 0
		if high > low {
			t.scale = 1 / (high - low)
		}
	}
	return t
}

// value is what row r adds to the sum of a class.
func (t *statTarget) value(r int32, class int) float32 {
	y := t.y[r]
	switch {
	case t.classes == 0:
		return float32(max(0, min(1, (float64(y)-t.low)*t.scale)))
	case int(y) == class:
		return 1
	}
	return 0
}

// values are those of all rows.
func (t *statTarget) values(class int) []float32 {
	out := make([]float32, len(t.y))
	for r := range out {
		out[r] = t.value(int32(r), class)
	}
	return out
}

// newOrderings draws the orders. The rows of a fit with categories are shuffled
// to begin with, so that the first order is that of memory; the others shuffle
// blocks of rows, for the cache's sake.
func newOrderings(t *statTarget, seed uint64) []ordering {
	count := usualOrders
	if t.classes > statColumns {
		count = min(maxOrders, max(count, (t.classes+statColumns-2)/(statColumns-1)))
	}
	n := len(t.y)
	out := make([]ordering, count)
	for v := range out {
		o := &out[v]
		o.rows = shuffleBlocks(n, derive(seed, uint64(v)), v == 0)
		o.single = t.classes <= 2
		class, prior := v*(statColumns-1), 0
		for c := range o.columns {
			switch {
			case c == counterColumn:
				o.columns[c] = statistic{counter: true}
			case o.single:
				o.columns[c] = statistic{class: 1, prior: priors[prior]}
				prior++
			default:
				o.columns[c] = statistic{class: class % t.classes, prior: priors[0]}
				class++
			}
		}
	}
	return out
}

// shuffleBlocks makes an order of n rows, in which blocks stay together.
func shuffleBlocks(n int, seed uint64, inOrder bool) []int32 {
	size := min(256, n/1000+1)
	blocks := make([]int32, (n+size-1)/size)
	for i := range blocks {
		blocks[i] = int32(i)
	}
	if !inOrder {
		shuffle(blocks, seed)
	}
	out := make([]int32, 0, n)
	for _, b := range blocks {
		for r := int(b) * size; r < min(n, (int(b)+1)*size); r++ {
			out = append(out, int32(r))
		}
	}
	return out
}

func shuffle(s []int32, seed uint64) {
	for i := len(s) - 1; i > 0; i-- {
		j := below(mix(seed+uint64(i)), i+1)
		s[i], s[j] = s[j], s[i]
	}
}

// scaleCells is the number of equal steps from 0 to 1 that levels are made of.
const scaleCells = 1 << 10

// scale says which level each step of a statistic has.
type scale [scaleCells]uint8

// cell is the step of a statistic of a group.
func (s *statistic) cell(rows, sum float64) int {
	return cellOf(sum+s.prior, scaleCells/(rows+1))
}

func cellOf(v, inverse float64) int {
	return max(0, min(scaleCells-1, int(v*inverse)))
}

// newScale cuts a statistic into levels of about as many rows each, by what all
// training rows say of their groups. Where few values differ, each has a level.
func newScale(s *statistic, rows, sums []float32) *scale {
	var weight [scaleCells]float64
	total, filled := 0.0, 0
	for g, n := range rows {
		w := &weight[s.cell(float64(n), float64(sums[g]))]
		if *w == 0 {
			filled++
		}
		*w += float64(n)
		total += float64(n)
	}
	out := new(scale)
	level, last, held := 0, -1, 0.0
	share := total / statLevels
	for c, w := range weight {
		if w > 0 {
			heavy := filled <= statLevels-level || w >= share
			if last >= 0 && level < statLevels-1 && (heavy || held >= share) {
				// The border is half way.
				for k := (last + c + 1) / 2; k < c; k++ {
					out[k] = uint8(level + 1)
				}
				level, total = level+1, total-held
				held, share = 0, total/float64(statLevels-level)
			}
			last, held, filled = c, held+w, filled-1
		}
		out[c] = uint8(level)
	}
	return out
}

// counterLevels ranks the groups by their sizes: the different sizes share the
// levels evenly.
func counterLevels(rows []float32) []uint8 {
	sizes := slices.Clone(rows)
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	out := make([]uint8, len(rows))
	for g, n := range rows {
		k, _ := slices.BinarySearch(sizes, n)
		out[g] = uint8(k * statLevels / max(statLevels, len(sizes)))
	}
	return out
}

// orderedWords is the work of computing a combination's words.
type orderedWords struct {
	*ordering
	target   *statTarget
	values   [][]float32 // by class
	groups   []int32
	count    int
	counters []uint8 // level of each group's size
	scales   [statColumns]*scale
	narrow   bool
}

// words computes the statistics of all training rows, a nibble each.
func (o *orderedWords) words() []uint16 {
	out := make([]uint16, len(o.groups))
	if o.single {
		o.wordsSingle(out)
		return out
	}
	tallies := make([]tally, o.count)
	for _, r := range o.rows {
		g := o.groups[r]
		a := &tallies[g]
		w := o.target.weight(r)
		word := uint16(0)
		for c := range o.columns {
			s := &o.columns[c]
			if s.counter {
				word |= uint16(o.counters[g]) << (4 * c)
				continue
			}
			word |= uint16(o.scales[c][s.cell(float64(a.rows), float64(a.sum[c]))]) << (4 * c)
			a.sum[c] += float32(w * o.values[s.class][r])
		}
		a.rows += w
		out[r] = word
	}
	return out
}

// wordsSingle is words where all statistics are of one class.
func (o *orderedWords) wordsSingle(out []uint16) {
	type tally struct{ rows, sum float32 }
	tallies := make([]tally, o.count)
	z := o.values[o.columns[0].class]
	first, second, third := o.scales[0], o.scales[2], o.scales[3]
	for _, r := range o.rows {
		g := o.groups[r]
		a := &tallies[g]
		sum, inverse := float64(a.sum), scaleCells/(float64(a.rows)+1)
		word := uint16(first[cellOf(sum+priors[0], inverse)]) | uint16(o.counters[g])<<4
		if !o.narrow {
			word |= uint16(second[cellOf(sum+priors[1], inverse)])<<8 | uint16(third[cellOf(sum+priors[2], inverse)])<<12
		}
		out[r] = word
		w := o.target.weight(r)
		a.rows += w
		a.sum += float32(w * z[r])
	}
}

// weight of a row.
func (t *statTarget) weight(r int32) float32 {
	if t.w == nil {
		return 1
	}
	return t.w[r]
}

// sumGroups adds up what all training rows say of each group.
func sumGroups(groups []int32, count int, w, z []float32) []float32 {
	out := make([]float32, count)
	for r, g := range groups {
		v := float32(1)
		if w != nil {
			v = w[r]
		}
		if z != nil {
			v = float32(v * z[r])
		}
		out[g] += v
	}
	return out
}

// isCategory says that a feature's levels are looked at through statistics.
func isCategory(levels, maxOneHot int) bool {
	return levels > max(maxOneHot, 1) && levels < math.MaxInt32
}
