package gbdt

import (
	"context"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// booster holds a fit.
type booster struct {
	*settings
	request  *algos.Request
	obj      objective
	features []feature
	width    int
	train    *rowset
	grower   *grower
	quant    *quantiser
	crew     crew

	base  []float64
	score [][]float64 // [class][training row]
	grad  [][]pair    // likewise
	trees [][]node    // round after round, class after class
	watch *watcher    // nil without validation rows
	seen  *spread     // its rows
	out   *spread     // training rows that are not in the bag, nil without bagging
	inBag int
	idle  int // rounds in succession that found nothing to split
}

// maxIdle is the number of rounds without a split after which a randomised fit
// gives up.
const maxIdle = 20

// What random numbers are for.
const (
	forRounding = iota + 1
	forFeatures
	forThresholds
	forBag
)

func newBooster(s *settings, r *algos.Request) *booster {
	b := &booster{settings: s, request: r, crew: crew(max(1, r.Threads)), obj: newObjective(r.Problem)}
	features, cells := usefulFeatures(r.Train.M)
	b.features = features
	b.train = gatherRows(r.Train, features, true, b.crew)
	b.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	b.base = b.obj.base(b.train)
	b.score, b.grad = make([][]float64, b.width), make([][]pair, b.width)
	for k := range b.score {
		b.score[k] = constant(b.base[k], b.train.n)
		b.grad[k] = make([]pair, b.train.n)
	}
	b.grower = newGrower(s, features, cells, b.train, b.crew)
	b.quant = newQuantiser(b.train.n, b.obj.unitHessian() && b.train.w == nil, derive(r.Seed, forRounding))
	if s.baggingFraction < 1 {
		b.out = newSpread(b.train.cols, b.train.n)
	}
	if len(r.Valid.Rows) > 0 {
		valid := gatherRows(r.Valid, features, false, b.crew)
		b.seen = newSpread(valid.cols, valid.n)
		b.watch = newWatcher(r, valid, b.base, b.obj.link(), evaluateEvery(valid.n, b.train.n, len(features), b.leafLimit))
	}
	return b
}

func constant(v float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

func (b *booster) run(ctx context.Context) (*algos.Fitted, error) {
	done, truncated := 0, false
	for done < b.rounds {
		if b.round(ctx, done+1) != nil {
			truncated = true
			break
		}
		done++
		if b.watch != nil && !b.watch.after(done, done == b.rounds) {
			break
		}
		if b.idle > 0 && (b.idle >= maxIdle || !b.randomised()) {
			break
		}
	}
	if done == 0 {
		return nil, ctx.Err()
	}
	f := &algos.Fitted{Steps: done, Truncated: truncated}
	if b.watch != nil {
		b.watch.finish(done)
		f.Steps, f.ValidPred = b.watch.best, b.watch.bestPred
	}
	f.Predictor = b.predictor(b.trees[:f.Steps*b.width])
	return f, nil
}

func (b *booster) randomised() bool {
	return b.extraTrees || b.featureFraction < 1 || b.baggingFraction < 1
}

// round adds a tree for each class. If ctx ends meanwhile, nothing of the round
// counts.
func (b *booster) round(ctx context.Context, round int) error {
	if ctx.Err() != nil {
		return errStopped
	}
	b.crew.blocks(b.train.n, func(lo, hi, _ int) { b.obj.gradients(b.train, b.score, b.grad, lo, hi) })
	bag := b.draw(round)
	split := false
	for k := range b.width {
		seed := derive(b.request.Seed, uint64(round), uint64(k))
		tree, err := b.tree(ctx, k, bag, seed)
		if err != nil {
			b.trees = b.trees[:(round-1)*b.width]
			return err
		}
		split = split || len(tree) > 1
		b.trees = append(b.trees, append([]node(nil), tree...))
	}
	b.idle++
	if split {
		b.idle = 0
	}
	if b.watch != nil {
		b.validate(b.trees[(round-1)*b.width:])
	}
	return nil
}

// validate brings a round's trees to the validation scores.
func (b *booster) validate(trees [][]node) {
	for k, nodes := range trees {
		for i := range b.seen.idx {
			b.seen.idx[i] = int32(i)
		}
		replay(nodes, b.features, b.seen, b.watch.valid.n, b.crew, func(n *node, idx []int32) {
			addTo(b.watch.score[k], idx, n.value)
		})
	}
}

// draw selects the round's rows: a list of the bag, or nil for all. The others
// are left in b.out.
func (b *booster) draw(round int) []int32 {
	if b.out == nil {
		return nil
	}
	limit := uint64(b.baggingFraction * (1 << 32))
	seed := derive(b.request.Seed, forBag, uint64(round))
	in, out := b.out.tmp, b.out.idx
	n, m := 0, 0
	for i := range b.train.n {
		in[n], out[m] = int32(i), int32(i)
		c := 0
		if mix(seed+uint64(i))>>32 < limit {
			c = 1
		}
		n += c
		m += 1 - c
	}
	b.inBag = n
	if n == 0 {
		return nil
	}
	return append([]int32(nil), in[:n]...)
}

// tree grows the tree of class k on the rows of the bag and adds it to all
// training scores.
func (b *booster) tree(ctx context.Context, k int, bag []int32, seed uint64) ([]node, error) {
	g := b.grower
	rows := b.train.n
	if bag == nil {
		for i := range rows {
			g.spread.idx[i] = int32(i)
		}
	} else {
		rows = copy(g.spread.idx, bag)
	}
	b.quant.pack(b.grad[k], g.packed, derive(seed, forRounding), b.crew)
	g.prepare(b.quant, derive(seed, forFeatures))
	nodes, err := g.grow(ctx, rows, bag == nil, derive(seed, forThresholds))
	if err != nil {
		return nil, err
	}
	b.setValues(nodes, b.grad[k])
	addScores(nodes, g.spread, b.score[k], b.crew)
	if bag != nil {
		replay(nodes, b.features, b.out, b.train.n-b.inBag, b.crew, func(n *node, idx []int32) {
			addTo(b.score[k], idx, n.value)
		})
	}
	return nodes, nil
}

// setValues computes the leaves' outputs from the true gradients, leaf by leaf
// in the order of rows, so that threads change nothing.
func (b *booster) setValues(nodes []node, grad []pair) {
	idx := b.grower.spread.idx
	one := func(i, _ int) {
		n := &nodes[i]
		if !n.leaf() {
			return
		}
		var sumG, sumH float64
		for _, r := range idx[n.lo:n.hi] {
			p := &grad[r]
			sumG += float64(p.g)
			sumH += float64(p.h)
		}
		n.value = b.output(sumG, sumH, n.l2)
	}
	if b.train.n < parallelRows {
		crew(1).run(len(nodes), one)
		return
	}
	b.crew.run(len(nodes), one)
}

// output is the value of a leaf: the Newton step, shrunk.
func (b *booster) output(g, h, l2 float64) float32 {
	a := math.Abs(g) - b.lambdaL1
	if a <= 0 || h+l2 <= 0 {
		return 0
	}
	v := float32(math.Copysign(a/(h+l2), -g) * b.learningRate)
	if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return v
}

// addScores adds the leaves' values to the scores of their rows.
func addScores(nodes []node, s *spread, score []float64, c crew) {
	one := func(i, _ int) {
		if n := &nodes[i]; n.leaf() {
			addTo(score, s.idx[n.lo:n.hi], n.value)
		}
	}
	if len(s.idx) < parallelRows {
		c = 1
	}
	c.run(len(nodes), one)
}

func addTo(score []float64, idx []int32, value float32) {
	v := float64(value)
	for _, r := range idx {
		score[r] += v
	}
}

// replay takes the first rows of a spread down a finished tree, and calls visit
// for each leaf that some come to.
func replay(nodes []node, features []feature, s *spread, rows int, c crew, visit func(*node, []int32)) {
	lo, hi := make([]int, len(nodes)), make([]int, len(nodes))
	hi[0] = rows
	for i := range nodes {
		n := &nodes[i]
		if lo[i] == hi[i] {
			continue
		}
		if n.leaf() {
			visit(n, s.idx[lo[i]:hi[i]])
			continue
		}
		f := &features[n.split.feature]
		table := n.split.table(f.bins)
		mid := s.part(lo[i], hi[i], s.cols[f.frame], &table, c)
		lo[n.left], hi[n.left] = lo[i], mid
		lo[n.right], hi[n.right] = mid, hi[i]
	}
}

// predictor turns the trees kept into their final form.
func (b *booster) predictor(trees [][]node) *predictor.Trees {
	out := make([]predictor.Tree, len(trees))
	for i, nodes := range trees {
		out[i] = finalTree(nodes, b.features)
	}
	return predictor.NewTrees(out, b.width, b.base, b.obj.link())
}

func finalTree(nodes []node, features []feature) predictor.Tree {
	t := make(predictor.Tree, len(nodes))
	values := make([]float64, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		t[i].Cover = float64(n.cover)
		if n.leaf() {
			values[i] = float64(n.value)
			t[i].Feature, t[i].Value = -1, values[i:i+1:i+1]
			continue
		}
		f := &features[n.split.feature]
		t[i].Feature, t[i].MissingLeft = int32(f.frame), n.split.missingLeft
		t[i].Left, t[i].Right = n.left, n.right
		if n.split.categorical {
			t[i].Cats = finalSet(&n.split, f)
		} else if int(n.split.bin) < len(f.edges) {
			t[i].Threshold = float64(f.edges[n.split.bin])
		} else {
			t[i].Threshold = math.Inf(1) // all values left, missing right
		}
	}
	return t
}

// finalSet lists the level codes that go left. The levels without a bin of their
// own go with the missing values.
func finalSet(s *split, f *feature) []uint32 {
	words := make([]uint32, (f.levels+31)/32)
	for c := range f.levels {
		if c < f.bins-1 && s.cats.has(c) || c >= f.bins-1 && s.missingLeft {
			words[c/32] |= 1 << (c % 32)
		}
	}
	return words
}
