package predictor

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindNeighbors tags Neighbors predictors.
const kindNeighbors = "neighbors"

const (
	// maxNeighbors bounds the neighbours that are asked.
	maxNeighbors = 1000
	// visits is the number of rows, of the nearest clusters, that a row is compared
	// with at least if there are more.
	visits = 8192
	// neighborChunk is the number of known rows, neighborBlock that of rows asked
	// about, whose distances are computed together.
	neighborChunk, neighborBlock = 512, 256
)

// Known are the rows that a Neighbors model remembers.
type Known struct {
	// Classes is 0 for numbers.
	Classes int
	Columns int       // of the dense view
	X       []float32 // rows×Columns, cluster by cluster
	Y       []float32 // class indices or values
	W       []float32 // above 0; nil for weight one
	// Ends are the ends of the clusters in rows, Centres their middles,
	// clusters×Columns; without Centres all rows are one cluster.
	Ends    []int32
	Centres []float32
	// Prior has a number for each class, 0 or more: so many neighbours of the class
	// are there everywhere.
	Prior []float32
}

// Votes say which neighbours count for how much.
type Votes struct {
	// K is the weight of neighbours that are asked, 1 to 1000: of rows of weight
	// one their number.
	K int
	// Closer weighs neighbours by the inverse of their distance.
	Closer bool
	// Absolute takes the sum of absolute differences (L1) for the distance, in place of
	// the root of the squares' (L2). It orders the 8·K+64 nearest by the latter.
	Absolute bool
}

// Neighbors predicts the weighted mean, or the shares of the classes, of the
// nearest of the rows that it knows (Cover and Hart, 1967). Where these come in
// clusters a row is compared with those of the nearest clusters only, 8192 rows at
// least.
type Neighbors struct {
	width  int
	known  Known
	votes  Votes
	prior  float64 // sum of known.Prior
	chunks []neighborRows
	centre gemm.Panels
}

// neighborRows are some rows of a cluster, ready to be multiplied.
type neighborRows struct {
	cluster, first, rows int
	panels               gemm.Panels
}

// NewNeighbors makes a model of width outputs: one, or one for each class. The
// slices are kept. Lengths that do not fit and numbers out of range are errors.
func NewNeighbors(width int, known Known, votes Votes) (*Neighbors, error) {
	k, rows := &known, len(known.Y)
	clusters := len(k.Ends)
	switch {
	case width < 1 || width > maxWidth || k.Classes != 0 && width != k.Classes && (width != 1 || k.Classes != 2) || k.Classes == 0 && width != 1:
		return nil, fmt.Errorf("neighbors predictor: %d values a row for %d classes", width, k.Classes)
	case votes.K < 1 || votes.K > maxNeighbors:
		return nil, fmt.Errorf("neighbors predictor: %d neighbours, there may be 1 to %d", votes.K, maxNeighbors)
	case rows < 1 || k.Columns < 0 || len(k.X) != rows*k.Columns || len(k.Prior) != k.Classes || len(k.W) != 0 && len(k.W) != rows:
		return nil, fmt.Errorf("neighbors predictor: %d values of %d columns, %d weights and %d priors for %d rows of %d classes",
			len(k.X), k.Columns, len(k.W), len(k.Prior), rows, k.Classes)
	case clusters < 1 || clusters > 1 && len(k.Centres) != clusters*k.Columns || clusters == 1 && len(k.Centres) != 0:
		return nil, fmt.Errorf("neighbors predictor: %d numbers for the centres of %d clusters of %d columns", len(k.Centres), clusters, k.Columns)
	}
	if err := k.check(); err != nil {
		return nil, fmt.Errorf("neighbors predictor: %w", err)
	}
	n := &Neighbors{width: width, known: known, votes: votes}
	for _, v := range k.Prior {
		n.prior += float64(v)
	}
	n.pack()
	return n, nil
}

// check looks at the numbers, whose lengths are right.
func (k *Known) check() error {
	for _, v := range [][]float32{k.X, k.Y, k.W, k.Centres, k.Prior} {
		if !allFinite(v) {
			return fmt.Errorf("a value is not a finite number")
		}
	}
	last := int32(0)
	for i, end := range k.Ends {
		if end <= last {
			return fmt.Errorf("cluster %d ends at row %d, that before at %d", i, end, last)
		}
		last = end
	}
	if int(last) != len(k.Y) {
		return fmt.Errorf("the clusters have %d rows of %d", last, len(k.Y))
	}
	for i, y := range k.Y {
		if k.Classes > 0 && !(y >= 0 && y < float32(k.Classes) && y == float32(int(y))) {
			return fmt.Errorf("row %d has class %v of %d", i, y, k.Classes)
		}
	}
	for i, w := range k.W {
		if !(w > 0) {
			return fmt.Errorf("row %d has weight %v", i, w)
		}
	}
	for k, v := range k.Prior {
		if v < 0 {
			return fmt.Errorf("class %d has the prior %v", k, v)
		}
	}
	return nil
}

// pack makes the right-hand sides of the products.
func (n *Neighbors) pack() {
	k := &n.known
	first := 0
	for c, end := range k.Ends {
		for ; first < int(end); first += neighborChunk {
			rows := min(neighborChunk, int(end)-first)
			chunk := neighborRows{cluster: c, first: first, rows: rows}
			PackDistances(&chunk.panels, k.X[first*k.Columns:(first+rows)*k.Columns], rows, k.Columns)
			n.chunks = append(n.chunks, chunk)
		}
		first = int(end)
	}
	if len(k.Centres) > 0 {
		PackDistances(&n.centre, k.Centres, len(k.Ends), k.Columns)
	}
}

// PackDistances packs rows x of some columns such that the product of (−2q, 1)
// with them is the squared distance of q from each, less q's own square.
func PackDistances(p *gemm.Panels, x []float32, rows, columns int) {
	ld := columns + 1
	b := make([]float32, gemm.Pad(rows)*ld)
	for i := range rows {
		sum := 0.0
		for j, v := range x[i*columns : (i+1)*columns] {
			b[i*ld+j] = v
			sum += float64(float64(v) * float64(v))
		}
		b[i*ld+columns] = float32(min(sum, math.MaxFloat32))
	}
	p.PackTransposed(b, ld, gemm.Pad(rows), ld)
}

// AskDistances writes what PackDistances is multiplied with: −2·x, then 1.
func AskDistances(to, x []float32) {
	for j, v := range x {
		to[j] = -2 * v
	}
	to[len(x)] = 1
}

// Kind is "neighbors".
func (n *Neighbors) Kind() string { return kindNeighbors }

// View is matrix.Encoded, of which the sparse block is not read.
func (n *Neighbors) View() matrix.View { return matrix.Encoded }

// Width is the number of values a row gets.
func (n *Neighbors) Width() int { return n.width }

// Predict implements Predictor. Columns that the view has beyond those of the
// model are not read.
func (n *Neighbors) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	d := m.Dense()
	s := n.search(min(neighborBlock, len(rows)))
	x := make([]float32, min(neighborBlock, len(rows))*d.Cols) // what is asked is looked at till the vote
	for from := 0; from < len(rows); from += neighborBlock {
		block := rows[from:min(from+neighborBlock, len(rows))]
		for i, r := range block {
			s.ask(i, d.Row(int(r), x[i*d.Cols:])[:n.known.Columns])
		}
		s.run(len(block))
		for i := range block {
			s.vote(i, out[(from+i)*n.width:(from+i+1)*n.width])
		}
	}
}

// PredictOne implements RowPredictor.
func (n *Neighbors) PredictOne(r *Row, out []float32) {
	s := n.search(1)
	s.ask(0, r.Dense[:n.known.Columns])
	s.run(1)
	s.vote(0, out[:n.width])
}
