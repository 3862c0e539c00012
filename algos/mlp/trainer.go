package mlp

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
)

const (
	// blocks is how many parts of a batch have gradients of their own.
	blocks = 4
	// stepBatches is the largest number of batches of a step.
	stepBatches = 256
	// chunk is how many parameters are updated together.
	chunk = 1 << 14
)

// trainer runs the optimisation of a fit.
type trainer struct {
	*fit
	threads int
	params  []float32
	first   []float32 // moments of the gradient
	second  []float32
	grads   [blocks][]float32
	blocks  [blocks]*block
	layers  []packed // then one for each member's head
	chunks  []span
	order   []int32
	shuffle *rand.Rand
	steps   int // taken
	updates int
	best    []float32
	loss    float64
	bestAt  int // of steps
}

// packed are the weights of a layer for the way forth and the way back.
type packed struct{ forth, back gemm.Panels }

func newTrainer(f *fit) *trainer {
	n := f.net.Size()
	t := &trainer{fit: f, threads: max(1, f.request.Threads), loss: math.Inf(1)}
	t.params, t.first, t.second = make([]float32, n), make([]float32, n), make([]float32, n)
	t.layers = make([]packed, len(f.net.Widths)+f.net.Members)
	t.initialise(rand.New(rand.NewPCG(f.request.Seed, 1)))
	t.shuffle = rand.New(rand.NewPCG(f.request.Seed, 2))
	t.order = make([]int32, len(f.rows))
	for i := range t.order {
		t.order[i] = int32(i)
	}
	size := (min(f.set.batch, len(f.rows)) + blocks - 1) / blocks
	for b := range t.blocks {
		t.grads[b] = make([]float32, n)
		t.blocks[b] = newBlock(t, b, size)
	}
	t.pack()
	return t
}

// initialise draws the parameters and notes their learning rates. Weights are held
// divided by the root of what the layer reads, and so are their rates.
func (t *trainer) initialise(rng *rand.Rand) {
	net, p := &t.net, t.params
	at := func(part []float32) int { return cap(p) - cap(part) }
	draw := func(part []float32, sigma float64) {
		for i := range part {
			part[i] = float32(sigma * rng.NormFloat64())
		}
	}
	add := func(part []float32, rate, decay float64) {
		from := at(part)
		t.chunks = appendChunks(t.chunks, span{from, from + len(part), rate * t.set.rate, decay})
	}
	for i, in := range net.Inputs {
		if in.Embedding > 0 {
			table := net.Table(p, i)
			draw(table, 1)
			add(table, 1, t.set.decay)
		}
	}
	for e := range net.Members {
		scale := net.Scale(p, e)
		for i := range scale {
			scale[i] = 1
			if e > 0 && rng.IntN(2) == 0 {
				scale[i] = -1
			}
		}
		add(scale, 6, 0)
	}
	for l, width := range net.Widths {
		fan := net.Fan(l)
		if l == 0 {
			fan = max(1, net.Columns())
		}
		root := math.Sqrt(float64(fan))
		weights, biases := net.Layer(p, l)
		draw(weights[:fan*width], 1/root)
		draw(biases, 1)
		add(weights, 1/root, t.set.decay)
		add(biases, 0.1, 0)
	}
	for e := range net.Members {
		weights, biases := net.Head(p, e)
		add(weights, 1/math.Sqrt(float64(net.Fan(len(net.Widths)))), t.set.decay)
		add(biases, 0.1, 0)
	}
}

func appendChunks(list []span, s span) []span {
	for ; s.from < s.to; s.from += chunk {
		list = append(list, span{s.from, min(s.to, s.from+chunk), s.rate, s.decay})
	}
	return list
}

// train runs the steps and returns how many; best then has the parameters.
func (t *trainer) train(ctx context.Context) (steps int, truncated bool) {
	if nets := t.rehearsals(); len(nets) > 0 {
		return t.rehearse(ctx, nets)
	}
	total := t.total()
	limit := total
	if m := t.request.MaxSteps; m > 0 {
		limit = min(limit, m)
	}
	for t.steps < limit {
		if !t.step(ctx) {
			return t.steps, true
		}
		if !t.judge() {
			break
		}
		if t.steps == int(thirdEnd*float64(total)) && len(t.request.Valid.Rows) > 0 && float64(t.bestAt) <= secondEnd*float64(total) {
			break // the third cycle brought nothing
		}
	}
	return t.steps, false
}

// perEpoch is the number of batches of an epoch, parts that of its steps.
func (t *trainer) perEpoch() (batches, parts int) {
	batches = max(1, len(t.rows)/(blocks*len(t.blocks[0].rows)))
	return batches, (batches + stepBatches - 1) / stepBatches
}

// total is the number of steps of the schedule.
func (t *trainer) total() int {
	_, parts := t.perEpoch()
	return t.set.epochs * parts
}

// step takes the next step; it reports whether it came to its end.
func (t *trainer) step(ctx context.Context) bool {
	batches, parts := t.perEpoch()
	part := t.steps % parts
	if part == 0 {
		t.shuffle.Shuffle(len(t.order), func(i, j int) { t.order[i], t.order[j] = t.order[j], t.order[i] })
	}
	for b := part * batches / parts; b < (part+1)*batches/parts; b++ {
		if ctx.Err() != nil {
			return false
		}
		t.batch(b, float64(t.steps/parts*batches+b)/float64(t.set.epochs*batches))
	}
	t.steps++
	return true
}

// judge keeps the parameters if they are the best so far and reports whether to go
// on. Without validation rows the last are the best.
func (t *trainer) judge() bool {
	r := t.request
	if len(r.Valid.Rows) == 0 {
		t.keep()
		return true
	}
	loss := t.validate()
	if loss <= t.loss || t.best == nil {
		t.keep()
		t.loss = loss
	}
	return r.Report == nil || math.IsNaN(loss) || math.IsInf(loss, 0) || r.Report(t.steps, loss)
}

// keep makes the parameters the best so far.
func (t *trainer) keep() { t.best, t.bestAt = append(t.best[:0], t.params...), t.steps }

// validate is the loss on the validation rows, +Inf where it is not defined.
func (t *trainer) validate() float64 {
	r := t.request
	p, err := predictor.NewMLP(t.net, t.params, t.target)
	if err != nil { // a parameter is no longer finite
		return math.Inf(1)
	}
	pred := algos.Predict(p, r.Valid.M, r.Valid.Rows, t.threads)
	y, w := make([]float32, len(r.Valid.Rows)), []float32(nil)
	for i, row := range r.Valid.Rows {
		y[i] = r.Valid.Y[row]
		if r.Valid.W != nil {
			w = append(w, r.Valid.W[row])
		}
	}
	score, err := r.Problem.Metric.Score(r.Problem.Task, r.Problem.Classes, y, pred, w)
	if err != nil {
		return math.Inf(1)
	}
	return r.Problem.Metric.Loss(score)
}

// batch takes a step of Adam on batch b of the epoch, at the point done of the
// schedule.
func (t *trainer) batch(b int, done float64) {
	size := len(t.blocks[0].rows)
	algos.Each(blocks, t.threads, func(i int) {
		from := (b*blocks + i) * size
		to := min(len(t.order), from+size)
		t.blocks[i].run(t.order[min(from, to):to], t.updates)
	})
	t.updates++
	share := cycle(done)
	bias1, bias2 := 1-math.Pow(0.9, float64(t.updates)), 1-math.Pow(0.95, float64(t.updates))
	algos.Each(len(t.chunks), t.threads, func(i int) {
		s := t.chunks[i]
		g := t.grads[0][s.from:s.to]
		for _, other := range t.grads[1:] {
			gemm.Add(g, other[s.from:s.to])
		}
		gemm.Adam(t.params[s.from:s.to], t.first[s.from:s.to], t.second[s.from:s.to], g, &gemm.Step{
			Beta1: 0.9, Rest1: 0.1, Beta2: 0.95, Rest2: 0.05,
			Rate:    float32(s.rate * share * math.Sqrt(bias2) / bias1),
			Epsilon: float32(1e-8 * math.Sqrt(bias2)),
			Keep:    float32(1 - share*t.set.rate*s.decay),
		})
	})
	t.pack()
}

// pack brings the weights into the forms that products read.
func (t *trainer) pack() {
	net := &t.net
	algos.Each(2*len(t.layers), t.threads, func(i int) {
		l, width := i/2, net.OutputWidth()
		var weights []float32
		fan := net.Fan(min(l, len(net.Widths)))
		if l < len(net.Widths) {
			width = net.Widths[l]
			weights, _ = net.Layer(t.params, l)
		} else {
			weights, _ = net.Head(t.params, l-len(net.Widths))
		}
		if i%2 == 0 {
			t.layers[l].forth.Pack(weights, fan, width, width)
			return
		}
		t.layers[l].back.PackTransposed(weights, width, fan, width)
	})
}

// rowsOf are the frame's rows of training rows.
func (t *trainer) rowsOf(list, out []int32) []int32 {
	out = slices.Grow(out[:0], len(list))
	for _, i := range list {
		out = append(out, t.rows[i])
	}
	return out
}
