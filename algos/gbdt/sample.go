package gbdt

// draw selects the round's rows: a list of the bag, or nil for all. The others
// are left in b.out.
func (b *booster) draw(round int) []int32 {
	switch {
	case b.goss && float64(round) > 1/b.learningRate:
		return b.drawByGradient(round)
	case b.out != nil && b.baggingFraction < 1:
		return b.drawAlike(round)
	}
	return nil
}

// drawAlike takes every row with probability bagging_fraction.
func (b *booster) drawAlike(round int) []int32 {
	limit := uint64(b.baggingFraction * (1 << 32))
	seed := derive(b.request.Seed, forBag, uint64(round))
	in, out := b.out.tmp, b.out.idx
	n, m := 0, 0
	for i := range b.train.n {
		in[n], out[m] = int32(i), int32(i)
		c := 0
		if mix(seed+uint64(i))>>32 < limit {
			c = 1
		}
		n += c
		m += 1 - c
	}
	return b.bag(n)
}

// bag takes the n rows that were put in front of b.out.tmp.
func (b *booster) bag(n int) []int32 {
	b.inBag = n
	if n == 0 {
		return nil
	}
	return append([]int32(nil), b.out.tmp[:n]...)
}

// drawByGradient is gradient-based one-side sampling (Ke et al. 2017): the rows
// with the largest |gradient·Hessian|, top_rate of all, and other_rate of all from
// the rest, whose derivatives are enlarged to stand for the rest. It starts, as in
// LightGBM, after 1/learning_rate rounds.
func (b *booster) drawByGradient(round int) []int32 {
	n := b.train.n
	size := b.sizes()
	top := max(1, int(float64(n)*b.topRate))
	others := max(1, int(float64(n)*b.otherRate))
	limit := b.topSize(size, top)
	larger := 0
	for _, s := range size {
		if s >= limit {
			larger++
		}
	}
	left := n - larger
	factor := float32(max(1, float64(left)/float64(others)))
	seed := derive(b.request.Seed, forBag, uint64(round))
	in, out := b.out.tmp, b.out.idx
	kept, m := 0, 0
	for i, s := range size {
		take := s >= limit
		if !take {
			if take = below(mix(seed+uint64(i)), left) < others; take {
				others--
				b.enlarge(i, factor)
			}
			left--
		}
		if take {
			in[kept] = int32(i)
			kept++
		} else {
			out[m] = int32(i)
			m++
		}
	}
	return b.bag(kept)
}

// sizes are the rows' |gradient·Hessian|, summed up over the classes.
func (b *booster) sizes() []float32 {
	if b.rowSizes == nil {
		b.rowSizes = make([]float32, b.train.n)
	}
	b.crew.blocks(b.train.n, func(lo, hi, _ int) {
		size := b.rowSizes[lo:hi]
		clear(size)
		for _, grad := range b.grad {
			for i, p := range grad[lo:hi] {
				if v := p.g * p.h; v > 0 {
					size[i] += v
				} else {
					size[i] -= v
				}
			}
		}
	})
	return b.rowSizes
}

// topSize is the size of row number top from the largest.
func (b *booster) topSize(size []float32, top int) float32 {
	items := make([]weighted, len(size))
	for i, s := range size {
		items[i] = weighted{-float64(s), 1}
	}
	return float32(-valueAt(items, float64(top), 1))
}

func (b *booster) enlarge(row int, factor float32) {
	for _, grad := range b.grad {
		grad[row].g *= factor
		grad[row].h *= factor
	}
}
