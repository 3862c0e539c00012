package gbdt

import (
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// finisher turns symmetric trees into trees of nodes.
type finisher struct {
	features int // of the frame
	columns  []column
	used     []usedTable
	virtual  map[statisticOf]int32 // feature that a tree sees it as
	width    int
}

// usedTable is a combination with those of its statistics that the trees use.
type usedTable struct {
	combined *combination
	places   []int
}

// statisticOf names a statistic of a combination by its place.
type statisticOf struct {
	combined *combination
	place    int
}

func newFinisher(b *symmetricBooster, trees []*symmetricTree) *finisher {
	f := &finisher{features: len(b.request.Train.M.Frame.Features), columns: b.grower.columns,
		virtual: map[statisticOf]int32{}, width: b.width}
	at := map[*combination]int{}
	for _, t := range trees {
		for i := range t.tests {
			test := &t.tests[i]
			if test.combined == nil {
				continue
			}
			k, ok := at[test.combined]
			if !ok {
				k = len(f.used)
				at[test.combined] = k
				f.used = append(f.used, usedTable{combined: test.combined})
			}
			if u := &f.used[k]; !slices.Contains(u.places, test.place) {
				u.places = append(u.places, test.place)
			}
		}
	}
	next := int32(f.features)
	for _, u := range f.used {
		for _, p := range u.places {
			f.virtual[statisticOf{u.combined, p}] = next
			next++
		}
	}
	return f
}

// tree lays out a symmetric tree, test 0 at the root. Where no training row came
// to any leaf of a node, all of which are zero, the node is a leaf itself.
func (f *finisher) tree(t *symmetricTree) predictor.Tree {
	var out predictor.Tree
	f.node(&out, t, 0, 0)
	return out
}

// node appends the node of leaf bits leaf below level and all beneath it.
func (f *finisher) node(out *predictor.Tree, t *symmetricTree, level, leaf int) int32 {
	at := int32(len(*out))
	n := predictor.Node{Feature: -1}
	for l := leaf; l < len(t.cover); l += 1 << level {
		n.Cover += t.cover[l]
		n.Weight += float32(t.hess[l])
	}
	if level == len(t.tests) || n.Cover == 0 {
		for _, v := range t.values {
			n.Value = append(n.Value, float64(v[leaf]))
		}
		*out = append(*out, n)
		return at
	}
	f.test(&n, &t.tests[level])
	n.Gain = t.gains[level] * float32(n.Cover/max(1, f.rows(t)))
	*out = append(*out, n)
	left := f.node(out, t, level+1, leaf)
	right := f.node(out, t, level+1, leaf|1<<level)
	(*out)[at].Left, (*out)[at].Right = left, right
	return at
}

func (f *finisher) rows(t *symmetricTree) float64 {
	sum := 0.0
	for _, c := range t.cover {
		sum += c
	}
	return sum
}

func (f *finisher) test(n *predictor.Node, t *levelTest) {
	n.MissingLeft = t.missingLeft
	if t.combined != nil {
		n.Feature = f.virtual[statisticOf{t.combined, t.place}]
		n.Threshold = float64(t.bin) + 0.5
		return
	}
	c := &f.columns[t.column]
	n.Feature = int32(c.frame)
	switch {
	case c.levels > 0:
		n.Cats = make([]uint32, (c.levels+31)/32)
		n.Cats[t.bin/32] = 1 << (t.bin % 32)
	case int(t.bin) < len(c.edges):
		n.Threshold = float64(c.edges[t.bin])
	default:
		n.Threshold = math.Inf(1) // all values left, missing right
	}
}
