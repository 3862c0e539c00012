package trials

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Model is one trained predictor in its binary form, see predictor.Decode.
type Model struct {
	Kind  string
	View  matrix.View
	Bytes []byte
}

// modelsMagic opens a models blob; the last byte is the format's version.
const modelsMagic = "AMM\x01"

// maxModels bounds what DecodeModels makes room for.
const maxModels = 1 << 16

var errModels = errors.New("models blob is damaged or of a newer version")

// EncodeModels packs the models of a trial, one a fold, into a blob.
func EncodeModels(models []Model) []byte {
	size := len(modelsMagic) + binary.MaxVarintLen64
	for _, m := range models {
		size += 3*binary.MaxVarintLen64 + len(m.Kind) + len(m.View) + len(m.Bytes)
	}
	b := append(make([]byte, 0, size), modelsMagic...)
	b = binary.AppendUvarint(b, uint64(len(models)))
	for _, m := range models {
		for _, part := range [][]byte{[]byte(m.Kind), []byte(m.View), m.Bytes} {
			b = binary.AppendUvarint(b, uint64(len(part)))
			b = append(b, part...)
		}
	}
	return b
}

// DecodeModels reads what EncodeModels wrote. The models share b's memory.
func DecodeModels(b []byte) ([]Model, error) {
	if len(b) < len(modelsMagic) || string(b[:len(modelsMagic)]) != modelsMagic {
		return nil, errModels
	}
	b = b[len(modelsMagic):]
	n, w := binary.Uvarint(b)
	if w <= 0 || n > maxModels {
		return nil, errModels
	}
	b = b[w:]
	var models []Model
	for range n {
		var parts [3][]byte
		for k := range parts {
			size, w := binary.Uvarint(b)
			if w <= 0 || size > uint64(len(b)-w) {
				return nil, errModels
			}
			parts[k], b = b[w:w+int(size):w+int(size)], b[w+int(size):]
		}
		models = append(models, Model{Kind: string(parts[0]), View: matrix.View(parts[1]), Bytes: parts[2]})
	}
	if len(b) != 0 {
		return nil, errModels
	}
	return models, nil
}

// EncodeOOF packs out-of-fold predictions (rows×width) as little-endian float32.
// Rows that no fold validated are NaN.
func EncodeOOF(pred []float32) []byte {
	b := make([]byte, 4*len(pred))
	for i, v := range pred {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	return b
}

// DecodeOOF reads what EncodeOOF wrote for rows×width predictions.
func DecodeOOF(b []byte, rows, width int) ([]float32, error) {
	if rows < 0 || width < 1 || len(b)%4 != 0 || len(b)/4 != rows*width {
		return nil, fmt.Errorf("out-of-fold blob of %d bytes does not hold %d rows × %d float32", len(b), rows, width)
	}
	pred := make([]float32, len(b)/4)
	for i := range pred {
		pred[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return pred, nil
}
