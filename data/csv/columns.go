package csv

import (
	"runtime"
	"sync"

	"github.com/seed-09a2cce4/automl/data"
)

// groupColumns is how many neighbouring columns are built together: their cells
// share cache lines.
const groupColumns = 16

// group is neighbouring columns on the way.
type group struct {
	first    int
	builders []*data.Builder
}

// buildColumns builds all columns, in groups of neighbours in parallel, one wave of
// blocks after the other.
func buildColumns(s *scanner, blocks []block, names []string, rows, threads int) []*data.Column {
	names = nameUnnamed(names)
	// Several groups a thread, so that slow columns don't hold up the end.
	size := max(1, min(groupColumns, s.width/(4*threads)))
	groups := make([]group, (s.width+size-1)/size)
	inParallel(len(groups), threads, func(g int) {
		from := g * size
		groups[g].first = from
		for _, name := range names[from:min(from+size, s.width)] {
			groups[g].builders = append(groups[g].builders, data.NewBuilder(name, rows))
		}
	})
	for lo := 0; lo < len(blocks); {
		hi, bytes := lo, 0
		for hi < len(blocks) && (hi == lo || bytes < s.waveBytes) {
			bytes += len(blocks[hi].text)
			hi++
		}
		inParallel(hi-lo, threads, func(i int) { s.locate(&blocks[lo+i]) })
		inParallel(len(groups), threads, func(g int) { groups[g].append(s, blocks, lo, hi) })
		for k := lo; k < hi; k++ {
			s.forget(&blocks[k])
		}
		lo = hi
		if lo < len(blocks) && s.waveBytes >= collectFrom {
			runtime.GC() // of dictionaries that grew, before the next wave makes them grow again
		}
	}
	cols := make([]*data.Column, s.width)
	inParallel(len(groups), threads, func(g int) {
		for i, b := range groups[g].builders {
			cols[groups[g].first+i] = b.Column()
			groups[g].builders[i] = nil // its dictionary may be as large as the column
		}
	})
	return cols
}

// append appends the cells of blocks lo to hi-1.
func (g *group) append(s *scanner, blocks []block, lo, hi int) {
	var buf []byte
	for k := lo; k < hi; k++ {
		for i, b := range g.builders {
			if appendCells(b, &blocks[k], g.first+i, s.width, &buf) {
				continue
			}
			for again := range blocks[:k+1] {
				bl := blocks[again] // a copy: others look at the same blocks
				s.locate(&bl)
				appendCells(b, &bl, g.first+i, s.width, &buf)
				if again < lo {
					s.forget(&bl)
				}
			}
		}
	}
}

// appendCells appends one column's cells of a block; false if the builder wants
// all cells again from the first block on.
func appendCells(b *data.Builder, bl *block, column, width int, buf *[]byte) bool {
	for row := range bl.rows {
		if !b.Append(bl.cell(row, column, width, buf)) {
			return false
		}
	}
	return true
}

// startsPool holds memory for the places of cells.
var startsPool = sync.Pool{New: func() any { return new([]uint32) }}

// locate finds the cells of a block that was found to be whole before.
func (s *scanner) locate(b *block) {
	if b.starts == nil {
		*b, _, _ = s.scan(b.text)
	}
}

// forget gives the memory of a block's places back.
func (s *scanner) forget(b *block) {
	starts := b.starts
	b.starts = nil
	startsPool.Put(&starts)
}
