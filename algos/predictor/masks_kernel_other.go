//go:build !amd64 || purego

package predictor

const hasMasks = false

func (*maskTree) part(*maskScratch, int) {}

func (*maskTree) add([]byte, []float64) {}
