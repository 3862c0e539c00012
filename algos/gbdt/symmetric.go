package gbdt

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Symmetric is the learner of symmetric boosted trees with ordered target
// statistics, "symmetric": what CatBoost does (Prokhorenkova et al. 2018), with
// its hyperparameters' names and defaults.
type Symmetric struct{}

var (
	_ algos.Learner   = Symmetric{}
	_ algos.Portfolio = Symmetric{}
)

// NewSymmetric makes the learner.
func NewSymmetric() Symmetric { return Symmetric{} }

// Name is "symmetric".
func (Symmetric) Name() string { return "symmetric" }

// View is matrix.Binned.
func (Symmetric) View() matrix.View { return matrix.Binned }

// Fit boosts by the rules of [Learner.Fit].
func (Symmetric) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := Check(r); err != nil {
		return nil, fmt.Errorf("symmetric: %w", err)
	}
	r = withoutIdle(r)
	s, err := parseSymmetric(r.Params, r.Problem.Task, len(r.Train.Rows), len(r.Valid.Rows) > 0)
	if err != nil {
		return nil, fmt.Errorf("symmetric: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.MaxSteps > 0 {
		s.rounds = min(s.rounds, r.MaxSteps)
	}
	c := hire(r.Threads)
	defer c.dismiss()
	return newSymmetricBooster(s, r, c).run(ctx)
}

// symmetricBooster holds a symmetric fit. Where there are categories its
// training rows are shuffled.
type symmetricBooster struct {
	*symmetricSettings
	request *algos.Request
	obj     objective
	crew    crew
	width   int
	rows    *rowset
	stats   *statistics
	grower  *symmetricGrower
	quant   *quantiser
	sampler *sampler

	base  []float64
	score [][]float64 // [class][training row]
	grad  [][]pair
	moved [][]float64 // scores within a tree, for more than one step
	trees []*symmetricTree
	watch *watcher // nil without validation rows
	idle  int
}

// What else random numbers are for.
const (
	forOrders = iota + 100
	forRows
	forTurns
	forSample
	forTests
)

func newSymmetricBooster(s *symmetricSettings, r *algos.Request, c crew) *symmetricBooster {
	b := &symmetricBooster{symmetricSettings: s, request: r, crew: c, obj: newObjective(r.Problem)}
	b.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	if hasCategories(r.Train.M.Frame, s.maxOneHot) {
		shuffled := *r
		shuffled.Train.Rows = append([]int32(nil), r.Train.Rows...)
		shuffle(shuffled.Train.Rows, derive(r.Seed, forRows))
		r, b.request = &shuffled, &shuffled
	}
	b.obj = soften(b.obj, r.Train)
	b.rows = targetsOf(r.Train)
	scaleWeights(b.rows.w)
	b.stats = newStatistics(r, b.rows, s, b.crew)
	b.grower = newSymmetricGrower(s, r.Train.M, r.Train.Rows, b.stats, b.width, b.crew)
	b.base = b.obj.base(b.rows)
	n := b.rows.n
	b.score, b.grad = make([][]float64, b.width), make([][]pair, b.width)
	for k := range b.width {
		b.score[k], b.grad[k] = constant(b.base[k], n), make([]pair, n)
	}
	if s.steps > 1 {
		b.moved = make([][]float64, b.width)
		for k := range b.moved {
			b.moved[k] = make([]float64, n)
		}
	}
	b.sampler = newSampler(s, b.rows, b.width)
	b.quant = newQuantiser(n, b.sampler.unit(), derive(r.Seed, forRounding))
	if len(r.Valid.Rows) > 0 {
		every := evaluateEvery(len(r.Valid.Rows), n, len(r.Train.M.Frame.Features), 1<<s.depth)
		b.watch = newWatcher(r, b.crew, targetsOf(r.Valid), b.base, b.obj.link(), every)
	}
	return b
}

func hasCategories(f *matrix.Frame, maxOneHot int) bool {
	for _, c := range f.Features {
		if isCategory(c.Levels, maxOneHot) {
			return true
		}
	}
	return false
}

// targetsOf is a rowset without columns.
func targetsOf(d algos.Data) *rowset {
	return &rowset{n: len(d.Rows), y: pick(d.Y, d.Rows), w: pick(d.W, d.Rows)}
}

// scaleWeights makes their mean one, so that priors and l2_leaf_reg mean the same
// for weights of any scale.
func scaleWeights(w []float32) {
	sum := 0.0
	for _, v := range w {
		sum += float64(v)
	}
	for i, v := range w {
		w[i] = float32(float64(v) * float64(len(w)) / sum)
	}
}

func (b *symmetricBooster) run(ctx context.Context) (*algos.Fitted, error) {
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
		if b.idle >= maxIdle {
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
	p, err := b.predictor(b.trees[:f.Steps])
	if err != nil {
		return nil, fmt.Errorf("symmetric: %w", err)
	}
	f.Predictor = p
	return f, nil
}

// round adds a tree. If ctx ends meanwhile, nothing of the round counts.
func (b *symmetricBooster) round(ctx context.Context, round int) error {
	if ctx.Err() != nil {
		return errStopped
	}
	seed := derive(b.request.Seed, forTests, uint64(round))
	b.crew.blocks(b.rows.n, func(lo, hi, _ int) { b.obj.gradients(b.rows, b.score, b.grad, lo, hi) })
	b.sampler.draw(b.grad, derive(b.request.Seed, forSample, uint64(round)), b.crew)
	gTop, hTop := b.sampler.tops(b.crew)
	for k := range b.width {
		b.quant.packScaled(b.sampler.drawn[k], b.grower.packed[k], gTop, hTop, derive(seed, uint64(k)), b.crew)
	}
	v := 0
	if n := len(b.stats.orderings); n > 0 {
		v = (round - 1) % n
	}
	// Scores are of the unit of a gradient times the root of that of a weight.
	noise := b.deviation(round) * math.Sqrt(b.quant.hStep) / b.quant.gStep
	t, err := b.grower.grow(ctx, v, round, b.quant.shift, max(b.lambdaL2, 1e-9)/b.quant.hStep, noise, seed)
	if err != nil {
		return err
	}
	b.setValues(t)
	b.trees = append(b.trees, t)
	b.idle++
	if len(t.tests) > 0 {
		b.idle = 0
	}
	if b.watch != nil {
		b.validate(t)
	}
	b.stats.forget()
	return nil
}

// deviation is that of the noise on scores: the size of a gradient, less and
// less as the model grows.
func (b *symmetricBooster) deviation(round int) float64 {
	n := float64(b.rows.n)
	left := n * algos.Exp(-float64(round-1)*b.learningRate)
	return b.strength * b.sampler.size * left / (1 + left)
}

// setValues computes the leaves' values from the true gradients of all rows by
// steps of Newton's method, and adds them to the scores.
func (b *symmetricBooster) setValues(t *symmetricTree) {
	leaves := 1 << len(t.tests)
	total := make([][]float64, b.width)
	for k := range total {
		total[k] = make([]float64, leaves)
	}
	grad := b.grad
	for step := range b.steps {
		if step > 0 {
			b.crew.blocks(b.rows.n, func(lo, hi, _ int) {
				for k, m := range b.moved {
					for i := lo; i < hi; i++ {
						m[i] = b.score[k][i] + total[k][b.grower.leaf[i]]
					}
				}
				b.obj.gradients(b.rows, b.moved, grad, lo, hi)
			})
		}
		for k := range b.width {
			g, h := b.sumLeaves(grad[k], leaves)
			for l := range total[k] {
				if den := h[l] + b.lambdaL2; den > 0 {
					total[k][l] -= g[l] / den
				}
			}
			if step == 0 && k == 0 {
				t.hess = h
			}
		}
	}
	t.values = make([][]float32, b.width)
	for k := range total {
		t.values[k] = make([]float32, leaves)
		for l, v := range total[k] {
			if v = v * b.learningRate; !math.IsNaN(v) && math.Abs(v) <= math.MaxFloat32 {
				t.values[k][l] = float32(v)
			}
		}
	}
	t.cover = make([]float64, leaves)
	for l := range t.cover {
		t.cover[l] = float64(b.grower.ends[l] - b.grower.bounds[l])
	}
	b.crew.blocks(b.rows.n, func(lo, hi, _ int) {
		for k, values := range t.values {
			score := b.score[k]
			for i := lo; i < hi; i++ {
				score[i] += float64(values[b.grower.leaf[i]])
			}
		}
	})
}

// sumLeaves adds up gradients and Hessians by leaf, over blocks of rows that do
// not depend on the crew.
func (b *symmetricBooster) sumLeaves(grad []pair, leaves int) (g, h []float64) {
	n := b.rows.n
	blocks := (n + block - 1) / block
	sums := make([]float64, blocks*leaves*2)
	b.crew.blocks(n, func(lo, hi, i int) {
		s := sums[i*leaves*2 : (i+1)*leaves*2]
		leaf := b.grower.leaf[lo:hi]
		for r, p := range grad[lo:hi] {
			at := int(leaf[r]) * 2
			s[at] += float64(p.g)
			s[at+1] += float64(p.h)
		}
	})
	g, h = make([]float64, leaves), make([]float64, leaves)
	for i := range blocks {
		for l := range leaves {
			g[l] += sums[(i*leaves+l)*2]
			h[l] += sums[(i*leaves+l)*2+1]
		}
	}
	return g, h
}

// validate brings a tree to the validation scores.
func (b *symmetricBooster) validate(t *symmetricTree) {
	bins := b.request.Valid.M.Bins()
	rows := b.request.Valid.Rows
	b.crew.blocks(len(rows), func(lo, hi, _ int) {
		leaf := make([]uint16, hi-lo)
		for k := range t.tests {
			b.seenSides(&t.tests[k], bins, rows[lo:hi], lo, k, leaf)
		}
		for k, values := range t.values {
			score := b.watch.score[k][lo:hi]
			for i, l := range leaf {
				score[i] += float64(values[l])
			}
		}
	})
}

// seenSides adds bit k to the leaves of the validation rows, the first of which
// is number lo.
func (b *symmetricBooster) seenSides(t *levelTest, bins *matrix.Bins, rows []int32, lo, k int, leaf []uint16) {
	if t.combined != nil {
		table := t.combined.table
		for i := range leaf {
			if table.level(table.seen[lo+i], t.place) > t.bin {
				leaf[i] |= 1 << k
			}
		}
		return
	}
	c := &b.grower.columns[t.column]
	table, col := t.table(c), bins.Cols[c.frame]
	for i, r := range rows {
		leaf[i] |= uint16(table[col[r]]) << k
	}
}

// predictor turns the trees kept into their final form.
func (b *symmetricBooster) predictor(trees []*symmetricTree) (predictor.Predictor, error) {
	f := newFinisher(b, trees)
	out := make([]predictor.Tree, len(trees))
	for i, t := range trees {
		out[i] = f.tree(t)
	}
	if len(f.used) == 0 {
		return predictor.NewTrees(out, b.width, b.base, b.obj.link()), nil
	}
	return predictor.NewStatistics(f.features, b.stats.final(f.used), out, b.width, b.base, b.obj.link())
}
