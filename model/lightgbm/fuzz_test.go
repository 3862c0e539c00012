package lightgbm

import (
	"math"
	"strings"
	"testing"
)

// FuzzRead: any bytes are an error or a model that predicts, and that is written
// and read back as a model that predicts the same.
func FuzzRead(f *testing.F) {
	for _, c := range fixtures(f) {
		f.Add(c.text)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		var b strings.Builder
		if _, err := Write(&b, m, 4); err != nil {
			t.Fatalf("not written: %v", err)
		}
		again, err := Read(strings.NewReader(b.String()))
		if err != nil {
			t.Fatalf("not read back: %v\n%s", err, b.String())
		}
		got, want := make([]float64, m.Trees.Width()), make([]float64, m.Trees.Width())
		for _, v := range []float64{0, -1, 1.5, 40, 1e300, math.Inf(1), math.Inf(-1), math.NaN()} {
			x := make([]float64, len(m.Features))
			for j := range x {
				x[j] = v
			}
			m.Trees.PredictRow(x, want)
			again.Trees.PredictRow(x, got)
			for k := range want {
				if got[k] != want[k] && !(got[k] != got[k] && want[k] != want[k]) {
					t.Errorf("%v: %v, written and read back %v", v, want, got)
				}
			}
		}
	})
}
