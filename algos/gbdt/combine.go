package gbdt

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

const (
	// maxStatisticBytes bounds the statistics of training rows that are kept
	// from tree to tree.
	maxStatisticBytes = 256 << 20
	// minTableGroups and maxTableGroups bound the groups in the tables of a
	// model; in between it may have tableGroupsPerRow for each training row.
	minTableGroups    = 1 << 16
	maxTableGroups    = 1 << 22
	tableGroupsPerRow = 16
)

// category is a categorical column of a fit.
type category struct {
	frame       int
	levels      int
	train, seen []int32 // code of each training and validation row; levels where missing
}

// combination is a set of categories. A group is all rows with the same codes.
type combination struct {
	cats  []int // of statistics.cats, ascending
	table *combinedTable

	// What may be forgotten and computed again.
	groups   []int32           // of each training row
	count    int               // groups
	counters []uint8           // level of each group's size
	rows     []float32         // in each group
	sums     map[int][]float32 // of each group, by class
	scales   map[statistic]*scale
	words    [][]uint16 // by order
	narrow   bool       // the words have two statistics
	lastUsed int        // tree
}

// combinedTable is a combination that a tree of the model has used.
type combinedTable struct {
	keys    []uint64    // of each group
	seen    []int32     // group of each validation row, -1 if training has none
	columns []statistic // that trees use
	levels  [][]uint8   // of each column and group
	unseen  []uint8     // of each column, where training has no group
}

// statistics are the categories of a fit with all that is known of them.
type statistics struct {
	cats      []category
	target    *statTarget
	orderings []ordering
	values    [][]float32 // by class, as far as needed
	crew      crew
	maxSize   int

	known map[string]*combination
	room  int // groups that tables may still get
}

func newStatistics(r *algos.Request, d *rowset, s *symmetricSettings, c crew) *statistics {
	out := &statistics{crew: c, maxSize: s.combined, known: map[string]*combination{}}
	frame := r.Train.M.Frame
	for j, f := range frame.Features {
		if isCategory(f.Levels, s.maxOneHot) {
			out.cats = append(out.cats, category{frame: j, levels: f.Levels})
		}
	}
	if len(out.cats) == 0 {
		return out
	}
	c.run(len(out.cats), func(i, _ int) {
		k := &out.cats[i]
		k.train = codesOf(frame.Cols[k.frame], r.Train.Rows, k.levels)
		if len(r.Valid.Rows) > 0 {
			k.seen = codesOf(r.Valid.M.Frame.Cols[k.frame], r.Valid.Rows, k.levels)
		}
	})
	out.target = newStatTarget(r.Problem, d)
	out.orderings = newOrderings(out.target, derive(r.Seed, forOrders))
	out.values = make([][]float32, max(2, out.target.classes))
	for _, o := range out.orderings {
		for _, s := range o.columns {
			if !s.counter && out.values[s.class] == nil {
				out.values[s.class] = out.target.values(s.class)
			}
		}
	}
	out.room = max(minTableGroups, min(maxTableGroups, tableGroupsPerRow*d.n))
	return out
}

func codesOf(col []float32, rows []int32, levels int) []int32 {
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = int32(levels)
		if v := col[r]; v >= 0 && v < float32(levels) {
			out[i] = int32(v)
		}
	}
	return out
}

// find returns the combination of cats, which may be new.
func (s *statistics) find(cats []int) *combination {
	key := make([]byte, 0, 2*len(cats))
	for _, c := range cats {
		key = append(key, byte(c), byte(c>>8))
	}
	if c, ok := s.known[string(key)]; ok {
		return c
	}
	c := &combination{cats: slices.Clone(cats), words: make([][]uint16, len(s.orderings))}
	s.known[string(key)] = c
	return c
}

// with returns the combination of base and category c, nil if that is base
// itself or too large.
func (s *statistics) with(base *combination, c int) *combination {
	if slices.Contains(base.cats, c) || len(base.cats) >= s.maxSize {
		return nil
	}
	cats := append(slices.Clone(base.cats), c)
	slices.Sort(cats)
	size := uint64(1)
	for _, k := range cats {
		high, low := bits.Mul64(size, uint64(s.cats[k].levels)+1)
		if high != 0 || low >= 1<<63 {
			return nil
		}
		size = low
	}
	return s.find(cats)
}

// candidates lists what the next level of a tree may split on: each category
// that chosen allows and, greedily, what the tree already looks at with one more.
func (s *statistics) candidates(tree []*combination, chosen []bool) []*combination {
	var out []*combination
	for c, ok := range chosen {
		if ok {
			out = append(out, s.find([]int{c}))
		}
	}
	for i, base := range tree {
		if slices.Contains(tree[:i], base) {
			continue
		}
		for c, ok := range chosen {
			if !ok {
				continue
			}
			if next := s.with(base, c); next != nil && !slices.Contains(out, next) {
				out = append(out, next)
			}
		}
	}
	return out
}

// prepare computes the statistics of the candidates in order v, and leaves out
// those whose tables would have no room.
func (s *statistics) prepare(list []*combination, v, tree int) []*combination {
	s.crew.run(len(list), func(i, _ int) { s.compute(list[i], v) })
	kept := list[:0]
	for _, c := range list {
		c.lastUsed = tree
		if c.table != nil || c.count <= s.room {
			kept = append(kept, c)
		}
	}
	return kept
}

func (s *statistics) compute(c *combination, v int) {
	if c.groups == nil {
		c.groups, c.count = s.groups(c.cats)
		c.rows = sumGroups(c.groups, c.count, s.target.w, nil)
		c.counters = counterLevels(c.rows)
		c.narrow = s.orderings[v].single && c.count*narrowRows <= len(c.groups)
		c.sums, c.scales = map[int][]float32{}, map[statistic]*scale{}
	}
	if c.words[v] == nil {
		o := orderedWords{ordering: &s.orderings[v], target: s.target, values: s.values, groups: c.groups,
			count: c.count, counters: c.counters, narrow: c.narrow}
		for k := range o.columns {
			if st := &o.columns[k]; !st.counter {
				o.scales[k] = s.scale(c, st)
			}
		}
		c.words[v] = o.words()
	}
}

// scale finds the scale of a statistic, which may be new.
func (s *statistics) scale(c *combination, st *statistic) *scale {
	if c.scales[*st] == nil {
		if c.sums[st.class] == nil {
			c.sums[st.class] = sumGroups(c.groups, c.count, s.target.w, s.values[st.class])
		}
		c.scales[*st] = newScale(st, c.rows, c.sums[st.class])
	}
	return c.scales[*st]
}

// bytes is what a combination holds that can be computed again.
func (c *combination) bytes() int64 {
	n := int64(4*len(c.groups)+len(c.counters)*5) + int64(4*len(c.sums)*len(c.rows)+scaleCells*len(c.scales))
	for _, w := range c.words {
		n += int64(2 * len(w))
	}
	return n
}

// forget drops, after a tree, the statistics that were not looked at for
// longest, if they take too much.
func (s *statistics) forget() { s.forgetBeyond(maxStatisticBytes) }

func (s *statistics) forgetBeyond(limit int64) {
	var all []*combination
	held := int64(0)
	for _, c := range s.known {
		if n := c.bytes(); n > 0 {
			all, held = append(all, c), held+n
		}
	}
	if held <= limit {
		return
	}
	slices.SortFunc(all, func(a, b *combination) int {
		return cmp.Or(a.lastUsed-b.lastUsed, len(b.cats)-len(a.cats), slices.Compare(a.cats, b.cats))
	})
	for _, c := range all {
		if held <= limit*3/4 {
			return
		}
		held -= c.bytes()
		c.groups, c.counters, c.rows, c.sums, c.scales = nil, nil, nil, nil, nil
		clear(c.words)
	}
}

// groups numbers the groups of training rows in the order of their first rows.
func (s *statistics) groups(cats []int) ([]int32, int) {
	out, count := renumber(s.cats[cats[0]].train, nil, 1, s.cats[cats[0]].levels+1)
	for _, k := range cats[1:] {
		out, count = renumber(s.cats[k].train, out, count, s.cats[k].levels+1)
	}
	return out, count
}

// renumber numbers the pairs of a group below count and a code below radix.
func renumber(codes, groups []int32, count, radix int) ([]int32, int) {
	n := len(codes)
	out := make([]int32, n)
	pair := func(r int) uint64 {
		if groups == nil {
			return uint64(codes[r])
		}
		return uint64(groups[r])*uint64(radix) + uint64(codes[r])
	}
	next := int32(0)
	if size := uint64(count) * uint64(radix); size <= uint64(8*n+1024) {
		number := make([]int32, size)
		for r := range out {
			p := &number[pair(r)]
			if *p == 0 {
				next++
				*p = next
			}
			out[r] = *p - 1
		}
		return out, int(next)
	}
	width := bits.Len(uint(2*n + 1))
	shift, mask := uint(64-width), uint64(1<<width-1)
	type entry struct {
		pair   uint64
		number int32
	}
	table := make([]entry, 1<<width)
	for r := range out {
		p := pair(r)
		at := p * 0x9e3779b97f4a7c15 >> shift
		for table[at].number != 0 && table[at].pair != p {
			at = (at + 1) & mask
		}
		e := &table[at]
		if e.number == 0 {
			next++
			*e = entry{p, next}
		}
		out[r] = e.number - 1
	}
	return out, int(next)
}

// use makes the table of a combination that a split of the model needs.
func (s *statistics) use(c *combination) {
	if c.table != nil {
		return
	}
	t := &combinedTable{keys: make([]uint64, c.count)}
	c.table = t
	s.room -= c.count
	for r, g := range c.groups {
		if t.keys[g] == 0 { // key 0 is computed again, to no harm
			t.keys[g] = s.key(c.cats, r, false)
		}
	}
	if n := len(s.cats[0].seen); n > 0 {
		number := make(map[uint64]int32, c.count)
		for g, k := range t.keys {
			number[k] = int32(g)
		}
		t.seen = make([]int32, n)
		for r := range t.seen {
			g, ok := number[s.key(c.cats, r, true)]
			if !ok {
				g = -1
			}
			t.seen[r] = g
		}
	}
}

// key is a group's key in the predictor's tables.
func (s *statistics) key(cats []int, row int, seen bool) uint64 {
	key := uint64(0)
	for _, k := range cats {
		c := &s.cats[k]
		code := c.train
		if seen {
			code = c.seen
		}
		key = key*(uint64(c.levels)+1) + uint64(code[row])
	}
	return key
}

// column returns the place of a statistic among those that trees use of c.
func (s *statistics) column(c *combination, st statistic) int {
	s.use(c)
	t := c.table
	if i := slices.Index(t.columns, st); i >= 0 {
		return i
	}
	levels, unseen := slices.Clone(c.counters), uint8(0)
	if !st.counter {
		scale, sums := s.scale(c, &st), c.sums[st.class]
		for g, n := range c.rows {
			levels[g] = scale[st.cell(float64(n), float64(sums[g]))]
		}
		unseen = scale[st.cell(0, 0)]
	}
	t.columns, t.levels, t.unseen = append(t.columns, st), append(t.levels, levels), append(t.unseen, unseen)
	return len(t.columns) - 1
}

// level is the statistic of a group among all training rows; group -1 has none.
func (t *combinedTable) level(group int32, column int) uint8 {
	if group < 0 {
		return t.unseen[column]
	}
	return t.levels[column][group]
}

// final turns the tables of the combinations into their final form.
func (s *statistics) final(list []usedTable) []predictor.Table {
	out := make([]predictor.Table, len(list))
	s.crew.run(len(list), func(i, _ int) { out[i] = s.finalTable(list[i]) })
	return out
}

func (s *statistics) finalTable(u usedTable) predictor.Table {
	c, t := u.combined, u.combined.table
	out := predictor.Table{}
	for _, k := range c.cats {
		out.Features = append(out.Features, int32(s.cats[k].frame))
		out.Levels = append(out.Levels, int32(s.cats[k].levels))
	}
	order := make([]int32, len(t.keys))
	for g := range order {
		order[g] = int32(g)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(t.keys[a], t.keys[b]) })
	out.Values = make([]uint8, 0, len(order)*len(u.places))
	for _, g := range order {
		out.Keys = append(out.Keys, t.keys[g])
		for _, c := range u.places {
			out.Values = append(out.Values, t.level(g, c))
		}
	}
	for _, c := range u.places {
		out.Default = append(out.Default, t.level(-1, c))
	}
	return out
}
