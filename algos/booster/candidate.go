package booster

import (
	"context"
	"maps"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
)

// unknownRounds is for rows too few to hold any out.
const unknownRounds = 100

// candidate is a kind of trees with its configuration, and what is known of it.
type candidate struct {
	kind
	request *algos.Request
	stopped bool // by Report

	fits, loss, logRounds float64 // on rows held out, the last two summed
}

func newCandidate(k kind, r *algos.Request) *candidate {
	q := *r
	q.MaxSteps, q.Report = 0, nil
	q.Params = k.params(shapeOf(r), r.Params)
	return &candidate{kind: k, request: &q}
}

// fit trains on a request of the candidate's for up to so many rounds.
func (c *candidate) fit(ctx context.Context, r algos.Request, rounds int) (*algos.Fitted, error) {
	if asked := r.Params.Int("rounds", 0); asked > 0 {
		rounds = min(rounds, asked)
	}
	r.Params = maps.Clone(r.Params)
	r.Params["rounds"] = float64(min(rounds, c.steps))
	return c.learner.Fit(ctx, &r)
}

// validate fits on some of the training rows, stopped by others.
func (c *candidate) validate(ctx context.Context, train, valid []int32) error {
	part := *c.request
	part.Valid = part.Train
	part.Train.Rows, part.Valid.Rows = train, valid
	_, err := c.watch(ctx, part, c.steps, nil)
	return err
}

// watch fits on validation rows and adds what is learned to what is known. Steps,
// those that report hears too, are the candidate's.
func (c *candidate) watch(ctx context.Context, r algos.Request, rounds int, report func(int, float64) bool) (*algos.Fitted, error) {
	loss := math.Inf(1)
	r.Report = func(step int, v float64) bool {
		loss = min(loss, v)
		c.stopped = report != nil && !report(c.offset+step, v)
		return !c.stopped
	}
	f, err := c.fit(ctx, r, rounds)
	if err != nil {
		return nil, err
	}
	c.fits++
	c.loss += loss
	c.logRounds += math.Log(float64(max(1, f.Steps)))
	return c.numbered(f), nil
}

// train fits without validation rows.
func (c *candidate) train(ctx context.Context, rounds int) (*algos.Fitted, error) {
	f, err := c.fit(ctx, *c.request, rounds)
	if err != nil {
		return nil, err
	}
	return c.numbered(f), nil
}

func (c *candidate) numbered(f *algos.Fitted) *algos.Fitted {
	out := *f
	out.Steps += c.offset
	return &out
}

func (c *candidate) mean() float64 { return c.loss / c.fits }

// better says that the loss is lower than another's by more than chance: on few rows a
// smaller difference tells nothing.
func (c *candidate) better(other *candidate) bool {
	margin := min(0.1, 1/math.Sqrt(float64(max(len(c.request.Train.Rows), 1))))
	return c.mean() < other.mean()-float64(margin*math.Abs(other.mean()))
}

// rounds are for a fit on all rows: the geometric mean of those that were best.
func (c *candidate) rounds() int {
	if c.fits == 0 {
		return unknownRounds
	}
	return int(math.Round(c.longer * math.Exp(c.logRounds/c.fits)))
}
