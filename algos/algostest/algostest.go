package algostest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// Options adapt the suite to a learner.
type Options struct {
	// Params are set in every fit, such as few trees to save time.
	Params search.Params
	// Blind learners look at no feature: they need not beat a constant.
	Blind bool
	// Repeats is how far, relative to the spread of the predictions, a fit with
	// weights may be from one with repeated rows on average; 0 means 0.01.
	Repeats float64
	// Absent is the same for a fit without the rows of weight 0; 0 means 1e-6.
	Absent float64
}

// suite is one run.
type suite struct {
	l algos.Learner
	o Options
}

// Run checks that a learner keeps the contract of algos.Learner.
func Run(t *testing.T, l algos.Learner, o Options) {
	s := &suite{l: l, o: o}
	for _, classes := range []int{0, 2, 3, 4, 5} {
		if !s.learnable(classes) {
			continue
		}
		t.Run(fmt.Sprintf("classes=%d", classes), func(t *testing.T) {
			t.Parallel()
			d := makeSet(classes, 1)
			for name, test := range map[string]func(*testing.T, *set){
				"learns":   s.learns,
				"threads":  s.threads,
				"codec":    s.codec,
				"steps":    s.steps,
				"stop":     s.stop,
				"cancel":   s.cancel,
				"weights":  s.weights,
				"corners":  s.corners,
				"declared": s.declared,
				"refuses":  s.refuses,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, d)
				})
			}
		})
	}
	t.Run("odd", func(t *testing.T) {
		t.Parallel()
		s.odd(t)
	})
}

// learnable says whether the learner is for a number of classes, 0 for regression.
func (s *suite) learnable(classes int) bool { return algos.Learns(s.l, taskOf(classes)) }

// params are the learner's defaults with those of the options.
func (s *suite) params(p search.Params) search.Params {
	all := search.Params{}
	maps.Copy(all, p)
	maps.Copy(all, s.o.Params)
	return all
}

func (s *suite) fit(t *testing.T, r *algos.Request) *algos.Fitted {
	t.Helper()
	f, err := s.l.Fit(context.Background(), r)
	if err != nil {
		t.Fatalf("fit: %v", err)
	}
	return f
}

// check looks at a fit's outcome and returns its predictions for some rows.
func (s *suite) check(t *testing.T, f *algos.Fitted, d *set, rows []int32) []float32 {
	t.Helper()
	if f.Predictor == nil || f.Steps < 1 {
		t.Fatalf("predictor %v after %d steps", f.Predictor, f.Steps)
	}
	width := metrics.Width(d.problem.Task, d.problem.Classes)
	if f.Predictor.Width() != width {
		t.Fatalf("width %d, want %d", f.Predictor.Width(), width)
	}
	pred := predict(f.Predictor, d.m, rows)
	for i := range rows {
		checkRow(t, d.problem.Task, pred[i*width:(i+1)*width])
	}
	if f.ValidPred == nil {
		return pred
	}
	if len(f.ValidPred) != len(d.valid)*width {
		t.Fatalf("%d predictions for %d validation rows", len(f.ValidPred), len(d.valid))
	}
	for i, v := range predict(f.Predictor, d.m, d.valid) {
		if math.Abs(float64(v-f.ValidPred[i])) > 1e-4*max(1, math.Abs(float64(v))) {
			t.Fatalf("validation value %d is %v, the predictor gives %v", i, f.ValidPred[i], v)
		}
	}
	return pred
}

func checkRow(t *testing.T, task metrics.Task, row []float32) {
	t.Helper()
	sum := 0.0
	for _, v := range row {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			t.Fatalf("prediction %v", row)
		}
		if task != metrics.Regression && (v < 0 || v > 1) {
			t.Fatalf("probability %v", v)
		}
		sum += float64(v)
	}
	if task == metrics.Multiclass && math.Abs(sum-1) > 1e-5 {
		t.Fatalf("probabilities %v sum to %v", row, sum)
	}
}

func predict(p predictor.Predictor, m *matrix.Matrix, rows []int32) []float32 {
	out := make([]float32, len(rows)*p.Width())
	p.Predict(m, rows, out)
	return out
}

// learns: the predictions are valid and better than a constant, and rows are
// predicted alike alone and together.
func (s *suite) learns(t *testing.T, d *set) {
	pred := s.check(t, s.fit(t, d.request(s.params(nil))), d, d.valid)
	y := make([]float32, len(d.valid))
	for i, r := range d.valid {
		y[i] = d.y[r]
	}
	m, err := metrics.Lookup(map[bool]string{true: "rmse", false: "log_loss"}[d.problem.Task == metrics.Regression])
	if err != nil {
		t.Fatal(err)
	}
	loss := func(pred []float32) float64 {
		score, err := m.Score(d.problem.Task, d.problem.Classes, y, pred, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m.Loss(score)
	}
	if blind := loss(constant(d)); !s.o.Blind && loss(pred) > 0.9*blind {
		t.Errorf("loss %v, a constant has %v", loss(pred), blind)
	}
}

// constant is what a learner without features would predict.
func constant(d *set) []float32 {
	width := metrics.Width(d.problem.Task, d.problem.Classes)
	mean := make([]float32, width)
	for _, r := range d.train {
		if d.problem.Task == metrics.Multiclass {
			mean[int(d.y[r])] += 1 / float32(len(d.train))
		} else {
			mean[0] += d.y[r] / float32(len(d.train))
		}
	}
	return slices.Repeat(mean, len(d.valid))
}

// threads: the number of threads and a repetition change no bit.
func (s *suite) threads(t *testing.T, d *set) {
	r := d.request(s.params(nil))
	one := s.fit(t, r)
	for _, threads := range []int{1, 2, 5} {
		r := d.request(s.params(nil))
		r.Threads = threads
		same(t, fmt.Sprintf("%d threads", threads), one, s.fit(t, r))
	}
}

func same(t *testing.T, what string, a, b *algos.Fitted) {
	t.Helper()
	if a.Steps != b.Steps || a.Predictor.Kind() != b.Predictor.Kind() ||
		!bytes.Equal(a.Predictor.Append(nil), b.Predictor.Append(nil)) || !slices.Equal(a.ValidPred, b.ValidPred) {
		t.Errorf("%s: another model, of %d steps instead of %d", what, b.Steps, a.Steps)
	}
}

// codec: a decoded model predicts the same bits, and damage is refused or
// harmless.
func (s *suite) codec(t *testing.T, d *set) {
	p := s.fit(t, d.request(s.params(nil))).Predictor
	features := predictor.Inputs{Raw: len(d.m.Frame.Features), Dense: d.m.Encoder.Cols()}
	b := p.Append(nil)
	q, err := predictor.Decode(p.Kind(), b, features)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(predict(p, d.m, d.valid), predict(q, d.m, d.valid)) {
		t.Error("the decoded model predicts other values")
	}
	if !bytes.Equal(b, q.Append(nil)) {
		t.Error("the decoded model has another binary form")
	}
	if got := p.Append([]byte("head")); !bytes.Equal(got, append([]byte("head"), b...)) {
		t.Error("Append does not append")
	}
	for _, n := range []int{0, 1, len(b) / 2, len(b) - 1} {
		if _, err := predictor.Decode(p.Kind(), b[:n], features); err == nil {
			t.Errorf("%d of %d bytes were decoded", n, len(b))
		}
	}
}

// steps: a fit limited to the steps that another reached is that fit, and a
// shorter one is reproducible.
func (s *suite) steps(t *testing.T, d *set) {
	full := s.fit(t, d.request(s.params(nil)))
	for _, limit := range []int{full.Steps, max(1, full.Steps/2)} {
		r := d.request(s.params(nil))
		r.MaxSteps = limit
		a := s.fit(t, r)
		if a.Steps < 1 || a.Steps > limit {
			t.Errorf("%d steps with a limit of %d", a.Steps, limit)
		}
		if limit == full.Steps {
			same(t, "MaxSteps = Steps", full, a)
		}
		r = d.request(s.params(nil))
		r.MaxSteps = a.Steps
		same(t, "MaxSteps again", a, s.fit(t, r))
	}
}

// stop: a report that answers false ends the fit, and what it hears is finite.
func (s *suite) stop(t *testing.T, d *set) {
	r := d.request(s.params(nil))
	calls, last := 0, 0
	r.Report = func(step int, loss float64) bool {
		calls++
		if step <= last || math.IsNaN(loss) || math.IsInf(loss, 0) {
			t.Errorf("step %d after %d, loss %v", step, last, loss)
		}
		last = step
		return false
	}
	f := s.fit(t, r)
	s.check(t, f, d, d.valid)
	if calls > 1 {
		t.Errorf("%d reports after an answer to stop", calls-1)
	}
	if f.Truncated {
		t.Error("a fit that was stopped calls itself truncated by the context")
	}
}

// cancel: a context that ended gives its error or a valid model; one that ends
// on the way gives a valid model that its steps reproduce.
func (s *suite) cancel(t *testing.T, d *set) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f, err := s.l.Fit(ctx, d.request(s.params(nil)))
	if err == nil {
		s.check(t, f, d, d.valid)
	} else if err != context.Canceled {
		t.Errorf("a cancelled fit fails with %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	r := d.request(s.params(nil))
	r.Report = func(int, float64) bool { cancel(); return true }
	if f, err = s.l.Fit(ctx, r); err != nil {
		t.Fatalf("cancelled on the way: %v", err)
	}
	s.check(t, f, d, d.valid)
	r = d.request(s.params(nil))
	r.MaxSteps = f.Steps
	again := s.fit(t, r)
	if !slices.Equal(predict(f.Predictor, d.m, d.valid), predict(again.Predictor, d.m, d.valid)) {
		t.Errorf("%d steps do not reproduce the cancelled fit", f.Steps)
	}
}

// weights: a weight of k is about a row k times, one of 0 none at all.
func (s *suite) weights(t *testing.T, d *set) {
	weighted, repeated, absent := d.request(s.params(nil)), d.request(s.params(nil)), d.request(s.params(nil))
	weighted.Train.W, absent.Train.W = make([]float32, len(d.y)), make([]float32, len(d.y))
	repeated.Train.Rows, absent.Train.Rows = nil, nil
	for _, r := range d.train {
		k := int(r) % 4
		weighted.Train.W[r], absent.Train.W[r] = float32(k), float32(k)
		repeated.Train.Rows = append(repeated.Train.Rows, slices.Repeat([]int32{r}, k)...)
		if k > 0 {
			absent.Train.Rows = append(absent.Train.Rows, r)
		}
	}
	want := predict(s.fit(t, weighted).Predictor, d.m, d.valid)
	limit := s.o.Repeats
	if limit == 0 {
		limit = 0.01
	}
	alike(t, "with rows repeated", want, predict(s.fit(t, repeated).Predictor, d.m, d.valid), limit)
	limit = s.o.Absent
	if limit == 0 {
		limit = 1e-6
	}
	alike(t, "without rows of weight 0", want, predict(s.fit(t, absent).Predictor, d.m, d.valid), limit)
}

// alike: the mean difference is within a share of the mean distance from the
// mean.
func alike(t *testing.T, what string, a, b []float32, limit float64) {
	t.Helper()
	diff, spread, mean := 0.0, 0.0, 0.0
	for _, v := range a {
		mean += float64(v) / float64(len(a))
	}
	for i := range a {
		diff += math.Abs(float64(a[i]) - float64(b[i]))
		spread += math.Abs(float64(a[i]) - mean)
	}
	if diff > limit*spread+1e-6*float64(len(a))*max(1, math.Abs(mean)) {
		t.Errorf("%s: predictions differ by %.3g of their spread, the limit is %v", what, diff/spread, limit)
	}
}

// corners: every end of every dimension can be fitted.
func (s *suite) corners(t *testing.T, d *set) {
	space := s.l.Space(d.shape())
	base := defaults(space)
	for _, dim := range space {
		values := []any{dim.Low, dim.High}
		if len(dim.Choices) > 0 {
			values = nil
			for _, c := range dim.Choices {
				values = append(values, c)
			}
		}
		for _, v := range values {
			p := maps.Clone(base)
			if dim.When != nil {
				p[dim.When.Name] = dim.When.Values[0]
			}
			p[dim.Name] = v
			r := d.request(s.params(p))
			r.MaxSteps = 30
			s.check(t, s.fit(t, r), d, d.valid)
		}
	}
}

// defaults are the starting point of a space, conditions respected.
func defaults(space search.Space) search.Params {
	p := search.Params{}
	for _, dim := range space {
		if dim.When != nil && !slices.Contains(dim.When.Values, p.String(dim.When.Name, "")) {
			continue
		}
		p[dim.Name] = dim.Default
	}
	return p
}

// declared: space, portfolio and cost model make sense.
func (s *suite) declared(t *testing.T, d *set) {
	space := s.l.Space(d.shape())
	if err := space.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, dim := range space {
		if !within(dim, dim.Default) {
			t.Errorf("%s: default %v is out of range", dim.Name, dim.Default)
		}
	}
	list := []search.Params{defaults(space)}
	if p, ok := s.l.(algos.Portfolio); ok {
		list = append(list, p.Portfolio(d.shape())...)
		if len(list) == 1 {
			t.Error("the portfolio is empty")
		}
	}
	for _, p := range list {
		for _, dim := range space {
			if v, ok := p[dim.Name]; ok && !within(dim, v) {
				t.Errorf("%v: %s is out of range", p, dim.Name)
			}
		}
		s.cost(t, d.shape(), p)
	}
}

func within(dim search.Dimension, v any) bool {
	if len(dim.Choices) > 0 {
		c, ok := v.(string)
		return ok && slices.Contains(dim.Choices, c)
	}
	f, ok := v.(float64)
	return ok && f >= dim.Low && f <= dim.High && (!dim.Integer || f == math.Trunc(f))
}

func (s *suite) cost(t *testing.T, shape algos.Shape, p search.Params) {
	t.Helper()
	small := s.l.Estimate(shape, p)
	if again := s.l.Estimate(shape, p); again != small {
		t.Errorf("the estimate for %v is not pure", p)
	}
	shape.Rows *= 1000
	large := s.l.Estimate(shape, p)
	for _, c := range []algos.Cost{small, large} {
		if !(c.Seconds > 0) || math.IsInf(c.Seconds, 0) || c.Bytes < 0 {
			t.Errorf("%v costs %+v", p, c)
		}
	}
	if large.Seconds <= small.Seconds {
		t.Errorf("%v: a thousand times the rows cost %v s, not more than %v s", p, large.Seconds, small.Seconds)
	}
	for _, odd := range []algos.Shape{{Task: shape.Task, Classes: shape.Classes}, {Rows: 1, Features: 1, Task: shape.Task, Classes: shape.Classes}} {
		if c := s.l.Estimate(odd, p); math.IsNaN(c.Seconds) || math.IsInf(c.Seconds, 0) || c.Seconds < 0 || c.Bytes < 0 {
			t.Errorf("shape %+v costs %+v", odd, c)
		}
	}
}

// refuses: what cannot be learned from is an error.
func (s *suite) refuses(t *testing.T, d *set) {
	none := d.request(s.params(nil))
	none.Train.Rows = nil
	weightless := d.request(s.params(nil))
	weightless.Train.W = make([]float32, len(d.y))
	for name, r := range map[string]*algos.Request{"no rows": none, "no weight": weightless} {
		if f, err := s.l.Fit(context.Background(), r); err == nil {
			t.Errorf("%s: fitted %d steps", name, f.Steps)
		}
	}
}
