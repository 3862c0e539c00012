package predictor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// reshapedVersion is the first byte of the binary form.
const reshapedVersion = 1

// Append appends the binary form. Integers are unsigned varints: version (a byte), number
// of frame features, number of tables and each of them as Prepared has them; number of
// columns and each with its table plus one, 0 for a feature, and its place there; length of
// the encoder's JSON, 0 for none, and that; length of the kind of the inner predictor
// and that. The inner predictor follows in its own form.
func (p *Reshaped) Append(b []byte) []byte {
	b = append(b, reshapedVersion)
	b = binary.AppendUvarint(b, uint64(p.features))
	b = binary.AppendUvarint(b, uint64(len(p.lookups)))
	for i := range p.lookups {
		b = p.lookups[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.sources)))
	for _, s := range p.sources {
		b = binary.AppendUvarint(b, uint64(s.Table+1))
		b = binary.AppendUvarint(b, uint64(s.At))
	}
	var encoder []byte
	if p.encoder != nil {
		encoder, _ = p.encoder.MarshalJSON() // of numbers that are finite: it cannot fail
	}
	b = binary.AppendUvarint(b, uint64(len(encoder)))
	b = append(b, encoder...)
	kind := p.inner.Kind()
	b = binary.AppendUvarint(b, uint64(len(kind)))
	b = append(b, kind...)
	return p.inner.Append(b)
}

func decodeReshaped(b []byte, in Inputs) (*Reshaped, error) {
	p, err := (&statisticsReader{b: b}).reshaped(in)
	if err != nil {
		return nil, fmt.Errorf("reshaped predictor: %w", err)
	}
	return p, nil
}

func (r *statisticsReader) reshaped(in Inputs) (*Reshaped, error) {
	if v := r.uint("format version", math.MaxUint8); r.err == nil && v != reshapedVersion {
		return nil, fmt.Errorf("format version %d is not %d: written by a newer version?", v, reshapedVersion)
	}
	p := &Reshaped{features: int(r.uint("features", uint64(max(in.Raw, 0))))}
	for n := r.uint("number of tables", maxDerived); n > 0 && r.err == nil; n-- {
		p.lookups = append(p.lookups, r.lookup())
	}
	for n := r.uint("number of columns", uint64(len(r.b)/2)); n > 0 && r.err == nil; n-- {
		table, at := r.uint("table", maxDerived), r.uint("place", math.MaxInt32)
		p.sources = append(p.sources, Source{int32(table) - 1, int32(at)})
	}
	encoder := r.bytes(int(r.uint("length of the encoder", uint64(len(r.b)))))
	kind := string(r.bytes(int(r.uint("length of a kind", uint64(len(r.b))))))
	if r.err != nil {
		return nil, r.err
	}
	inputs := Inputs{Raw: len(p.sources)}
	if len(encoder) > 0 {
		p.encoder = &matrix.Encoder{}
		if err := json.Unmarshal(encoder, p.encoder); err != nil {
			return nil, err
		}
		inputs.Dense = p.encoder.Cols()
	}
	if kind == kindReshaped {
		return nil, fmt.Errorf("it has another one inside")
	}
	var err error
	if p.inner, err = Decode(kind, r.b, inputs); err != nil {
		return nil, err
	}
	return p, p.ready()
}
