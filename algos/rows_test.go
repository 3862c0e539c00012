package algos_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

func TestEachRow(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, test := range map[string]struct {
		task metrics.Task
		y, w []float32
		want string // of the rows, or in the error
	}{
		"no weights":       {metrics.Regression, []float32{5, -1}, nil, "1:-1×1 0:5×1 "},
		"weights":          {metrics.Binary, []float32{1, 0}, []float32{2, 0.5}, "1:0×0.5 0:1×2 "},
		"a weight of zero": {metrics.Regression, []float32{5, nan}, []float32{1, 0}, "0:5×1 "},
		"no weight":        {metrics.Regression, []float32{5, 6}, []float32{0, 0}, "no training row has weight"},
		"target":           {metrics.Regression, []float32{5, nan}, nil, "row 1 has target NaN"},
		"infinite target":  {metrics.Regression, []float32{inf, 6}, nil, "row 0 has target +Inf"},
		"negative weight":  {metrics.Regression, []float32{5, 6}, []float32{1, -1}, "and weight -1"},
		"infinite weight":  {metrics.Regression, []float32{5, 6}, []float32{1, inf}, "and weight +Inf"},
		"class":            {metrics.Multiclass, []float32{3, 0}, nil, "row 0 has class 3, there are 3"},
		"negative class":   {metrics.Multiclass, []float32{0, -1}, nil, "row 1 has class -1, there are 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &algos.Request{Problem: algos.Problem{Task: test.task, Classes: 3}, Train: algos.Data{Y: test.y, W: test.w, Rows: []int32{1, 0}}}
			var got strings.Builder
			err := r.EachRow(func(row int32, y, w float32) error {
				_, err := fmt.Fprintf(&got, "%d:%v×%v ", row, y, w)
				return err
			})
			if err == nil && got.String() != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, %v", &got, err)
			}
		})
	}
	stop := errors.New("stop")
	r := &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: algos.Data{Y: []float32{1}, Rows: []int32{0}}}
	if err := r.EachRow(func(int32, float32, float32) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller's: %v", err)
	}
}
