package csv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data"
)

// Small blocks make many waves: columns that turn out to be text early, late, in the
// first and in the last wave are those of a reading in one piece.
func TestWaves(t *testing.T) {
	t.Parallel()
	const rows = 3000
	var b strings.Builder
	b.WriteString("n,early,late,last,quoted\n")
	for i := range rows {
		early, late, last := fmt.Sprint(i), fmt.Sprint(i%50), fmt.Sprint(i)
		if i > 5 {
			early = "e" + early
		}
		if i > rows/2 && i%7 == 0 {
			late = "word"
		}
		if i == rows-1 {
			last = "end"
		}
		fmt.Fprintf(&b, "%d,%s,%s,%s,\"%d, \"\"x\"\"\"\n", i, early, late, last, i%9)
	}
	whole, err := Read(strings.NewReader(b.String()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := whole.Column("last"); c.Kind != data.String || c.Text(3) != "3" || whole.Rows() != rows {
		t.Fatalf("the last column is of kind %v", c.Kind)
	}
	for _, size := range []int{1, 40, 900} {
		for _, threads := range []int{1, 3} {
			o, err := Options{Threads: threads}.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			tab, err := read(strings.NewReader(b.String()), o, size)
			if err != nil {
				t.Fatal(err)
			}
			if tab.Digest() != whole.Digest() {
				t.Errorf("blocks of %d bytes, %d threads: another table", size, threads)
			}
		}
	}
}
