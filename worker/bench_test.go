package worker

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/trials"
)

// BenchmarkNoOp is the cost of the protocol: trials that do nothing, from
// creating the record to the final state that the scheduler's watch sees.
func BenchmarkNoOp(b *testing.B) {
	for _, c := range []struct {
		name string
		dir  bool
		n    int // workers
	}{{"memory-2", false, 2}, {"memory-4", false, 4}, {"durable-4", true, 4}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := bus.ServerConfig{}
			if c.dir {
				cfg.Dir = b.TempDir()
			}
			srv, err := bus.StartServer(cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Stop()
			bs, err := bus.Connect(context.Background(), bus.Config{Server: srv, LocalBlobs: true})
			if err != nil {
				b.Fatal(err)
			}
			defer bs.Close()
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			for range c.n {
				wg.Go(func() {
					if err := Run(ctx, Config{Bus: bs}); err != nil {
						b.Error(err)
					}
				})
			}
			b.ResetTimer()
			runNoOps(ctx, b, bs, b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
			cancel()
			wg.Wait()
		})
	}
}

func runNoOps(ctx context.Context, t testing.TB, b *bus.Bus, n int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := b.Trials().Watch(ctx, "j")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := range n {
			r := &trials.Record{
				Spec:  trials.Spec{Job: "j", Number: i, Kind: trials.NoOp, Learner: "none"},
				State: trials.Queued, Queued: time.Now(),
			}
			if err := b.Trials().Create(ctx, r); err != nil {
				t.Error(err)
				return
			}
			if err := b.Enqueue(ctx, &r.Spec); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	finals := map[int]bool{}
	for r := range changes {
		if r.State.Final() {
			finals[r.Spec.Number] = true
		}
		if len(finals) == n {
			return
		}
	}
	t.Errorf("%d of %d trials ended", len(finals), n)
}
