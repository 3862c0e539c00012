package ensemble

import "fmt"

// spare is the share of what an ensemble gains over its best member that is given
// up for fewer members.
const spare = 0.02

// excluded are the models that break a limit by themselves.
func (c *chooser) excluded(models int) ([]bool, error) {
	out := make([]bool, models)
	var least Cost
	left := 0
	for k, cost := range c.Costs {
		if k == 0 || cost.PerRow < least.PerRow {
			least.PerRow = cost.PerRow
		}
		if k == 0 || cost.Bytes < least.Bytes {
			least.Bytes = cost.Bytes
		}
		if out[k] = cost.over(c.Limits) > 0; !out[k] {
			left++
		}
	}
	if c.Costs != nil && left == 0 {
		return nil, fmt.Errorf("no model is within the limits: the smallest has %d bytes (limit %s), the fastest takes %v a row (limit %s)",
			least.Bytes, bound(c.Limits.Bytes > 0, c.Limits.Bytes), least.PerRow, bound(c.Limits.PerRow > 0, c.Limits.PerRow))
	}
	return out, nil
}

func bound(there bool, v any) string {
	if !there {
		return "none"
	}
	return fmt.Sprint(v)
}

// over is how much of the limits something costs, as far as it breaks them, 0 if
// it is within.
func (c Cost) over(limits Cost) float64 {
	share := 0.0
	if l := limits.Bytes; l > 0 && c.Bytes > l {
		share += float64(c.Bytes) / float64(l)
	}
	if l := limits.PerRow; l > 0 && c.PerRow > l {
		share += float64(c.PerRow) / float64(l)
	}
	return share
}

// share is how much of the limits something costs, a little for what costs nothing.
func (c Cost) share(limits Cost) float64 {
	out := 1e-6
	if limits.Bytes > 0 {
		out += float64(c.Bytes) / float64(limits.Bytes)
	}
	if limits.PerRow > 0 {
		out += float64(c.PerRow) / float64(limits.PerRow)
	}
	return out
}

func (c Cost) plus(d Cost) Cost { return Cost{Bytes: c.Bytes + d.Bytes, PerRow: c.PerRow + d.PerRow} }

// Copies says how many of its fold models each member keeps, at most most[k] of member k:
// one, and further ones as long as all stay within the limits (0 is none), always where
// the variance of the ensemble falls most for what it costs: n models of a member of
// weight w have w²/n of it. costs are those of one model of each member.
func Copies(weights []float64, costs []Cost, most []int, limits Cost) []int {
	kept := make([]int, len(weights))
	var total Cost
	for k := range kept {
		kept[k] = 1
		total = total.plus(costs[k])
	}
	for {
		next, best := -1, 0.0
		for k, n := range kept {
			if n >= most[k] || total.plus(costs[k]).over(limits) > 0 {
				continue
			}
			if gain := weights[k] * weights[k] / float64(n*(n+1)) / costs[k].share(limits); next < 0 || gain > best {
				next, best = k, gain
			}
		}
		if next < 0 {
			return kept
		}
		kept[next]++
		total = total.plus(costs[next])
	}
}

// excess is the member that the ensemble must do without, -1 if it is within the
// limits: the one that costs most of the limit broken for its weight.
func (c *chooser) excess(weights []float64) int {
	if c.Costs == nil {
		return -1
	}
	var total Cost
	members := 0
	for k, w := range weights {
		if w > 0 {
			members++
			total = total.plus(c.Costs[k])
		}
	}
	if members < 2 || total.over(c.Limits) == 0 {
		return -1
	}
	worst, most := -1, 0.0
	for k, w := range weights {
		if !(w > 0) {
			continue
		}
		price := 0.0
		if c.Limits.Bytes > 0 && total.Bytes > c.Limits.Bytes {
			price += float64(c.Costs[k].Bytes) / float64(c.Limits.Bytes)
		}
		if c.Limits.PerRow > 0 && total.PerRow > c.Limits.PerRow {
			price += float64(c.Costs[k].PerRow) / float64(c.Limits.PerRow)
		}
		if worst < 0 || price/w > most {
			worst, most = k, price/w
		}
	}
	return worst
}

// thin drops members as long as the ensemble keeps all but a small share of what
// it gains over the best model alone, always the one whose loss is least for the
// bytes it saves: times are measured, and would make two runs differ.
func (c *chooser) thin(t *table, weights []float64, alone float64) []float64 {
	whole, err := t.loss(c.metric, t.blend(weights))
	if err != nil || !(whole < alone) {
		return weights
	}
	bar := whole + c.spare*(alone-whole)
	for count(weights) > 1 {
		k := c.cheapest(t, weights, whole, bar)
		if k < 0 {
			break
		}
		weights = without(weights, k)
	}
	return weights
}

// cheapest is the member to do without next, -1 if no loss stays below the bar or it
// is late.
func (c *chooser) cheapest(t *table, weights []float64, whole, bar float64) int {
	drop, least := -1, 0.0
	sum, pred := t.sum(weights, nil), make([]float32, len(t.y)*t.width)
	for k, w := range weights {
		if !(w > 0) {
			continue
		}
		if c.late() {
			return -1
		}
		for i, v := range t.preds[k] {
			pred[i] = float32((sum[i] - float64(w*float64(v))) / (1 - w))
		}
		loss, err := t.loss(c.metric, pred)
		if err != nil || loss > bar {
			continue
		}
		if price := max(0, loss-whole) / c.bytes(k); drop < 0 || price < least || price == least && c.bytes(k) > c.bytes(drop) {
			drop, least = k, price
		}
	}
	return drop
}

func count(weights []float64) int {
	n := 0
	for _, w := range weights {
		if w > 0 {
			n++
		}
	}
	return n
}

func (c *chooser) bytes(k int) float64 {
	if c.Costs == nil {
		return 1
	}
	return float64(max(1, c.Costs[k].Bytes))
}

// without are the weights with one member less, scaled to sum to one.
func without(weights []float64, k int) []float64 {
	out := make([]float64, len(weights))
	for j, w := range weights {
		if j != k {
			out[j] = w / (1 - weights[k])
		}
	}
	return out
}
