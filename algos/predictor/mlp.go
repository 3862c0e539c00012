package predictor

import (
	"fmt"
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindMLP tags MLP predictors.
const kindMLP = "mlp"

// Target turns the outputs of a net that predicts values back: out·Scale+Mean,
// kept within Low and High.
type Target struct{ Mean, Scale, Low, High float64 }

// MLP is a trained multi-layer perceptron. It reads the frame itself and brings
// its own scaling. With several members the predictions are averaged.
type MLP struct {
	net    Net
	params []float32
	// target is nil for a classifier: then the outputs go through a softmax.
	target *Target
	layers []gemm.Panels
	heads  []gemm.Panels
	pool   sync.Pool // *netScratch
}

// netRows is the number of rows that are predicted together.
const netRows = 64

// NewMLP makes a predictor of a net and its parameters (Net.Size of them; the
// slice is kept). A classifier, target nil, has an output for each class, two or
// more. Numbers that are not finite and wrong lengths are errors.
func NewMLP(net Net, params []float32, target *Target) (*MLP, error) {
	if err := net.Init(); err != nil {
		return nil, fmt.Errorf("mlp predictor: %w", err)
	}
	switch {
	case len(params) != net.size:
		return nil, fmt.Errorf("mlp predictor: %d parameters, the net has %d", len(params), net.size)
	case target == nil && net.Outputs < 2, target != nil && net.Outputs != 1:
		return nil, fmt.Errorf("mlp predictor: %d outputs do not fit the target", net.Outputs)
	case target != nil && !(target.Low <= target.High && isFinite(target.Mean+target.Scale) && isFinite(target.Low+target.High)):
		return nil, fmt.Errorf("mlp predictor: target %+v", *target)
	}
	for i, v := range params {
		if !isFinite(float64(v)) {
			return nil, fmt.Errorf("mlp predictor: parameter %d is not a finite number", i)
		}
	}
	m := &MLP{net: net, params: params, target: target}
	m.layers = make([]gemm.Panels, len(net.Widths))
	for l, w := range net.Widths {
		weights, _ := net.Layer(params, l)
		m.layers[l].Pack(weights, net.Fan(l), w, w)
	}
	m.heads = make([]gemm.Panels, net.Members)
	for e := range m.heads {
		weights, _ := net.Head(params, e)
		m.heads[e].Pack(weights, net.Fan(len(net.Widths)), net.OutputWidth(), net.OutputWidth())
	}
	return m, nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Kind is "mlp".
func (m *MLP) Kind() string { return kindMLP }

// View is matrix.Raw.
func (m *MLP) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (m *MLP) Width() int {
	if m.net.Outputs == 2 {
		return 1
	}
	return m.net.Outputs
}

// netScratch is what a block of rows needs.
type netScratch struct {
	x, scaled []float32
	a, b, d   []float32
	out       []float32
	sums      []float64
	soft      []float64
	one       []float32
}

func (m *MLP) scratch() *netScratch {
	if s, ok := m.pool.Get().(*netScratch); ok {
		return s
	}
	widest := 0
	for _, w := range m.net.Widths {
		widest = max(widest, w)
	}
	in, out := m.net.InputWidth(), m.net.OutputWidth()
	return &netScratch{
		x: make([]float32, netRows*in), scaled: make([]float32, netRows*in),
		a: make([]float32, netRows*widest), b: make([]float32, netRows*widest), d: make([]float32, netRows*widest),
		out: make([]float32, netRows*out), sums: make([]float64, netRows*m.net.Outputs),
		soft: make([]float64, m.net.Outputs), one: make([]float32, m.net.Outputs),
	}
}

// Predict implements Predictor.
func (m *MLP) Predict(x *matrix.Matrix, rows []int32, out []float32) {
	s := m.scratch()
	defer m.pool.Put(s)
	width := m.Width()
	for len(rows) > 0 {
		n := min(netRows, len(rows))
		m.net.Encode(x.Frame, rows[:n], m.params, s.x)
		m.forward(s, n)
		m.finish(s, n, out)
		rows, out = rows[n:], out[n*width:]
	}
}

// PredictOne implements RowPredictor.
func (m *MLP) PredictOne(r *Row, out []float32) {
	s := m.scratch()
	defer m.pool.Put(s)
	clear(s.x[:m.net.InputWidth()])
	for i := range m.net.Inputs {
		in := &m.net.Inputs[i]
		if in.Text {
			continue
		}
		var table []float32
		if in.Embedding > 0 {
			table = m.net.Table(m.params, i)
		}
		in.put(float32(r.Features[in.Column]), table, s.x[m.net.first[i]:])
	}
	if r.Sparse != nil {
		m.net.encodeText(r.Sparse, 0, s.x[:m.net.InputWidth()])
	}
	m.forward(s, 1)
	m.finish(s, 1, out)
}

// forward computes the sums over the members of n encoded rows' predictions.
func (m *MLP) forward(s *netScratch, n int) {
	clear(s.sums[:n*m.net.Outputs])
	in := m.net.InputWidth()
	for e := range m.net.Members {
		scale := m.net.Scale(m.params, e)
		copy(s.scaled[:n*in], s.x)
		for i := range n {
			gemm.Mul(s.scaled[i*in:(i+1)*in], scale)
		}
		from, fan, to, next := s.scaled, in, s.a, s.b
		for l, w := range m.net.Widths {
			_, biases := m.net.Layer(m.params, l)
			for i := range n {
				copy(to[i*w:(i+1)*w], biases)
			}
			gemm.Multiply(to, w, from, fan, n, &m.layers[l], true)
			m.net.Activate(to[:n*w], s.d[:n*w])
			from, fan, to, next = to, w, next, to
		}
		_, biases := m.net.Head(m.params, e)
		w := m.net.OutputWidth()
		for i := range n {
			copy(s.out[i*w:(i+1)*w], biases)
		}
		gemm.Multiply(s.out, w, from, fan, n, &m.heads[e], true)
		m.collect(s, n)
	}
}

// collect adds a member's predictions to the sums.
func (m *MLP) collect(s *netScratch, n int) {
	k, w := m.net.Outputs, m.net.OutputWidth()
	for i := range n {
		out, sums := s.out[i*w:i*w+k], s.sums[i*k:(i+1)*k]
		if m.target != nil {
			sums[0] += clip(float64(out[0]), math.MaxFloat32)
			continue
		}
		for j, v := range out {
			s.soft[j] = float64(v)
		}
		softmax(s.soft, s.one)
		for j, v := range s.one {
			sums[j] += float64(v)
		}
	}
}

// finish turns sums into predictions.
func (m *MLP) finish(s *netScratch, n int, out []float32) {
	k, members := m.net.Outputs, float64(m.net.Members)
	for i := range n {
		sums := s.sums[i*k : (i+1)*k]
		switch {
		case m.target != nil:
			v := float64(sums[0]/members*m.target.Scale) + m.target.Mean
			out[i] = float32(clip(max(m.target.Low, min(m.target.High, v)), math.MaxFloat32))
		case k == 2:
			out[i] = float32(sums[1] / members)
		default:
			for j, v := range sums {
				out[i*k+j] = float32(v / members)
			}
		}
	}
}
