package trials

import "github.com/seed-09a2cce4/automl/featurize"

// TrainWeights are the weights of the rows in training: their own times those of their
// classes, of which nil is one each; nil if all are one.
func TrainWeights(p *featurize.Prepared, byClass []float64) []float32 {
	if byClass == nil {
		return p.W
	}
	out := make([]float32, len(p.Y))
	for i, y := range p.Y {
		w := 1.0
		if p.W != nil {
			w = float64(p.W[i])
		}
		if c := int(y); c >= 0 && c < len(byClass) {
			w *= byClass[c]
		}
		out[i] = float32(w)
	}
	return out
}
