package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
	"github.com/seed-09a2cce4/automl/worker"
)

// BenchmarkNoOpJob runs jobs of 1,000 trials that do nothing, from the
// scheduler's first record to its last: in memory, and with every write synced.
func BenchmarkNoOpJob(b *testing.B) {
	const n = 1000
	for _, c := range []struct {
		name    string
		durable bool
		workers int
	}{{"memory/workers=2", false, 2}, {"memory/workers=8", false, 8}, {"memory/workers=16", false, 16}, {"durable/workers=8", true, 8}} {
		b.Run(c.name, func(b *testing.B) {
			config := bus.ServerConfig{}
			if c.durable {
				config.Dir = b.TempDir()
			}
			server, err := bus.StartServer(config)
			if err != nil {
				b.Fatal(err)
			}
			defer server.Stop()
			conn, err := bus.Connect(b.Context(), bus.Config{Server: server, LocalBlobs: true})
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			ctx, stop := context.WithCancel(b.Context())
			var done sync.WaitGroup
			defer done.Wait()
			defer stop()
			for range c.workers {
				done.Go(func() {
					if err := worker.Run(ctx, worker.Config{Bus: conn}); err != nil {
						b.Error(err)
					}
				})
			}
			for i := 0; b.Loop(); i++ {
				job := &trials.Job{ID: fmt.Sprintf("noop%d", i), Options: trials.JobOptions{Trials: n}}
				o, err := scheduler.RunJob(b.Context(), scheduler.Config{Bus: conn, NoOp: true, Workers: func() int { return c.workers }}, job, nil)
				if err != nil {
					b.Fatal(err)
				}
				if len(o.Records) != n {
					b.Fatalf("%d trials", len(o.Records))
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "trials/s")
		})
	}
}
