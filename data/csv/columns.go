package csv

import "github.com/seed-09a2cce4/automl/data"

// groupColumns is how many neighbouring columns are built together: their cells
// share cache lines.
const groupColumns = 16

// buildColumns builds all columns, in groups of neighbours in parallel.
func buildColumns(s *scanner, blocks []block, names []string, rows, threads int) []*data.Column {
	names = nameUnnamed(names)
	cols := make([]*data.Column, s.width)
	// Several groups a thread, so that slow columns don't hold up the end.
	size := max(1, min(groupColumns, s.width/(4*threads)))
	groups := (s.width + size - 1) / size
	inParallel(groups, threads, func(g int) {
		from := g * size
		to := min(from+size, s.width)
		builders := make([]*data.Builder, to-from)
		for i := range builders {
			builders[i] = data.NewBuilder(names[from+i], rows)
		}
		var buf []byte
		for k := range blocks {
			for i, b := range builders {
				if !appendCells(b, &blocks[k], from+i, s.width, &buf) {
					for again := range blocks[:k+1] {
						appendCells(b, &blocks[again], from+i, s.width, &buf)
					}
				}
			}
		}
		for i, b := range builders {
			cols[from+i] = b.Column()
		}
	})
	return cols
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
