package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// statisticsVersion is the first byte of the binary form.
const statisticsVersion = 1

// Append appends the binary form. Integers are unsigned varints: version (a
// byte), number of frame features, number of tables; for each table the number
// of its features, each feature with its levels, the number of columns, their
// defaults (a byte each), the number of groups, the keys (each but the first
// less its predecessor) and the values (a byte each). The trees follow in
// their own form.
func (s *Statistics) Append(b []byte) []byte {
	b = append(b, statisticsVersion)
	b = binary.AppendUvarint(b, uint64(s.features))
	b = binary.AppendUvarint(b, uint64(len(s.tables)))
	for i := range s.tables {
		b = s.tables[i].append(b)
	}
	return s.trees.Append(b)
}

func (t *Table) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.Features)))
	for i, j := range t.Features {
		b = binary.AppendUvarint(b, uint64(j))
		b = binary.AppendUvarint(b, uint64(t.Levels[i]))
	}
	b = binary.AppendUvarint(b, uint64(len(t.Default)))
	b = append(b, t.Default...)
	b = binary.AppendUvarint(b, uint64(len(t.Keys)))
	last := uint64(0)
	for _, k := range t.Keys {
		b = binary.AppendUvarint(b, k-last)
		last = k
	}
	return append(b, t.Values...)
}

// statisticsReader reads the tables; the first error sticks.
type statisticsReader struct {
	b   []byte
	err error
}

func (r *statisticsReader) uint(what string, limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	switch {
	case r.err != nil:
		return 0
	case n <= 0:
		r.err = errShort
		return 0
	case v > limit:
		r.err = fmt.Errorf("%s %d is above %d", what, v, limit)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes copies the next n bytes.
func (r *statisticsReader) bytes(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	v := append([]byte(nil), r.b[:n]...)
	r.b = r.b[n:]
	return v
}

// table reads one table; whoever adds it checks the rest.
func (r *statisticsReader) table() Table {
	var t Table
	t.Features, t.Levels = r.grouping()
	t.Default = r.bytes(int(r.uint("columns", maxVirtual)))
	t.Keys = r.keys(uint64(len(r.b) / (1 + len(t.Default))))
	t.Values = r.bytes(len(t.Keys) * len(t.Default))
	return t
}

// grouping reads the features of a table with their levels.
func (r *statisticsReader) grouping() (features, levels []int32) {
	for range r.uint("features of a table", maxTableFeatures) {
		features = append(features, int32(r.uint("feature", math.MaxInt32)))
		levels = append(levels, int32(r.uint("levels", maxLevels)))
	}
	return features, levels
}

// keys reads up to limit keys, behind their number.
func (r *statisticsReader) keys(limit uint64) []uint64 {
	keys := make([]uint64, r.uint("groups", limit))
	last := uint64(0)
	for i := range keys {
		last += r.uint("key", math.MaxInt64-last)
		keys[i] = last
		if r.err != nil {
			return nil
		}
	}
	return keys
}

func decodeStatistics(b []byte, features int) (*Statistics, error) {
	r := &statisticsReader{b: b}
	s, err := r.statistics(features)
	if err != nil {
		return nil, fmt.Errorf("statistics predictor: %w", err)
	}
	return s, nil
}

func (r *statisticsReader) statistics(features int) (*Statistics, error) {
	if v := r.uint("format version", math.MaxUint8); r.err == nil && v != statisticsVersion {
		return nil, fmt.Errorf("format version %d is not %d: written by a newer version?", v, statisticsVersion)
	}
	s := &Statistics{features: int(r.uint("features", uint64(max(features, 0))))}
	tables := r.uint("number of tables", uint64(len(r.b)))
	for i := uint64(0); i < tables && r.err == nil; i++ {
		t := r.table()
		if r.err != nil {
			break
		}
		if err := s.add(t); err != nil {
			return nil, fmt.Errorf("table %d: %w", i, err)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	trees, err := decodeTrees(r.b, s.features+len(s.owner))
	if err != nil {
		return nil, err
	}
	s.setTrees(trees)
	return s, nil
}
