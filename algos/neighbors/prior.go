package neighbors

import (
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

const (
	// askedRows is the number of rows that choose the prior, a third of the rows at
	// most; the others, knownRows at most, answer.
	askedRows = 500
	knownRows = 10_000
	// fewAsked rows choose nothing.
	fewAsked = 20
)

// strengths are the numbers of neighbours that the prior counts for, of which the
// first is taken where there is nothing to choose by. Where neighbours tell the
// class almost always, one is far too many; where they hardly do, too few.
var strengths = []float64{1, 0.01, 0.03, 0.1, 0.3, 3, 10}

// priors are the shares of the classes times the strength with the least log loss
// of rows that are not among those known, drawn by the seed.
func (f *fit) priors(votes predictor.Votes) ([]float32, error) {
	strength := strengths[0]
	if f.classes == 0 {
		return nil, nil
	}
	one := f.merged()
	if asked := min(askedRows, len(one.rows)/3); asked >= fewAsked {
		drawn := rand.New(rand.NewPCG(f.request.Seed, 2)).Perm(len(one.rows))
		drawn = drawn[:min(len(drawn), asked+knownRows)]
		of, rest := *one, *one
		of.take(drawn[:asked])
		rest.take(drawn[asked:])
		k := rest.known()
		k.Prior = make([]float32, f.classes)
		p, err := predictor.NewNeighbors(f.classes, k, votes)
		if err != nil {
			return nil, err
		}
		shares := algos.Predict(p, f.request.Train.M, of.rows, f.threads)
		least := math.Inf(1)
		for _, s := range strengths {
			if loss := of.loss(shares, float64(votes.K), s); loss < least {
				strength, least = s, loss
			}
		}
	}
	prior := make([]float32, f.classes)
	for c, share := range f.shares {
		prior[c] = float32(strength * float64(share))
	}
	return prior, nil
}

// merged has one row in place of those that are the same, of their weight: else a
// row that is asked about would be known.
func (f *fit) merged() *fit {
	out := *f
	out.rows, out.y, out.w = nil, nil, nil
	seen := make(map[uint64]int, len(f.rows))
	x := make([]float32, f.dense.Cols)
	for i, r := range f.rows {
		hash := uint64(f.y[i]) + 1
		for _, v := range f.dense.Row(int(r), x) {
			hash = (hash ^ uint64(math.Float32bits(v))) * 0x9e3779b97f4a7c15
			hash ^= hash >> 32
		}
		w := float32(1)
		if f.w != nil {
			w = f.w[i]
		}
		if at, ok := seen[hash]; ok {
			out.w[at] += w
			continue
		}
		seen[hash] = len(out.rows)
		out.rows, out.y, out.w = append(out.rows, r), append(out.y, f.y[i]), append(out.w, w)
	}
	return &out
}

// loss is the log loss of the rows if k neighbours have the given shares.
func (f *fit) loss(shares []float32, k, strength float64) float64 {
	sum := 0.0
	for i, y := range f.y {
		share := float64(shares[i*f.classes+int(y)])
		p := (float64(k*share) + float64(strength*float64(f.shares[int(y)]))) / (k + strength)
		sum -= float64(float64(f.w[i]) * math.Log(p))
	}
	return sum
}
