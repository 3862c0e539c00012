package matrix

// MaxBins is the largest number of bins of a feature, the missing bin included.
const MaxBins = 256

// BinSpec says how one feature is cut.
type BinSpec struct {
	// Edges are the ascending upper bounds, representable in float32: value v
	// falls into the first bin b with v <= Edges[b]; values above the last edge
	// into bin len(Edges). Empty for categorical features.
	Edges []float32
	// Categorical: bin = code for codes below Bins-1 (the most frequent levels),
	// all rarer levels and missing share the missing bin.
	Categorical bool
	// Bins counts all bins including the missing bin, which is always the last
	// (index Bins-1) and exists even where nothing is missing.
	Bins int
	// HasMissing says whether any training row is in the missing bin.
	HasMissing bool
}

// Bins is the binned view of a frame, in two layouts: Cols, one byte column a
// feature, for partitions and prediction; Tiles, one uint64 a row for each
// eight features (feature 8t+j in byte j), for histograms.
type Bins struct {
	Rows  int
	Specs []BinSpec
	Cols  [][]uint8
	Tiles [][]uint64
}
