package scheduler

import "iter"

// list is an immutable list of trials by number: with returns a changed one and
// copies little, so that steps stay pure and cheap however many trials there are.
type list struct {
	blocks [][]*trial
	n      int
}

const blockSize = 128

func (l list) at(i int) *trial {
	if i < 0 || i >= l.n {
		return nil
	}
	return l.blocks[i/blockSize][i%blockSize]
}

// with returns the list with trial i set to t; it grows as needed, by nils.
func (l list) with(i int, t *trial) list {
	n := max(l.n, i+1)
	blocks := make([][]*trial, (n+blockSize-1)/blockSize)
	for k := copy(blocks, l.blocks); k < len(blocks); k++ {
		blocks[k] = make([]*trial, blockSize)
	}
	b := make([]*trial, blockSize)
	copy(b, blocks[i/blockSize])
	b[i%blockSize] = t
	blocks[i/blockSize] = b
	return list{blocks, n}
}

// from goes through the trials from number i on, without the nils.
func (l list) from(i int) iter.Seq2[int, *trial] {
	return func(yield func(int, *trial) bool) {
		for ; i < l.n; i++ {
			if t := l.at(i); t != nil && !yield(i, t) {
				return
			}
		}
	}
}
