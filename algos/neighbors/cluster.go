package neighbors

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
)

const (
	rounds     = 4   // of Lloyd's algorithm
	perCluster = 32  // rows of its sample
	blockRows  = 256 // that are assigned together
)

// clusters divides the rows into about as many clusters as each has rows. order are
// the rows, cluster by cluster; none is empty.
func (f *fit) clusters() (order []int, ends []int32, centres []float32) {
	columns := f.dense.Cols
	count := int(math.Sqrt(float64(len(f.rows))))
	drawn := rand.New(rand.NewPCG(f.request.Seed, 2)).Perm(len(f.rows))[:min(len(f.rows), perCluster*count)]
	rows := make([]int32, len(drawn))
	for i, at := range drawn {
		rows[i] = f.rows[at]
	}
	centres = f.values(rows[:count])
	for range rounds {
		if f.ctx.Err() != nil {
			break
		}
		f.move(centres, rows, f.assign(centres, rows))
	}
	of := f.assign(centres, f.rows)
	order = make([]int, len(of))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(of[a] - of[b]) })
	kept := centres[:0]
	for i, at := range order {
		if i+1 < len(order) && of[order[i+1]] == of[at] {
			continue
		}
		ends = append(ends, int32(i+1))
		kept = append(kept, centres[int(of[at])*columns:(int(of[at])+1)*columns]...)
	}
	return order, ends, kept
}

// move puts each centre in the middle of its rows.
func (f *fit) move(centres []float32, rows, of []int32) {
	columns := f.dense.Cols
	row := make([]float32, columns)
	sums, counts := make([]float64, len(centres)), make([]int, len(centres)/columns)
	for i, r := range rows {
		counts[of[i]]++
		for j, v := range f.dense.Row(int(r), row) {
			sums[int(of[i])*columns+j] += float64(v)
		}
	}
	for i, v := range sums {
		if n := counts[i/columns]; n > 0 {
			centres[i] = float32(v / float64(n))
		}
	}
}

// assign finds the nearest centre of each row.
func (f *fit) assign(centres []float32, rows []int32) []int32 {
	columns := f.dense.Cols
	count, ld := len(centres)/columns, columns+1
	var panels gemm.Panels
	predictor.PackDistances(&panels, centres, count, columns)
	of := make([]int32, len(rows))
	pad := gemm.Pad(count)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range f.threads {
		wg.Go(func() {
			row := make([]float32, columns)
			q, scores := make([]float32, blockRows*ld), make([]float32, blockRows*pad)
			for f.ctx.Err() == nil {
				from := int(next.Add(blockRows)) - blockRows
				if from >= len(rows) {
					return
				}
				block := rows[from:min(from+blockRows, len(rows))]
				for i, r := range block {
					predictor.AskDistances(q[i*ld:(i+1)*ld], f.dense.Row(int(r), row))
				}
				gemm.Multiply(scores, pad, q, ld, len(block), &panels, false)
				for i := range block {
					of[from+i] = least(scores[i*pad : i*pad+count])
				}
			}
		})
	}
	wg.Wait()
	return of
}

// least is the index of the first of the smallest values.
func least(v []float32) int32 {
	at := 0
	for i, x := range v {
		if x < v[at] {
			at = i
		}
	}
	return int32(at)
}
