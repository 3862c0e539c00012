package mlp

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
)

// block is a part of a batch on its way through the net and back. All members'
// rows stand under each other, the members one after the other.
type block struct {
	t       *trainer
	index   int
	rows    []int32
	grad    []float32
	x       []float32   // rows×InputWidth, encoded
	scaled  []float32   // members·rows×InputWidth
	values  [][]float32 // of each layer
	slopes  [][]float32
	out     []float32 // members·rows×OutputWidth; then its gradient
	back    []float32 // gradient of a layer's values
	next    []float32
	panel   gemm.Panels
	softmax []float64
	seed    uint64 // of what is dropped
}

func newBlock(t *trainer, index, size int) *block {
	net := &t.net
	n := size * net.Members
	widest := net.InputWidth()
	b := &block{t: t, index: index, rows: make([]int32, size), grad: t.grads[index]}
	for _, w := range net.Widths {
		widest = max(widest, w)
		b.values, b.slopes = append(b.values, make([]float32, n*w)), append(b.slopes, make([]float32, n*w))
	}
	b.x, b.scaled = make([]float32, size*net.InputWidth()), make([]float32, n*net.InputWidth())
	b.out = make([]float32, n*net.OutputWidth())
	b.back, b.next = make([]float32, n*widest), make([]float32, n*widest)
	b.softmax = make([]float64, net.Outputs)
	return b
}

// run leaves in grad the gradient of the mean loss of the batch that these
// training rows contribute. update numbers the batch.
func (b *block) run(list []int32, update int) {
	clear(b.grad)
	if len(list) == 0 {
		return
	}
	b.seed = b.t.request.Seed*0xd1342543de82ef95 + uint64(update*blocks+b.index)<<32
	rows := b.t.rowsOf(list, b.rows)
	b.t.net.Encode(b.t.request.Train.M.Frame, rows, b.t.params, b.x)
	b.forward(len(rows))
	b.loss(list)
	b.heads(len(rows))
	b.hidden(len(rows))
	b.scales(len(rows), rows)
}

func (b *block) forward(n int) {
	t, net := b.t, &b.t.net
	in := net.InputWidth()
	for e := range net.Members {
		to := b.scaled[e*n*in : (e+1)*n*in]
		copy(to, b.x[:n*in])
		scale := net.Scale(t.params, e)
		for i := range n {
			gemm.Mul(to[i*in:(i+1)*in], scale)
		}
	}
	from, fan, all := b.scaled, in, n*net.Members
	for l, w := range net.Widths {
		_, biases := net.Layer(t.params, l)
		z := b.values[l][:all*w]
		for i := 0; i < len(z); i += w {
			copy(z[i:i+w], biases)
		}
		gemm.Multiply(z, w, from, fan, all, &t.layers[l].forth, true)
		net.Activate(z, b.slopes[l][:all*w])
		b.drop(z, b.slopes[l][:all*w])
		from, fan = z, w
	}
	w := net.OutputWidth()
	for e := range net.Members {
		_, biases := net.Head(t.params, e)
		out := b.out[e*n*w : (e+1)*n*w]
		for i := 0; i < len(out); i += w {
			copy(out[i:i+w], biases)
		}
		gemm.Multiply(out, w, from[e*n*fan:], fan, n, &t.layers[len(net.Widths)+e].forth, true)
	}
}

// random is the next number of SplitMix64 (Steele, Lea and Flood, 2014).
func (b *block) random() uint64 {
	b.seed += 0x9e3779b97f4a7c15
	x := b.seed
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// drop sets values and slopes to zero at random and makes up for it in the others.
func (b *block) drop(z, d []float32) {
	p := b.t.set.dropout
	if p <= 0 {
		return
	}
	limit, keep := int32(p*(1<<16)), math.Float32bits(float32(1/(1-p)))
	for i := 0; i < len(z); i += 4 {
		bits := b.random()
		for j := i; j < i+4; j++ {
			// All ones from the limit on: there is no branch to guess wrong.
			mask := uint32((limit - 1 - int32(bits&0xffff)) >> 31)
			bits >>= 16
			factor := math.Float32frombits(keep & mask)
			z[j] *= factor
			d[j] *= factor
		}
	}
}

// loss turns the outputs into the gradients of squared errors or cross-entropy.
func (b *block) loss(list []int32) {
	t, net := b.t, &b.t.net
	w, k := net.OutputWidth(), net.Outputs
	share := 1 / float64(net.Members*blocks*len(b.rows))
	for e := range net.Members {
		for r, i := range list {
			out := b.out[(e*len(list)+r)*w:]
			weight := share
			if t.w != nil {
				weight *= float64(t.w[i])
			}
			if t.target != nil {
				out[0] = float32(2 * weight * (float64(out[0]) - float64(t.y[i])))
				continue
			}
			b.crossEntropy(out[:k], int(t.y[i]), weight)
		}
	}
}

func (b *block) crossEntropy(out []float32, class int, weight float64) {
	top := out[0]
	for _, v := range out {
		top = max(top, v)
	}
	total := 0.0
	for k, v := range out {
		b.softmax[k] = math.Exp(float64(v - top))
		total += b.softmax[k]
	}
	smooth := b.t.set.smoothing
	for k := range out {
		want := smooth / float64(len(out))
		if k == class {
			want += 1 - smooth
		}
		out[k] = float32(weight * (b.softmax[k]/total - want))
	}
}

// heads goes back through the last layer; back then has the gradient of the last
// hidden layer's values.
func (b *block) heads(n int) {
	net := &b.t.net
	l := len(net.Widths)
	fan, w := net.Fan(l), net.OutputWidth()
	for e := range net.Members {
		out, from := b.out[e*n*w:(e+1)*n*w], b.values[l-1][e*n*fan:]
		weights, biases := net.Head(b.grad, e)
		for i := 0; i < len(out); i += w {
			gemm.Add(biases, out[i:i+w])
		}
		b.panel.Pack(out, n, w, w)
		gemm.MultiplyTransposed(weights, w, from, fan, fan, &b.panel, false)
		gemm.Multiply(b.back[e*n*fan:], fan, out, w, n, &b.t.layers[l+e].back, false)
	}
}

// hidden goes back through the hidden layers; back then has the gradient of the
// scaled inputs.
func (b *block) hidden(n int) {
	net := &b.t.net
	all := n * net.Members
	for l := len(net.Widths) - 1; l >= 0; l-- {
		w, fan := net.Widths[l], net.Fan(l)
		from := b.scaled
		if l > 0 {
			from = b.values[l-1]
		}
		z := b.back[:all*w]
		gemm.Mul(z, b.slopes[l][:all*w])
		weights, biases := net.Layer(b.grad, l)
		for i := 0; i < len(z); i += w {
			gemm.Add(biases, z[i:i+w])
		}
		b.panel.Pack(z, all, w, w)
		gemm.MultiplyTransposed(weights, w, from, fan, fan, &b.panel, false)
		gemm.Multiply(b.next, fan, z, w, all, &b.t.layers[l].back, false)
		b.back, b.next = b.next, b.back
	}
}

// scales adds the gradients of the members' scales and of the embeddings.
func (b *block) scales(n int, rows []int32) {
	t, net := b.t, &b.t.net
	in := net.InputWidth()
	for e := range net.Members {
		part := b.back[e*n*in : (e+1)*n*in]
		copy(b.next[:n*in], part)
		gemm.Mul(b.next[:n*in], b.x[:n*in])
		scale := net.Scale(b.grad, e)
		for i := 0; i < n*in; i += in {
			gemm.Add(scale, b.next[i:i+in])
		}
		for i := 0; i < n*in; i += in {
			gemm.Mul(part[i:i+in], net.Scale(t.params, e))
		}
		if e > 0 {
			gemm.Add(b.back[:n*in], part)
		}
	}
	frame := t.request.Train.M.Frame
	for i := range net.Inputs {
		input := &net.Inputs[i]
		if input.Embedding == 0 {
			continue
		}
		col, table, at := frame.Cols[input.Column], net.Table(b.grad, i), net.First(i)
		for r, row := range rows {
			to := table[input.Level(col[row])*input.Embedding:][:input.Embedding]
			for k := range to {
				to[k] += b.back[r*in+at+k]
			}
		}
	}
}
