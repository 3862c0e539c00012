package csv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func numericText(rows, cols int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for j := range cols {
		if j > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "x%d", j)
	}
	b.WriteByte('\n')
	for range rows {
		for j := range cols {
			if j > 0 {
				b.WriteByte(',')
			}
			switch j % 3 {
			case 0:
				fmt.Fprintf(&b, "%d", r.IntN(1000))
			case 1:
				fmt.Fprintf(&b, "%.3f", r.NormFloat64())
			default:
				fmt.Fprintf(&b, "%.7g", r.ExpFloat64()*1e4)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func BenchmarkReadNumbers(b *testing.B) {
	text := numericText(100_000, 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text), Options{Threads: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadWide(b *testing.B) {
	text := numericText(1000, 3000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text), Options{Threads: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
