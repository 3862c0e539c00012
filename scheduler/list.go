package scheduler

import "iter"

// list is an immutable list of trials by number: with returns a changed one and
// copies little, so that steps stay pure and cheap however many trials there are.
type list struct {
	pages []*page
	n     int
}

const blockSize = 128

type (
	block [blockSize]*trial
	page  [blockSize]*block
)

func (l list) at(i int) *trial {
	if i < 0 || i >= l.n {
		return nil
	}
	p := l.pages[i/(blockSize*blockSize)]
	if p == nil {
		return nil
	}
	b := p[i/blockSize%blockSize]
	if b == nil {
		return nil
	}
	return b[i%blockSize]
}

// with returns the list with trial i set to t; it grows as needed, by nils.
func (l list) with(i int, t *trial) list {
	n := max(l.n, i+1)
	pages := make([]*page, (n-1)/(blockSize*blockSize)+1)
	copy(pages, l.pages)
	var p page
	k := i / (blockSize * blockSize)
	if pages[k] != nil {
		p = *pages[k]
	}
	var b block
	j := i / blockSize % blockSize
	if p[j] != nil {
		b = *p[j]
	}
	b[i%blockSize] = t
	p[j], pages[k] = &b, &p
	return list{pages, n}
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
