package predictor

// Node is one node of a binary decision tree over frame features. Node 0 is
// the root; children come after their parent.
type Node struct {
	// Feature is the frame's feature, -1 for a leaf.
	Feature int32
	// Threshold: a numeric value goes left if value <= Threshold.
	Threshold float64
	// Cats, if not nil, makes the test categorical: codes (whole parts of the
	// values) whose bit is set go left, all other codes go right.
	Cats []uint32
	// Missing says which values count as missing.
	Missing Missing
	// MissingLeft sends missing values left.
	MissingLeft bool
	Left, Right int32
	// Value is the output of a leaf: one number, added to output
	// (tree index mod width), or width numbers, added to all.
	Value []float64
	// Linear, if not nil, is the linear model of a leaf.
	Linear *LeafModel
	// Cover is the number (or weight) of training rows that reached the node,
	// Weight the sum of their Hessians and Gain the loss saved by the split; 0
	// where unknown.
	Cover        float64
	Weight, Gain float32
}

// Missing says which values of a numeric test are missing. In categorical
// tests only NaN is.
type Missing uint8

// Rules for missing values: NaN is missing (of all trees trained here); zeros
// (up to 1e-35) and NaN are; none is, and NaN is compared as zero.
const (
	MissingNaN Missing = iota
	MissingZero
	MissingNone
)

// LeafModel is the linear model of a leaf: Const + sum of Coef[i]·x[Features[i]]
// in this order, or the leaf's Value where one of these x is NaN. Infinite x
// give infinite sums, as in LightGBM.
type LeafModel struct {
	Const    float64
	Features []int32
	Coef     []float64
}

// Tree is the nodes of one tree.
type Tree []Node

// Link turns summed tree outputs into predictions.
type Link uint8

// Links. Mean divides by the number of trees (forests); its leaves hold
// probabilities or target means. Sigmoid, Exp, Square (x·|x|) and Softplus
// (log(1 + exp x)) and Step (1 above 0, else 0) look at each sum alone, Softmax
// at those of a row.
const (
	Identity Link = iota
	Sigmoid
	Softmax
	Exp
	Mean
	Square
	Softplus
	Step
)

// Output is a link with its parameters.
type Output struct {
	Link Link
	// Scale, if not 0, multiplies the sums under Sigmoid.
	Scale float64
	// Average divides the sums by the number of leaves that they are made of,
	// before the link; Mean does that always.
	Average bool
}
