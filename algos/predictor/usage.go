package predictor

// Usage says how much the trees make of each of the given number of features:
// the number of tests on it, and the loss that these tests saved in training
// (Node.Gain), as far as the trees know. Features beyond that number are left out.
func (t *Trees) Usage(features int) (splits, gain []float64) {
	splits, gain = make([]float64, features), make([]float64, features)
	for _, tree := range t.Trees() {
		for i := range tree {
			if f := tree[i].Feature; f >= 0 && int(f) < features {
				splits[f]++
				gain[f] += float64(tree[i].Gain)
			}
		}
	}
	return splits, gain
}
