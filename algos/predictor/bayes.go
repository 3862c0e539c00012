package predictor

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindBayes tags Bayes predictors.
const kindBayes = "bayes"

// Normal is what a number says of each class by a normal distribution of
//
//	z = Squash(v, Centre, Spread).
//
// Class k gets Offset[k] − Half[k]·(z−Mean[k])², a missing value Missing[k].
type Normal struct {
	Feature                     int32
	Centre, Spread              float32 // Spread is above 0
	Offset, Half, Mean, Missing []float32
}

// Count is what a number says of each class as if it counted something: class k
// gets Weight[k]·x with x = (v−Low)/Spread within 0 and 1, a missing value nothing.
type Count struct {
	Feature     int32
	Low, Spread float32 // Spread is above 0
	Weight      []float32
}

// Levels is what a category says of each class: code c below Known gives class k
// Weight[c·classes+k]; all other codes and missing values are code Known.
type Levels struct {
	Feature int32
	Known   int
	Weight  []float32
}

// Evidence is what a Bayes model adds up for each class, a product of
// probabilities on a logarithmic scale.
type Evidence struct {
	Prior   []float32 // of each class, at least two
	Normals []Normal
	Counts  []Count
	Levels  []Levels
	// Text has a weight for each column of the sparse block and class, [column·classes+k].
	Text []float32
}

// Bayes is a naive Bayes classifier: every feature speaks for each class on its
// own, and the probabilities are the softmax of the sums.
type Bayes struct {
	width, classes int
	e              Evidence
}

// NewBayes makes a naive Bayes classifier of width outputs: 1, the probability of
// the second of two classes, or one for each class. The slices are kept. Lengths
// that do not fit and numbers that are not finite are errors.
func NewBayes(width int, e Evidence) (*Bayes, error) {
	classes := len(e.Prior)
	if classes < 2 || classes > maxWidth || width != classes && (width != 1 || classes != 2) {
		return nil, fmt.Errorf("bayes predictor: %d values a row for %d classes", width, classes)
	}
	if len(e.Text)%classes != 0 || !allFinite(e.Prior) || !allFinite(e.Text) {
		return nil, fmt.Errorf("bayes predictor: %d weights of text for %d classes, or some that are not finite", len(e.Text), classes)
	}
	for i := range e.Normals {
		n := &e.Normals[i]
		if err := checkNumber(n.Feature, n.Centre, n.Spread, classes, n.Offset, n.Half, n.Mean, n.Missing); err != nil {
			return nil, fmt.Errorf("bayes predictor: number %d: %w", i, err)
		}
	}
	for i := range e.Counts {
		c := &e.Counts[i]
		if err := checkNumber(c.Feature, c.Low, c.Spread, classes, c.Weight); err != nil {
			return nil, fmt.Errorf("bayes predictor: count %d: %w", i, err)
		}
	}
	for i := range e.Levels {
		l := &e.Levels[i]
		if l.Feature < 0 || l.Known < 0 || l.Known > maxWidth || len(l.Weight) != (l.Known+1)*classes || !allFinite(l.Weight) {
			return nil, fmt.Errorf("bayes predictor: category %d: feature %d with %d levels and %d weights, or some that are not finite",
				i, l.Feature, l.Known, len(l.Weight))
		}
	}
	return &Bayes{width: width, classes: classes, e: e}, nil
}

func checkNumber(feature int32, centre, spread float32, classes int, tables ...[]float32) error {
	if feature < 0 || !(spread > 0) || !allFinite([]float32{centre, spread}) {
		return fmt.Errorf("feature %d with centre %v and spread %v", feature, centre, spread)
	}
	for _, t := range tables {
		if len(t) != classes || !allFinite(t) {
			return fmt.Errorf("%d values for %d classes, or some that are not finite", len(t), classes)
		}
	}
	return nil
}

// Squash standardises a number: z = (v−centre)/spread, of which |z| up to 3 stays,
// beyond it grows as 3+log(|z|−2) and ends at 10. The result for NaN is NaN.
func Squash(v, centre, spread float32) float64 {
	z := (float64(v) - float64(centre)) / float64(spread)
	if a := math.Abs(z); a > 3 {
		return math.Copysign(min(10, 3+math.Log(a-2)), z)
	}
	return z
}

// Share is the place of a number between low and low+spread, within 0 and 1. The
// result for NaN is NaN.
func Share(v, low, spread float32) float64 {
	return max(0, min(1, (float64(v)-float64(low))/float64(spread)))
}

// Kind is "bayes".
func (b *Bayes) Kind() string { return kindBayes }

// View is matrix.Raw.
func (b *Bayes) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (b *Bayes) Width() int { return b.width }

// bayesBlock is the number of rows that are scored together.
const bayesBlock = 256

// Predict implements Predictor. The frame must have the features of the model;
// columns of text beyond those of the model are not read.
func (b *Bayes) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	sum := make([]float64, bayesBlock*b.classes)
	for from := 0; from < len(rows); from += bayesBlock {
		block := rows[from:min(from+bayesBlock, len(rows))]
		b.Sums(m, block, sum)
		for i := range block {
			b.apply(sum[i*b.classes:(i+1)*b.classes], out[(from+i)*b.width:(from+i+1)*b.width])
		}
	}
}

// Sums writes the sums of the given rows, one for each class, before they are
// made probabilities: len(rows)×classes.
func (b *Bayes) Sums(m *matrix.Matrix, rows []int32, sum []float64) {
	k := b.classes
	for i := range rows {
		b.start(sum[i*k : (i+1)*k])
	}
	for j := range b.e.Normals {
		n := &b.e.Normals[j]
		col := m.Frame.Cols[n.Feature]
		for i, r := range rows {
			n.add(col[r], sum[i*k:(i+1)*k])
		}
	}
	for j := range b.e.Counts {
		c := &b.e.Counts[j]
		col := m.Frame.Cols[c.Feature]
		for i, r := range rows {
			c.add(col[r], sum[i*k:(i+1)*k])
		}
	}
	for j := range b.e.Levels {
		l := &b.e.Levels[j]
		col := m.Frame.Cols[l.Feature]
		for i, r := range rows {
			l.add(col[r], sum[i*k:(i+1)*k])
		}
	}
	if s := m.Frame.Sparse; s != nil && len(b.e.Text) > 0 {
		for i, r := range rows {
			b.addText(s, int(r), sum[i*k:(i+1)*k])
		}
	}
}

// PredictOne implements RowPredictor.
func (b *Bayes) PredictOne(r *Row, out []float32) {
	sum := make([]float64, b.classes)
	b.start(sum)
	for j := range b.e.Normals {
		n := &b.e.Normals[j]
		n.add(float32(r.Features[n.Feature]), sum)
	}
	for j := range b.e.Counts {
		c := &b.e.Counts[j]
		c.add(float32(r.Features[c.Feature]), sum)
	}
	for j := range b.e.Levels {
		l := &b.e.Levels[j]
		l.add(float32(r.Features[l.Feature]), sum)
	}
	if r.Sparse != nil && len(b.e.Text) > 0 {
		b.addText(r.Sparse, 0, sum)
	}
	b.apply(sum, out[:b.width])
}

func (b *Bayes) start(sum []float64) {
	for k, v := range b.e.Prior {
		sum[k] = float64(v)
	}
}

func (b *Bayes) apply(sum []float64, out []float32) {
	if b.width > 1 {
		Softmax.Apply(sum, 1, out)
		return
	}
	sum[0] = sum[1] - sum[0]
	Sigmoid.Apply(sum[:1], 1, out)
}

func (n *Normal) add(v float32, sum []float64) {
	if v != v {
		addTo(sum, n.Missing)
		return
	}
	z := Squash(v, n.Centre, n.Spread)
	for k, mean := range n.Mean {
		d := z - float64(mean)
		sum[k] += float64(n.Offset[k]) - float64(float64(n.Half[k])*float64(d*d))
	}
}

func (c *Count) add(v float32, sum []float64) {
	x := Share(v, c.Low, c.Spread)
	if !(x > 0) {
		return
	}
	for k, w := range c.Weight {
		sum[k] += float64(x * float64(w))
	}
}

func (l *Levels) add(v float32, sum []float64) {
	code := l.Known
	if v >= 0 && v < float32(l.Known) {
		code = int(v)
	}
	addTo(sum, l.Weight[code*len(sum):(code+1)*len(sum)])
}

func (b *Bayes) addText(s *matrix.Sparse, r int, sum []float64) {
	known := len(b.e.Text) / b.classes
	for e := s.Start[r]; e < s.Start[r+1]; e++ {
		j := int(s.Index[e])
		if j >= known {
			continue
		}
		x := float64(s.Value[e])
		for k, w := range b.e.Text[j*b.classes : (j+1)*b.classes] {
			sum[k] += float64(x * float64(w))
		}
	}
}
