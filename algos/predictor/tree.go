package predictor

// Node is one node of a binary decision tree over frame features. Node 0 is
// the root; children come after their parent.
type Node struct {
	// Feature is the frame's feature, -1 for a leaf.
	Feature int32
	// Threshold: a numeric value goes left if value <= Threshold.
	Threshold float32
	// Cats, if not nil, makes the test categorical: codes whose bit is set go
	// left, all other codes go right.
	Cats []uint32
	// MissingLeft sends NaN left.
	MissingLeft bool
	Left, Right int32
	// Value is the output of a leaf: one number, added to output
	// (tree index mod width), or width numbers, added to all.
	Value []float32
	// Cover is the training weight that reached the node.
	Cover float32
}

// Tree is the nodes of one tree.
type Tree []Node

// Link turns summed tree outputs into predictions.
type Link uint8

// Links. Mean divides by the number of trees (forests); its leaves hold
// probabilities or target means.
const (
	Identity Link = iota
	Sigmoid
	Softmax
	Exp
	Mean
)
