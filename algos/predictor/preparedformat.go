package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// preparedVersion is the first byte of the binary form.
const preparedVersion = 1

// Append appends the binary form. Integers are unsigned varints, values float32,
// little-endian: version (a byte), number of frame features, number of tables;
// for each table the number of its features, each feature with its levels, the
// number of columns, their defaults, the number of groups, the keys (each but the
// first less its predecessor) and the values. Then the number of derived columns,
// each with its operation (a byte) and its two operands. The trees follow in
// their own form.
func (p *Prepared) Append(b []byte) []byte {
	b = append(b, preparedVersion)
	b = binary.AppendUvarint(b, uint64(p.features))
	b = binary.AppendUvarint(b, uint64(len(p.lookups)))
	for i := range p.lookups {
		b = p.lookups[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.columns)))
	for _, c := range p.columns {
		b = append(b, byte(c.Op))
		b = binary.AppendUvarint(b, uint64(c.A))
		b = binary.AppendUvarint(b, uint64(c.B))
	}
	return p.trees.Append(b)
}

func (l *Lookup) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(l.Features)))
	for i, j := range l.Features {
		b = binary.AppendUvarint(b, uint64(j))
		b = binary.AppendUvarint(b, uint64(l.Levels[i]))
	}
	b = binary.AppendUvarint(b, uint64(len(l.Default)))
	b = appendFloats(b, l.Default)
	b = binary.AppendUvarint(b, uint64(len(l.Keys)))
	last := uint64(0)
	for _, k := range l.Keys {
		b = binary.AppendUvarint(b, k-last)
		last = k
	}
	return appendFloats(b, l.Values)
}

// floats reads the next n values.
func (r *statisticsReader) floats(n int) []float32 {
	if r.err == nil && n > len(r.b)/4 {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(r.b[4*i:]))
	}
	r.b = r.b[4*n:]
	return v
}

// lookup reads one table; ready checks the rest.
func (r *statisticsReader) lookup() Lookup {
	var l Lookup
	l.Features, l.Levels = r.grouping()
	l.Default = r.floats(int(r.uint("columns", maxVirtual)))
	l.Keys = r.keys(uint64(len(r.b) / (1 + 4*len(l.Default))))
	l.Values = r.floats(len(l.Keys) * len(l.Default))
	return l
}

func decodePrepared(b []byte, features int) (*Prepared, error) {
	p, err := (&statisticsReader{b: b}).prepared(features)
	if err != nil {
		return nil, fmt.Errorf("prepared predictor: %w", err)
	}
	return p, nil
}

func (r *statisticsReader) prepared(features int) (*Prepared, error) {
	if v := r.uint("format version", math.MaxUint8); r.err == nil && v != preparedVersion {
		return nil, fmt.Errorf("format version %d is not %d: written by a newer version?", v, preparedVersion)
	}
	p := &Prepared{features: int(r.uint("features", uint64(max(features, 0))))}
	for n := r.uint("number of tables", maxDerived); n > 0 && r.err == nil; n-- {
		p.lookups = append(p.lookups, r.lookup())
	}
	for n := r.uint("number of derived columns", maxDerived); n > 0 && r.err == nil; n-- {
		var c Derived
		if op := r.bytes(1); r.err == nil {
			c.Op = Op(op[0])
		}
		c.A, c.B = int32(r.uint("operand", math.MaxInt32)), int32(r.uint("operand", math.MaxInt32))
		p.columns = append(p.columns, c)
	}
	if r.err != nil {
		return nil, r.err
	}
	var err error
	if p.trees, err = decodeTrees(r.b, p.features+len(p.columns)); err != nil {
		return nil, err
	}
	return p, p.ready()
}
