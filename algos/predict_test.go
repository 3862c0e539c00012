package algos_test

import (
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// echo predicts the row number and its negative.
type echo struct{}

func (echo) Kind() string           { return "echo" }
func (echo) View() matrix.View      { return matrix.Raw }
func (echo) Width() int             { return 2 }
func (echo) Append(b []byte) []byte { return b }
func (echo) Predict(_ *matrix.Matrix, rows []int32, out []float32) {
	for i, r := range rows {
		out[2*i], out[2*i+1] = float32(r), -float32(r)
	}
}

func TestPredictCoversAllRows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 255, 256, 257, 1000, 5000} {
		rows := make([]int32, n)
		var want []float32
		for i := range rows {
			rows[i] = int32(n - i)
			want = append(want, float32(n-i), -float32(n-i))
		}
		for _, threads := range []int{0, 1, 2, 3, 64} {
			if got := algos.Predict(echo{}, nil, rows, threads); !slices.Equal(got, want) {
				t.Errorf("%d rows with %d threads: %d values, or others", n, threads, len(got))
			}
		}
	}
}
