package ensemble

import (
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/metrics"
)

// mostParts bounds how often the choice is made anew, nestedRows the rows of that: all
// are judged.
const (
	mostParts  = 5
	nestedRows = 5000
)

// divide gives each row its part, 0 to mostParts-1 at most: as they are given, or by
// a fixed hash if all rows are of one part.
func divide(given []int, rows int) []int {
	part := make([]int, rows)
	same := true
	for i := range given {
		part[i] = ((given[i] % mostParts) + mostParts) % mostParts
		same = same && part[i] == part[0]
	}
	for i := range part {
		if same {
			part[i] = int(chance(uint64(i)^0x70617274) * mostParts)
		}
	}
	return part
}

// rowsOf are the rows of a part, or all others.
func (t *table) rowsOf(part int, others bool) []int {
	var rows []int
	for i, p := range t.part {
		if (p == part) != others {
			rows = append(rows, i)
		}
	}
	return rows
}

// flat says that there is no second layer: none was asked for, or the metric is of labels.
func (c *chooser) flat() bool { return c.Flat || c.metric.OfLabels() }

// checked is what ensembles predict that were chosen without the part of the row.
type checked struct {
	mean  []float32
	layer []float32 // by a second layer, nil for none
}

// check judges the ensemble by ensembles that were chosen without the part that they
// predict, and by that whether a second layer or a calibration helps. It gives the
// predictions that x.Loss is of, those of labels before the decision. x stays as it
// is where a part is too small for the metric, or when it is late.
func (c *chooser) check(x *Mix, all, some *table) []float32 {
	n := c.nested(all, some.subsample(nestedRows))
	if n == nil {
		return all.blend(x.Weights)
	}
	loss, err := all.loss(c.metric, n.mean)
	if err != nil {
		return all.blend(x.Weights)
	}
	x.Loss = loss
	judged := n.mean
	if c.layered(x, all, some, n) {
		judged = n.layer
	} else if cal, predicted := c.calibrate(all, n.mean); cal != nil {
		if loss, err = all.loss(c.metric, predicted); err == nil {
			x.Calibration, x.Loss, judged = cal, loss, predicted
		}
	}
	x.StdErr = stdErr(all.partLosses(c.metric, judged))
	if x.Calibration != nil && x.Calibration.Decision != nil {
		return n.mean
	}
	return judged
}

// layerProof is how many standard errors a layer must gain over the parts. It is held so
// close to the mean that more proof (1 was tried) does not pay.
const layerProof = 0.3

// layered takes the second layer if it is better than the mean.
func (c *chooser) layered(x *Mix, all, some *table, n *checked) bool {
	if n.layer == nil {
		return false
	}
	loss, err := all.loss(c.metric, n.layer)
	gain, unsure := gains(all.partLosses(c.metric, n.mean), all.partLosses(c.metric, n.layer))
	if err != nil || !(gain > layerProof*unsure && loss < x.Loss) {
		return false
	}
	weights, cal := fitLayer(some, x.Weights)
	if cal == nil {
		return false
	}
	x.Weights, x.Calibration, x.Loss = weights, cal, loss
	return true
}

// nested are the predictions of ensembles that were chosen without the part that
// they predict; nil if one of them could not be.
func (c *chooser) nested(all, some *table) *checked {
	out := &checked{mean: make([]float32, len(all.y)*all.width)}
	if !c.flat() {
		out.layer = make([]float32, len(out.mean))
	}
	var mu sync.Mutex
	whole := true
	each(mostParts, c.Threads, func(part int) {
		rows := all.rowsOf(part, false)
		if len(rows) == 0 {
			return
		}
		others := some.take(some.rowsOf(part, true))
		var weights, layer []float64
		var cal *Calibration
		if len(others.y) > 0 && !c.late() {
			weights, _, _ = c.choose(others, others)
		}
		if weights != nil && !c.late() && !c.flat() {
			layer, cal = fitLayer(others, weights)
		}
		ok := weights != nil && !c.late()
		mu.Lock()
		defer mu.Unlock()
		if whole = whole && ok; !whole {
			return
		}
		t := all.take(rows)
		all.put(out.mean, rows, t.blend(weights))
		if cal == nil {
			out.layer = nil
		}
		if out.layer != nil {
			all.put(out.layer, rows, t.predict(layer, cal))
		}
	})
	if !whole {
		return nil
	}
	return out
}

// each calls f for 0 to n-1 on at most so many goroutines, and waits for them.
func each(n, threads int, f func(i int)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, max(1, threads))
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			f(i)
			<-slots
		})
	}
	group.Wait()
}

// partLosses are the metric's on the parts one by one, NaN where it has no value.
func (t *table) partLosses(m metrics.Metric, pred []float32) []float64 {
	out := make([]float64, mostParts)
	for part := range out {
		rows := t.rowsOf(part, false)
		var err error
		if out[part], err = t.only(rows).loss(m, gather(pred, rows, t.width)); err != nil {
			out[part] = math.NaN()
		}
	}
	return out
}

// stdErr is the standard error of the mean of those that are numbers, 0 for fewer
// than two.
func stdErr(values []float64) float64 {
	n, mean := 0.0, 0.0
	for _, v := range values {
		if v == v {
			n++
			mean += v
		}
	}
	if n < 2 {
		return 0
	}
	mean /= n
	square := 0.0
	for _, v := range values {
		if v == v {
			square += float64((v - mean) * (v - mean))
		}
	}
	return math.Sqrt(square / (n - 1) / n)
}
