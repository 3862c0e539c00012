package kernel

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
)

func BenchmarkFit(b *testing.B) {
	for _, rows := range []int{500, 1000, 2000} {
		for name, task := range map[string]metrics.Task{"numbers": metrics.Regression, "classes": metrics.Binary} {
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				classes := 0
				if task == metrics.Binary {
					classes = 2
				}
				r := request(rows*4/3, task, classes)
				for b.Loop() {
					if _, err := (Learner{}).Fit(context.Background(), r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
