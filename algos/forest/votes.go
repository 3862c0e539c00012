package forest

import (
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// voters is the number of rows that a goroutine takes down a tree before it goes
// on to the next one.
const voters = 512

// votes are what trees say of rows that they were not grown on: validation rows
// or, where there are none and a report is asked for, the training rows that their
// samples left out.
type votes struct {
	cols  [][]float32
	rows  []int32
	y, w  []float32
	width int
	bag   bool // samples leave rows out
	sum   []float64
	count []int32 // trees that have voted on a row
}

func newVotes(d *algos.Data, rows []int32, width int, bag bool) *votes {
	v := &votes{rows: rows, width: width, bag: bag, y: make([]float32, len(rows))}
	if d.M != nil {
		v.cols = d.M.Frame.Cols
	}
	v.sum, v.count = make([]float64, len(rows)*width), make([]int32, len(rows))
	for i, r := range rows {
		v.y[i] = d.Y[r]
		if d.W != nil {
			v.w = append(v.w, d.W[r])
		}
	}
	return v
}

// add lets trees vote in their order.
func (v *votes) add(trees []sampled, threads int) {
	if len(v.rows) == 0 {
		return
	}
	ways := make([]way, len(trees))
	for i := range trees {
		ways[i] = newWay(trees[i].tree)
	}
	share := (len(v.rows)/max(1, threads)/voters + 1) * voters
	var wg sync.WaitGroup
	for lo := 0; lo < len(v.rows); lo += share {
		hi := min(lo+share, len(v.rows))
		if hi == len(v.rows) {
			v.addRows(trees, ways, lo, hi)
		} else {
			wg.Go(func() { v.addRows(trees, ways, lo, hi) })
		}
	}
	wg.Wait()
}

func (v *votes) addRows(trees []sampled, ways []way, from, to int) {
	for lo := from; lo < to; lo += voters {
		hi := min(lo+voters, to)
		for i := range trees {
			t := &trees[i]
			for k := lo; k < hi; k++ {
				if v.bag && t.drawn[k>>6]>>(k&63)&1 == 1 {
					continue
				}
				v.count[k]++
				sum := v.sum[k*v.width : (k+1)*v.width]
				for c, p := range t.tree[ways[i].leaf(t.tree, v.cols, v.rows[k])].Value {
					sum[c] += p
				}
			}
		}
	}
}

// way is the tests of a tree, side by side.
type way []step

// step is a node: rows go left if their value is at most the threshold.
type step struct {
	feature     int32 // times two, plus one if missing values go left; see below
	threshold   float32
	left, right int32
}

// Marks in place of a feature.
const (
	isLeaf = -1 - iota
	isSet  // a test of categories
)

func newWay(tree predictor.Tree) way {
	w := make(way, len(tree))
	for i := range tree {
		n := &tree[i]
		w[i] = step{n.Feature << 1, float32(n.Threshold), n.Left, n.Right}
		switch {
		case n.Feature < 0:
			w[i].feature = isLeaf
		case n.Cats != nil:
			w[i].feature = isSet
		case n.MissingLeft:
			w[i].feature |= 1
		}
	}
	return w
}

// leaf is the leaf that a row comes to.
func (w way) leaf(tree predictor.Tree, cols [][]float32, row int32) int32 {
	at := int32(0)
	for {
		n := &w[at]
		left := false
		switch f := n.feature; {
		case f == isLeaf:
			return at
		case f == isSet:
			left = inSet(&tree[at], cols[tree[at].Feature][row])
		case f&1 == 1:
			left = !(cols[f>>1][row] > n.threshold)
		default:
			left = cols[f>>1][row] <= n.threshold
		}
		if at = n.right; left {
			at = n.left
		}
	}
}

// inSet says whether a code goes left.
func inSet(n *predictor.Node, x float32) bool {
	if x != x {
		return n.MissingLeft
	}
	code := int(x)
	return x >= 0 && code>>5 < len(n.Cats) && n.Cats[code>>5]>>(code&31)&1 == 1
}

// means are the predictions, NaN for rows that no tree has voted on.
func (v *votes) means() []float32 {
	out := make([]float32, len(v.sum))
	for i, s := range v.sum {
		out[i] = float32(math.NaN())
		if n := v.count[i/v.width]; n > 0 {
			out[i] = float32(s / float64(n))
		}
	}
	return out
}

// loss of the rows that were voted on under a metric; unknown where it is not
// defined.
func (v *votes) loss(p *algos.Problem) (loss float64, known bool) {
	pred := v.means()
	y, w := v.y, v.w
	if v.bag {
		pred, y, w = v.voted(pred)
	}
	score, err := p.Metric.Score(p.Task, p.Classes, y, pred, w)
	return p.Metric.Loss(score), err == nil
}

// voted leaves out the rows without a vote.
func (v *votes) voted(all []float32) (pred, y, w []float32) {
	for k, n := range v.count {
		if n == 0 {
			continue
		}
		pred = append(pred, all[k*v.width:(k+1)*v.width]...)
		y = append(y, v.y[k])
		if v.w != nil {
			w = append(w, v.w[k])
		}
	}
	return pred, y, w
}
