package worker

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestMain(m *testing.M) {
	if err := algos.Register(odd{}); err != nil {
		panic(err)
	}
	if url := os.Getenv(childEnv); url != "" {
		child(url)
	}
	goleak.VerifyTestMain(m)
}

// odd is a learner that misbehaves as its parameter "mode" says. Well-behaved,
// it predicts the share of the positive class.
type odd struct{}

// waiting holds a channel for each site of this process, by the site's name, that
// hears of each of its fits of odd that waits: tests run side by side.
var waiting sync.Map

// tell lets the site of a fit know that it waits.
func tell(p search.Params) {
	if heard, ok := waiting.Load(p.String("site", "")); ok {
		heard.(chan int) <- 0
	}
}

// letGo ends the fits that ignore their context.
var letGo = make(chan struct{})

func (odd) Name() string                   { return "odd" }
func (odd) View() matrix.View              { return matrix.Raw }
func (odd) Space(algos.Shape) search.Space { return nil }
func (odd) Estimate(_ algos.Shape, p search.Params) algos.Cost {
	return algos.Cost{Bytes: int64(p.Float("bytes", 0))}
}

func (odd) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	sum := 0.0
	for _, i := range r.Train.Rows {
		sum += float64(r.Train.Y[i])
	}
	mean := float32(sum / float64(len(r.Train.Rows)))
	f := &algos.Fitted{Predictor: share(mean), Steps: 1}
	switch mode := r.Params.String("mode", ""); mode {
	case "panic":
		panic("odd parameters")
	case "error":
		return nil, errors.New("odd data")
	case "nothing":
		return nil, nil
	case "nan":
		f.Predictor = share(math.NaN())
	case "short":
		f.ValidPred = []float32{mean}
	case "given":
		f.ValidPred = make([]float32, len(r.Valid.Rows))
		for i := range f.ValidPred {
			f.ValidPred[i] = mean
		}
	case "groups":
		if len(r.Train.Groups) != len(r.Train.Y) {
			return nil, errors.New("no groups")
		}
	case "wait":
		tell(r.Params)
		<-ctx.Done()
		return nil, ctx.Err()
	case "truncated":
		<-ctx.Done()
		f.Truncated = true
	case "stuck":
		<-letGo
	case "work":
		select {
		case <-time.After(time.Duration(r.Params.Float("ms", 0)) * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return f, nil
}

// share predicts one probability.
type share float32

func (share) Kind() string      { return "share" }
func (share) View() matrix.View { return matrix.Raw }
func (share) Width() int        { return 1 }

func (s share) Append(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(s)))
}

func (s share) Predict(_ *matrix.Matrix, rows []int32, out []float32) {
	for i := range rows {
		out[i] = float32(s)
	}
}

var _ predictor.Predictor = share(0)

// site is a server, a connection and a small job.
type site struct {
	t       *testing.T
	srv     *bus.Server
	bus     *bus.Bus
	cache   *featurize.Cache
	problem string
	table   *data.Table
	// fitting hears of each fit of odd that waits.
	fitting chan int
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newSite(t *testing.T, c bus.Config, listen string) *site {
	t.Helper()
	srv, err := bus.StartServer(bus.ServerConfig{Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	c.Server = srv
	b, err := bus.Connect(testContext(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s := &site{t: t, srv: srv, bus: b, cache: featurize.NewCache(64 << 20), fitting: make(chan int, 100)}
	waiting.Store(t.Name(), s.fitting)
	t.Cleanup(func() { waiting.Delete(t.Name()) })
	s.prepare()
	return s
}

const rows = 120

// prepare stores a problem whose target follows from column a, but for each
// seventh row.
func (s *site) prepare() {
	s.t.Helper()
	a, y := make([]float64, rows), make([]float64, rows)
	for i := range a {
		a[i] = math.Sin(float64(i) * 1.7)
		if (a[i] > 0.2) != (i%7 == 0) {
			y[i] = 1
		}
	}
	var err error
	if s.table, err = data.NewTable(&data.Column{Name: "a", Floats: a}, &data.Column{Name: "y", Floats: y}); err != nil {
		s.t.Fatal(err)
	}
	target, err := featurize.InferTarget(s.table.Column("y"), 0, metrics.Binary, "")
	if err != nil {
		s.t.Fatal(err)
	}
	plan, err := featurize.Infer(s.table, featurize.Options{Target: "y"})
	if err != nil {
		s.t.Fatal(err)
	}
	var encoded bytes.Buffer
	if err := s.table.Encode(&encoded); err != nil {
		s.t.Fatal(err)
	}
	s.problem = s.putJSON(trials.Problem{
		Dataset: s.put(encoded.Bytes()), Plan: s.putJSON(plan), Target: "y",
		Task: metrics.Binary, Metric: "roc_auc", Classes: target.Classes, TrainRows: rows,
	})
}

func (s *site) put(b []byte) string {
	s.t.Helper()
	digest, err := s.bus.PutBlob(testContext(s.t), b)
	if err != nil {
		s.t.Fatal(err)
	}
	return digest
}

func (s *site) putJSON(v any) string {
	s.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.put(b)
}

func (s *site) spec(number int, learner, mode string) trials.Spec {
	spec := trials.Spec{
		Job: "j", Number: number, Kind: trials.Folds, Problem: s.problem, Learner: learner,
		Split: trials.Split{Folds: 3, Seed: 1}, Seed: 5,
	}
	if mode != "" {
		spec.Params = search.Params{"mode": mode, "site": s.t.Name()}
	}
	return spec
}

func (s *site) submit(spec trials.Spec) *trials.Record {
	s.t.Helper()
	r := &trials.Record{Spec: spec, State: trials.Queued, Queued: time.Now()}
	if err := s.bus.Trials().Create(testContext(s.t), r); err != nil {
		s.t.Fatal(err)
	}
	if err := s.bus.Enqueue(testContext(s.t), &r.Spec); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) config() Config {
	return Config{Bus: s.bus, Cache: s.cache, Threads: 1, Name: "w", MemoryLimit: NewMemory(1 << 30)}
}

// start runs a worker until the returned function is called.
func (s *site) start(c Config) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := Run(ctx, c); err != nil && !errors.Is(err, bus.ErrClosed) {
			s.t.Errorf("Run: %v", err)
		}
	})
	stop = func() {
		cancel()
		wg.Wait()
	}
	s.t.Cleanup(stop)
	return stop
}

func (s *site) get(number int) *trials.Record {
	s.t.Helper()
	r, err := s.bus.Trials().Get(testContext(s.t), "j", number)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// final waits until all of the first n trials have ended.
func (s *site) final(n int) []*trials.Record {
	s.t.Helper()
	ctx, cancel := context.WithCancel(testContext(s.t))
	defer cancel()
	changes, err := s.bus.Trials().Watch(ctx, "j")
	if err != nil {
		s.t.Fatal(err)
	}
	ended, left := make([]*trials.Record, n), n
	for r := range changes {
		if !r.State.Final() || r.Spec.Number >= n {
			continue
		}
		switch before := ended[r.Spec.Number]; {
		case before == nil:
			left--
		case before.Revision != r.Revision:
			s.t.Errorf("trial %d changed after its end: %+v, then %+v", r.Spec.Number, before, r)
		}
		ended[r.Spec.Number] = r
		if left == 0 {
			return ended
		}
	}
	s.t.Fatalf("%d of %d trials have not ended", left, n)
	return nil
}

// empty waits until no task is left, waiting or running.
func (s *site) empty() {
	s.t.Helper()
	ctx := testContext(s.t)
	for {
		q, err := s.bus.Queue(ctx)
		if err != nil {
			s.t.Fatalf("the queue is %+v: %v", q, err)
		}
		if q.Waiting == 0 && q.Running == 0 {
			return
		}
	}
}
