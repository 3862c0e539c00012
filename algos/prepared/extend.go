package prepared

import (
	"context"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// prepared is a request on features and further columns.
type prepared struct {
	request  algos.Request
	features int // of the frame
	sums     *linearSums
	columns  *columns
}

// prepare makes the columns from the training rows.
func prepare(ctx context.Context, r *algos.Request, set *settings) (*prepared, error) {
	p := &prepared{request: *r, features: len(r.Train.M.Frame.Features)}
	sums, err := newSums(ctx, r, set.linear)
	if err != nil {
		return nil, err
	}
	if p.sums = sums; sums != nil {
		p.extend(sums.features, sums.columns)
	}
	before := p.request
	b := newBuilder(&before, set)
	list, err := choose(ctx, b)
	if err != nil {
		return nil, err
	}
	p.columns = b.build(list)
	p.extend(p.columns.features, p.columns.values)
	return p, nil
}

func (p *prepared) extend(features []matrix.Feature, values [][]float32) {
	p.request.Train.M = p.request.Train.M.Extend(features, values)
	if len(p.request.Valid.Rows) > 0 {
		p.request.Valid.M = p.request.Train.M
	}
}

// predictor makes what predicts from the features alone.
func (p *prepared) predictor(trees *predictor.Trees) (predictor.Predictor, error) {
	within := p.features
	if p.sums != nil {
		within += len(p.sums.features)
	}
	var inner predictor.Predictor = trees
	if reads(trees, within) {
		var err error
		if inner, err = predictor.NewPrepared(within, p.columns.lookups, p.columns.derived, trees); err != nil {
			return nil, err
		}
	}
	if p.sums == nil || !reads(trees, p.features) {
		return inner, nil
	}
	return predictor.NewTexted(p.features, p.sums.model, inner)
}

// reads says that trees read a feature from first on.
func reads(t *predictor.Trees, first int) bool {
	for _, tree := range t.Trees() {
		for i := range tree {
			if int(tree[i].Feature) >= first {
				return true
			}
		}
	}
	return false
}
