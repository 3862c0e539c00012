package predictor

import (
	"math"
	"testing"
)

func TestOutputAgreesWithDefinition(t *testing.T) {
	t.Parallel()
	x := []float64{-3.5, 0, 0.25, 4}
	total := 0.0
	for _, v := range x {
		total += math.Exp(v)
	}
	for name, c := range map[string]struct {
		out  Output
		want func(v float64) float64
	}{
		"identity":         {Output{}, func(v float64) float64 { return v }},
		"average":          {Output{Average: true}, func(v float64) float64 { return v / 4 }},
		"mean":             {Output{Link: Mean, Average: true}, func(v float64) float64 { return v / 4 }},
		"sigmoid":          {Output{Link: Sigmoid}, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }},
		"scaled":           {Output{Link: Sigmoid, Scale: 0.5}, func(v float64) float64 { return 1 / (1 + math.Exp(-v/2)) }},
		"averaged sigmoid": {Output{Sigmoid, 2, true}, func(v float64) float64 { return 1 / (1 + math.Exp(-v/2)) }},
		"softmax":          {Output{Link: Softmax}, func(v float64) float64 { return math.Exp(v) / total }},
		"exp":              {Output{Link: Exp}, math.Exp},
		"square":           {Output{Link: Square}, func(v float64) float64 { return v * math.Abs(v) }},
		"softplus":         {Output{Link: Softplus}, func(v float64) float64 { return math.Log1p(math.Exp(v)) }},
		"step": {Output{Link: Step}, func(v float64) float64 {
			if v > 0 {
				return 1
			}
			return 0
		}},
	} {
		exact := append([]float64{}, x...)
		c.out.Exact(exact, 4)
		out := make([]float32, len(x))
		c.out.Apply(append([]float64{}, x...), 4, out)
		for k, v := range x {
			want := c.want(v)
			if math.Abs(exact[k]-want) > 1e-15*max(1, math.Abs(want)) {
				t.Errorf("%s of %v is %v, want %v", name, v, exact[k], want)
			}
			if math.Abs(float64(out[k])-want) > 1e-7*max(1, math.Abs(want)) {
				t.Errorf("%s of %v in single precision is %v, want %v", name, v, out[k], want)
			}
		}
	}
}

func TestApplyIsFinite(t *testing.T) {
	t.Parallel()
	for link := Identity; link <= Step; link++ {
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 1e300, -1e300} {
			out := make([]float32, 2)
			Output{Link: link, Average: true, Scale: 3}.Apply([]float64{v, 1}, 1, out)
			for _, o := range out {
				if f := float64(o); math.IsNaN(f) || math.IsInf(f, 0) {
					t.Errorf("link %d makes %v of %v", link, out, v)
				}
			}
		}
	}
}

func TestOutputIsStored(t *testing.T) {
	t.Parallel()
	tree := Tree{{Feature: -1, Value: []float64{0.5}}}
	for _, out := range []Output{{}, {Link: Sigmoid, Scale: 0.25}, {Link: Square, Average: true}, {Link: Sigmoid, Scale: 3, Average: true}} {
		b := NewTreesOutput([]Tree{tree, tree}, 1, nil, out).Append(nil)
		p, err := Decode(kindTrees, b, Inputs{Raw: 1})
		if err != nil {
			t.Fatalf("%+v: %v", out, err)
		}
		if got := p.(*Trees).Output(); got != out {
			t.Errorf("%+v came back as %+v", out, got)
		}
	}
	bad := NewTreesOutput([]Tree{tree}, 1, nil, Output{Link: Sigmoid, Scale: math.Inf(1)}).Append(nil)
	if _, err := Decode(kindTrees, bad, Inputs{Raw: 1}); err == nil {
		t.Error("an infinite scale was read")
	}
}
