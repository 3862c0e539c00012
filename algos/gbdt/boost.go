package gbdt

import (
	"context"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// booster holds a fit.
type booster struct {
	*settings
	request  *algos.Request
	features []feature
	width    int // outputs
	perRound int // trees
	train    *rowset
	grower   *grower
	quant    *quantiser
	crew     crew

	base  []float64
	init  []predictor.Tree // those that the fit goes on from
	score [][]float64      // [class][training row]
	grad  [][]pair         // likewise
	trees []keptTree       // round after round, class after class
	fresh [][]node         // those of the round at hand, with all that the trainer knows
	watch *watcher         // nil without validation rows
	seen  *spread          // its rows
	out   *spread          // training rows that are not in the bag, nil without bagging
	inBag int
	idle  int // rounds in succession that found nothing to split

	residuals []weighted // of the rows of the tree at hand
	rowSizes  []float32
	projected []pair  // gradients of all outputs in one
	leaf      []int32 // numbers of the leaves of multi-output trees that rows are in
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
	forNodeFeatures
	forProjection
)

// newBooster prepares a fit, of which c does the work.
func newBooster(s *settings, r *algos.Request, c crew) *booster {
	b := &booster{settings: s, request: r, crew: c}
	if s.obj == nil {
		s.obj = newObjective(r.Problem)
	}
	s.obj = soften(s.obj, r.Train)
	features, cells := usefulFeatures(r.Train.M)
	b.features = features
	b.train = gatherRows(r.Train, features, b.crew)
	b.train.weighClasses(s.classWeights)
	b.width, b.perRound = width(r), width(r)
	if s.multi {
		b.perRound = 1
	}
	b.fresh = make([][]node, b.perRound)
	b.base = s.start(b.train, b.width)
	if r.Init != nil {
		b.base, b.init = r.Init.Base(), r.Init.Trees()
	}
	b.score, b.grad = b.margins(r.Train), make([][]pair, b.width)
	for k := range b.grad {
		b.grad[k] = make([]pair, b.train.n)
	}
	b.grower = newGrower(s, features, cells, b.train, b.crew)
	b.quant = newQuantiser(b.train.n, b.obj.unitHessian() && b.train.w == nil && !s.goss, derive(r.Seed, forRounding))
	if s.baggingFraction < 1 || s.goss {
		b.out = newSpread(b.train.columns, b.train.n)
	}
	if len(r.Valid.Rows) > 0 {
		valid := gatherRows(r.Valid, features, b.crew)
		b.seen = newSpread(valid.columns, valid.n)
		b.watch = newWatcher(r, b.crew, valid, b.base, b.obj.link(), evaluateEvery(valid.n*b.width/b.perRound, b.train.n, len(features), b.leafLimit))
		b.watch.score = b.margins(r.Valid)
	}
	return b
}

// margins are the scores that rows start with.
func (b *booster) margins(d algos.Data) [][]float64 { return margins(b.init, b.base, d, b.crew) }

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
		if err := b.failure(); err != nil {
			return nil, fmt.Errorf("gbdt: %w", err)
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
	f.Predictor = b.predictor(b.trees[:f.Steps*b.perRound])
	return f, nil
}

func (b *booster) randomised() bool {
	return b.multi || b.extraTrees || b.featureFraction < 1 || b.baggingFraction < 1 || b.goss || b.nodeFraction < 1
}

// round adds a tree for each class. If ctx ends meanwhile, nothing of the round
// counts.
func (b *booster) round(ctx context.Context, round int) error {
	if ctx.Err() != nil {
		return errStopped
	}
	b.adapt(b.train, b.score, &b.residuals, b.crew)
	b.crew.blocks(b.train.n, func(lo, hi, _ int) {
		if ctx.Err() == nil {
			b.obj.gradients(b.train, b.score, b.grad, lo, hi)
		}
	})
	if ctx.Err() != nil {
		return errStopped
	}
	past := len(b.init) / b.perRound
	bag := b.draw(past + round)
	split := false
	for k := range b.fresh {
		seed := derive(b.request.Seed, uint64(past+round), uint64(k))
		tree, err := b.tree(ctx, k, bag, seed)
		if err != nil {
			return err
		}
		split = split || len(tree) > 1
		b.fresh[k] = append(b.fresh[k][:0], tree...)
	}
	for _, nodes := range b.fresh {
		b.trees = append(b.trees, keep(nodes))
	}
	b.idle++
	if split {
		b.idle = 0
	}
	if b.watch != nil {
		b.validate(b.fresh)
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
			if n.values == nil {
				addTo(b.watch.score[k], idx, n.value)
				return
			}
			for k, v := range n.values {
				addTo(b.watch.score[k], idx, v)
			}
		})
	}
}

// grown is a tree on the rows of the bag, valid until the next.
func (b *booster) grown(ctx context.Context, grad []pair, bag []int32, seed uint64) ([]node, error) {
	g := b.grower
	rows := b.train.n
	if bag == nil {
		g.crew.blocks(rows, func(lo, hi, _ int) {
			for i := lo; i < hi; i++ {
				g.spread.idx[i] = int32(i)
			}
		})
	} else {
		rows = copy(g.spread.idx, bag)
	}
	b.quant.pack(grad, g.packed, derive(seed, forRounding), b.crew)
	g.prepare(b.quant, derive(seed, forFeatures))
	return g.grow(ctx, rows, bag == nil, derive(seed, forThresholds))
}

// tree grows the tree of output k on the rows of the bag and adds it to all
// training scores.
func (b *booster) tree(ctx context.Context, k int, bag []int32, seed uint64) ([]node, error) {
	if b.multi {
		return b.multiTree(ctx, bag, seed)
	}
	nodes, err := b.grown(ctx, b.grad[k], bag, seed)
	if err != nil {
		return nil, err
	}
	b.setValues(nodes, b.grad[k])
	if o, ok := b.obj.(renewer); ok {
		b.renew(o, nodes, b.score[k])
	}
	addScores(nodes, b.grower.spread, b.score[k], b.crew)
	if bag != nil {
		replay(nodes, b.features, b.out, b.train.n-b.inBag, b.crew, func(n *node, idx []int32) {
			addTo(b.score[k], idx, n.value)
		})
	}
	return nodes, nil
}
