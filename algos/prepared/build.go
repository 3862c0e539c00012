package prepared

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// columns are further columns: for training in values, one column of all rows of
// the frame each, and for predictions in derived and lookups.
type columns struct {
	exprs    []*expr
	features []matrix.Feature
	values   [][]float32
	derived  []predictor.Derived
	lookups  []predictor.Lookup
}

// builder makes columns for a request.
type builder struct {
	*settings
	request *algos.Request
	frame   *matrix.Frame
	target  *encode.Target
	levels  []int32 // of each feature as a part of groups
	groups  map[string]*encode.Grouping
}

func newBuilder(r *algos.Request, set *settings) *builder {
	b := &builder{settings: set, request: r, frame: r.Train.M.Frame, groups: map[string]*encode.Grouping{}}
	b.target = encode.NewTarget(r, encode.Classes(r))
	b.levels = make([]int32, len(b.frame.Features))
	algos.Each(len(b.levels), r.Threads, func(j int) { b.levels[j] = levelsOf(b.frame, j, r.Train.Rows) })
	return b
}

// on is a builder of the same columns for a sample.
func (b *builder) on(r *algos.Request) *builder {
	return &builder{settings: b.settings, request: r, frame: r.Train.M.Frame, groups: map[string]*encode.Grouping{},
		target: encode.NewTarget(r, b.target.Classes), levels: b.levels}
}

// made is a column on the way.
type made struct {
	expr   *expr
	values []float32 // of all rows
	// Of columns from groups: the value of each group and that of unknown ones.
	group []float32
	none  float32
}

// build makes the columns of a list, each behind those that it is made of.
func (b *builder) build(list []*expr) *columns {
	place := map[string]int{}
	var all []made
	deepest := 0
	var need func(e *expr)
	need = func(e *expr) {
		if _, known := place[e.key()]; known || e.kind == given {
			return
		}
		if e.kind == computed {
			need(e.left)
			need(e.right)
		}
		place[e.key()] = len(all)
		all = append(all, made{expr: e})
		deepest = max(deepest, e.depth())
	}
	for _, e := range list {
		need(e)
	}
	b.group(all)
	at := func(e *expr) int {
		if e.kind == given {
			return e.feature
		}
		return len(b.frame.Cols) + place[e.key()]
	}
	column := func(e *expr) []float32 {
		if e.kind == given {
			return b.frame.Cols[e.feature]
		}
		return all[place[e.key()]].values
	}
	for depth := 1; depth <= deepest; depth++ {
		algos.Each(len(all), b.request.Threads, func(i int) {
			m := &all[i]
			switch e := m.expr; {
			case e.depth() != depth:
			case e.kind == computed:
				m.values = make([]float32, b.frame.Rows)
				e.op.Columns(column(e.left), column(e.right), m.values)
			default:
				b.fromGroups(m)
			}
		})
	}
	return b.assemble(all, at)
}

// group makes the groupings that columns need.
func (b *builder) group(all []made) {
	var of [][]int32
	for i := range all {
		if e := all[i].expr; e.of != nil && b.groups[groupKey(e.of)] == nil {
			b.groups[groupKey(e.of)] = &encode.Grouping{}
			of = append(of, e.of)
		}
	}
	found := make([]*encode.Grouping, len(of))
	algos.Each(len(of), b.request.Threads, func(i int) { found[i] = b.newGrouping(of[i]) })
	for i, g := range found {
		b.groups[groupKey(of[i])] = g
	}
}

func (b *builder) newGrouping(of []int32) *encode.Grouping {
	levels := make([]int32, len(of))
	for k, j := range of {
		levels[k] = b.levels[j]
	}
	return encode.NewGrouping(b.frame, of, levels, b.request.Train.Rows)
}

func groupKey(of []int32) string { return fmt.Sprint(of) }

// fromGroups makes the column of an expression over groups.
func (b *builder) fromGroups(m *made) {
	g := b.groups[groupKey(m.expr.of)]
	train := b.request.Train.Rows
	at := g.At(train)
	var whole, own []float64
	none := math.Log1p(1) // a new group is like one that had one row
	switch m.expr.kind {
	case encoded:
		enc := b.target.Encode(m.expr.class, at, len(g.Keys), b.smooth, b.by)
		whole, none, own = enc.Whole, enc.None, enc.Train
	case counted:
		whole = b.counts(at, len(g.Keys))
	case averaged:
		whole, none = b.means(b.frame.Cols[m.expr.feature], at, len(g.Keys))
	}
	m.group, m.none = make([]float32, len(whole)), float32(none)
	for k, v := range whole {
		m.group[k] = float32(v)
	}
	m.values = g.Column(m.group, m.none, train, own)
}

// counts are the logarithms of one more than the rows of each group.
func (b *builder) counts(at []int32, groups int) []float64 {
	out := make([]float64, groups)
	for i, g := range at {
		out[g] += b.target.Weight[i]
	}
	for g, n := range out {
		out[g] = math.Log1p(n)
	}
	return out
}

// means are those of a feature in each group, drawn towards the mean of all
// training rows as encodings are; values that are not finite don't count.
func (b *builder) means(col []float32, at []int32, groups int) (means []float64, all float64) {
	sum, rows := make([]float64, groups), make([]float64, groups)
	var total, n float64
	for i, g := range at {
		v, w := float64(col[b.request.Train.Rows[i]]), b.target.Weight[i]
		if v-v != 0 {
			continue
		}
		sum[g] += float64(w * v)
		rows[g] += w
		total += float64(w * v)
		n += w
	}
	if n > 0 {
		all = total / n
	}
	for g := range sum {
		sum[g] = encode.Smoothed(sum[g], rows[g], all, b.smooth)
	}
	return sum, all
}

// assemble brings columns into the form of package predictor. Tables of the same
// groups become one.
func (b *builder) assemble(all []made, at func(*expr) int) *columns {
	out := &columns{}
	tables := map[string]int{}
	var members [][]*made // of each table
	for i := range all {
		m := &all[i]
		out.exprs = append(out.exprs, m.expr)
		out.features = append(out.features, m.expr.describe(b.frame, b.target))
		out.values = append(out.values, m.values)
		if m.expr.kind == computed {
			out.derived = append(out.derived, predictor.Derived{Op: m.expr.op, A: int32(at(m.expr.left)), B: int32(at(m.expr.right))})
			continue
		}
		key := groupKey(m.expr.of)
		t, known := tables[key]
		if !known {
			t = len(members)
			tables[key], members = t, append(members, nil)
		}
		out.derived = append(out.derived, predictor.Derived{Op: predictor.OpLookup, A: int32(t), B: int32(len(members[t]))})
		members[t] = append(members[t], m)
	}
	for _, list := range members {
		g := b.groups[groupKey(list[0].expr.of)]
		l := predictor.Lookup{Features: g.Features, Levels: g.Levels, Keys: g.Keys}
		l.Values = make([]float32, 0, len(g.Keys)*len(list))
		for k := range g.Keys {
			for _, m := range list {
				l.Values = append(l.Values, m.group[k])
			}
		}
		for _, m := range list {
			l.Default = append(l.Default, m.none)
		}
		out.lookups = append(out.lookups, l)
	}
	return out
}
