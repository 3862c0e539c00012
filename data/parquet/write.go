package parquet

import (
	"fmt"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/seed-09a2cce4/automl/data"
)

// groupRows is how many rows go into a row group.
const groupRows = 1 << 17

// orderedGroup is a group whose fields keep the order of the table's columns;
// parquet.Group alone sorts them by name.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns in order.
func (g orderedGroup) Fields() []parquet.Field { return g.fields }

// Write writes a table, compressed with Snappy: numbers as nullable doubles,
// times as nullable dates or UTC timestamps in nanoseconds, texts as nullable
// UTF-8.
func Write(w io.Writer, t *data.Table) (err error) {
	defer recovered(&err)
	cols := t.Columns()
	if len(cols) == 0 {
		return fmt.Errorf("write Parquet: the table has no columns")
	}
	encode := make([]func(i int) parquet.Value, len(cols))
	group := orderedGroup{Group: parquet.Group{}}
	for j, c := range cols {
		var node parquet.Node
		node, encode[j] = nodeOf(c)
		group.Group[c.Name] = parquet.Compressed(parquet.Optional(node), &parquet.Snappy)
	}
	byName := map[string]parquet.Field{}
	for _, f := range group.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, c := range cols {
		group.fields = append(group.fields, byName[c.Name])
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("table", group))
	if err := writeRows(out, t, encode); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

func writeRows(out *parquet.GenericWriter[any], t *data.Table, encode []func(int) parquet.Value) error {
	const batch = 256
	width := len(encode)
	cells := make([]parquet.Value, batch*width)
	rows := make([]parquet.Row, 0, batch)
	for i := range t.Rows() {
		row := cells[len(rows)*width:][:width]
		for j, c := range t.Columns() {
			if c.Missing(i) {
				row[j] = parquet.NullValue().Level(0, 0, j)
			} else {
				row[j] = encode[j](i).Level(0, 1, j)
			}
		}
		rows = append(rows, row)
		if len(rows) == batch || i == t.Rows()-1 {
			if _, err := out.WriteRows(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if (i+1)%groupRows == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodeOf is a column's schema and how its cells that are not missing are stored.
func nodeOf(c *data.Column) (parquet.Node, func(i int) parquet.Value) {
	switch c.Kind {
	case data.Number:
		return parquet.Leaf(parquet.DoubleType), func(i int) parquet.Value { return parquet.DoubleValue(c.Floats[i]) }
	case data.Time:
		const day = int64(24 * time.Hour)
		if c.Layout == dateLayout {
			return parquet.Date(), func(i int) parquet.Value {
				days := c.Times[i] / day
				if c.Times[i]%day < 0 {
					days-- // before 1970: round down
				}
				return parquet.Int32Value(int32(days))
			}
		}
		return parquet.Timestamp(parquet.Nanosecond), func(i int) parquet.Value { return parquet.Int64Value(c.Times[i]) }
	default:
		return parquet.String(), func(i int) parquet.Value { return parquet.ByteArrayValue([]byte(c.Dict[c.Codes[i]])) }
	}
}
