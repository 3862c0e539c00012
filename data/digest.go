package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Digest names the content of the table: the SHA-256, in hexadecimal, of its
// number of rows and the digests of its columns in order. A column's digest is
// of its name, kind, layout and cells in canonical form: every missing number
// is the same NaN, and codes are numbered by first appearance in the rows, so
// that neither the order of a dictionary nor its unused entries count. Columns
// are hashed in parallel.
func (t *Table) Digest() string {
	sums := make([][sha256.Size]byte, len(t.cols))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(t.cols)) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(t.cols) {
					return
				}
				sums[i] = t.cols[i].digest()
			}
		})
	}
	group.Wait()
	all := sha256.New()
	all.Write([]byte("automl table 1\n"))
	writeUint(all, uint64(t.rows))
	writeUint(all, uint64(len(t.cols)))
	for i := range sums {
		all.Write(sums[i][:])
	}
	return hex.EncodeToString(all.Sum(nil))
}

func (c *Column) digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	writeText(h, c.Name)
	writeUint(h, uint64(c.Kind))
	writeText(h, c.Layout)
	switch c.Kind {
	case Number:
		hashWords(h, c.Floats, func(v float64) uint64 {
			if v != v {
				return math.Float64bits(nan)
			}
			return math.Float64bits(v)
		})
	case Time:
		hashWords(h, c.Times, func(v int64) uint64 { return uint64(v) })
	default:
		hashCodes(h, c)
	}
	h.Sum(sum[:0])
	return sum
}

// hashWords hashes values as little-endian words, a buffer at a time.
func hashWords[T any](h hash.Hash, values []T, bits func(T) uint64) {
	var buf [8192]byte
	n := 0
	for _, v := range values {
		binary.LittleEndian.PutUint64(buf[n:], bits(v))
		if n += 8; n == len(buf) {
			h.Write(buf[:])
			n = 0
		}
	}
	h.Write(buf[:n])
}

func hashCodes(h hash.Hash, c *Column) {
	number := make([]int32, len(c.Dict)) // new code + 1, 0 = not met yet
	var texts []string
	hashWords(h, c.Codes, func(code int32) uint64 {
		if code < 0 {
			return math.MaxUint64
		}
		if number[code] == 0 {
			texts = append(texts, c.Dict[code])
			number[code] = int32(len(texts))
		}
		return uint64(number[code] - 1)
	})
	for _, s := range texts {
		writeText(h, s)
	}
}

func writeUint(h hash.Hash, v uint64) {
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], v)
	h.Write(buf[:])
}

func writeText(h hash.Hash, s string) {
	writeUint(h, uint64(len(s)))
	h.Write([]byte(s))
}
