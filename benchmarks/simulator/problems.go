package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed-09a2cce4/automl/search"
)

// problem is a made space with a loss that takes no time.
type problem struct {
	name  string
	space search.Space
	// loss is the true one, least what it is at best.
	loss  func(search.Params) float64
	least float64
	// noise is the standard deviation of what a trial adds to the true loss.
	noise float64
	// cost is the time of a trial in seconds; nil means one second.
	cost func(search.Params) float64
}

// observed is the loss that trial number of a run finds.
func (p *problem) observed(params search.Params, seed uint64, number int) float64 {
	r := rand.New(rand.NewPCG(seed, uint64(number)+1<<32))
	return p.loss(params) + float64(p.noise*r.NormFloat64())
}

func (p *problem) seconds(params search.Params) float64 {
	if p.cost == nil {
		return 1
	}
	return p.cost(params)
}

func problems() []*problem {
	noisy := *hartmann()
	noisy.name, noisy.noise = "hartmann6_noisy", 0.2
	return []*problem{branin(), hartmann(), &noisy, rosenbrock(), boosting(), kinds(), choices(), ackley()}
}

func lookup(name string) (*problem, error) {
	all := problems()
	if i := slices.IndexFunc(all, func(p *problem) bool { return p.name == name }); i >= 0 {
		return all[i], nil
	}
	return nil, fmt.Errorf("no problem %q: see simulator spaces", name)
}

func number(name string, low, high, def float64) search.Dimension {
	return search.Dimension{Name: name, Low: low, High: high, Default: def}
}

func logNumber(name string, low, high, def float64) search.Dimension {
	return search.Dimension{Name: name, Low: low, High: high, Log: true, Default: def}
}

func integer(name string, low, high, def float64, log bool) search.Dimension {
	return search.Dimension{Name: name, Low: low, High: high, Log: log, Integer: true, Default: def}
}

func choice(name string, values ...string) search.Dimension {
	return search.Dimension{Name: name, Choices: values, Default: values[0]}
}

func braninLoss(x, y float64) float64 {
	a := y - 5.1/(4*math.Pi*math.Pi)*x*x + 5/math.Pi*x - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x) + 10
}

// branin has three minima (Dixon, Szegő, 1978).
func branin() *problem {
	return &problem{
		name: "branin", space: search.Space{number("x", -5, 10, 2), number("y", 0, 15, 8)}, least: 0.397887,
		loss: func(p search.Params) float64 { return braninLoss(p.Float("x", 0), p.Float("y", 0)) },
	}
}

// hartmann is Hartmann's function of six numbers (Dixon, Szegő, 1978).
func hartmann() *problem {
	a := [4][6]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
	at := [4][6]float64{
		{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991},
		{2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381},
	}
	height := [4]float64{1, 1.2, 3, 3.2}
	names := []string{"a", "b", "c", "d", "e", "f"}
	var space search.Space
	for _, n := range names {
		space = append(space, number(n, 0, 1, 0.5))
	}
	return &problem{name: "hartmann6", space: space, least: -3.32237, loss: func(p search.Params) float64 {
		sum := 0.0
		for i := range height {
			d := 0.0
			for j, n := range names {
				v := p.Float(n, 0) - at[i][j]/1e4
				d += a[i][j] * v * v
			}
			sum -= height[i] * math.Exp(-d)
		}
		return sum
	}}
}

// rosenbrock is a bent valley in the logarithms of four numbers.
func rosenbrock() *problem {
	names := []string{"a", "b", "c", "d"}
	var space search.Space
	for _, n := range names {
		space = append(space, logNumber(n, 1e-2, 1e2, 0.1))
	}
	return &problem{name: "rosenbrock4", space: space, loss: func(p search.Params) float64 {
		sum := 0.0
		for i := range len(names) - 1 {
			x, y := math.Log10(p.Float(names[i], 1)), math.Log10(p.Float(names[i+1], 1))
			sum += 10*(y-x*x)*(y-x*x) + (1-x)*(1-x)
		}
		return math.Log1p(sum)
	}}
}

// boosting is like the loss of boosted trees: rate and size act together, some
// dimensions matter, some hardly, all with noise as between folds, and what is
// good is often slow.
func boosting() *problem {
	space := search.Space{
		logNumber("rate", 0.01, 0.5, 0.1), integer("leaves", 4, 512, 31, true), integer("least", 1, 200, 20, true),
		number("rows", 0.3, 1, 1), number("columns", 0.2, 1, 1), logNumber("l2", 1e-3, 100, 1), logNumber("l1", 1e-4, 10, 1e-4),
		integer("bins", 16, 255, 255, true), choice("extra", "false", "true"),
	}
	return &problem{
		name: "boosting", space: space, noise: 0.01,
		loss: func(p search.Params) float64 {
			rate, leaves := math.Log(p.Float("rate", 1)/0.04), math.Log(p.Float("leaves", 1)/70)
			least, l2 := math.Log(p.Float("least", 1)/8), math.Log(p.Float("l2", 1)/5)
			v := 0.05*(rate+0.4*leaves)*(rate+0.4*leaves) + 0.02*leaves*leaves + 0.015*(least-0.3*leaves)*(least-0.3*leaves)
			v += 0.3*math.Pow(p.Float("rows", 1)-0.75, 2) + 0.2*math.Pow(p.Float("columns", 1)-0.5, 2) + 0.002*l2*l2
			v += 0.01 * math.Abs(math.Log(p.Float("bins", 1)/128)) / 3
			if p.Bool("extra", false) {
				v = 0.04 + 0.8*v
			}
			return v
		},
		cost: func(p search.Params) float64 {
			return math.Pow(p.Float("leaves", 1)/31, 0.6) / math.Sqrt(p.Float("rate", 1)/0.1)
		},
	}
}

// kinds has a choice with dimensions of its own for each value.
func kinds() *problem {
	when := func(d search.Dimension, kind string) search.Dimension {
		d.When = &search.Condition{Name: "kind", Values: []string{kind}}
		return d
	}
	space := search.Space{
		choice("kind", "flat", "curved", "deep"), number("shared", 0, 1, 0.5),
		when(number("flat_x", -1, 1, 0), "flat"),
		when(number("curved_x", -5, 10, 2), "curved"), when(number("curved_y", 0, 15, 8), "curved"),
		when(logNumber("deep_x", 1e-4, 1, 0.01), "deep"), when(integer("deep_n", 1, 10, 2, false), "deep"), when(logNumber("deep_y", 1e-4, 1, 0.01), "deep"),
	}
	return &problem{name: "conditional", space: space, noise: 0.01, loss: func(p search.Params) float64 {
		s := 0.3 * math.Pow(p.Float("shared", 0)-0.2, 2)
		switch p.String("kind", "") {
		case "flat":
			return 0.25 + s + 0.5*math.Pow(p.Float("flat_x", 0)-0.5, 2)
		case "curved":
			return 0.1 + s + math.Log1p(braninLoss(p.Float("curved_x", 0), p.Float("curved_y", 0))-0.397887)/8
		}
		x, y := math.Log10(p.Float("deep_x", 1))+1.5, math.Log10(p.Float("deep_y", 1))+3
		n := p.Float("deep_n", 1) - 7
		return s + 0.1*(x-0.5*y)*(x-0.5*y) + 0.05*y*y + 0.01*n*n
	}}
}

// choices has more choices than numbers.
func choices() *problem {
	space := search.Space{
		choice("a", "1", "2", "3", "4", "5"), choice("b", "1", "2", "3"), choice("c", "1", "2", "3", "4"), choice("d", "1", "2"),
		number("x", 0, 1, 0.5), integer("n", 1, 30, 10, false), logNumber("y", 1e-3, 1, 0.1),
	}
	worth := map[string][]float64{"a": {0.2, 0.35, 0, 0.5, 0.3}, "b": {0.2, 0.1, 0}, "c": {0.1, 0, 0.3, 0.2}, "d": {0, 0.15}}
	index := func(p search.Params, name string) int { return int(p.String(name, "1")[0] - '1') }
	return &problem{name: "choices", space: space, noise: 0.02, loss: func(p search.Params) float64 {
		v := 0.0
		for _, name := range []string{"a", "b", "c", "d"} {
			v += worth[name][index(p, name)]
		}
		x := p.Float("x", 0) - 0.1 - 0.2*float64(index(p, "a"))
		y := math.Log10(p.Float("y", 1)) + 2
		n := p.Float("n", 1)/30 - 0.6
		return v + x*x + 0.1*y*y + 0.3*n*n
	}}
}

// ackley is Ackley's function of five numbers, off the middle: many small minima
// on the way to one.
func ackley() *problem {
	var space search.Space
	names := []string{"a", "b", "c", "d", "e"}
	for _, n := range names {
		space = append(space, number(n, -10, 10, -5))
	}
	return &problem{name: "ackley5", space: space, loss: func(p search.Params) float64 {
		square, wave := 0.0, 0.0
		for i, n := range names {
			x := p.Float(n, 0) - float64(i) + 1
			square += x * x / 5
			wave += math.Cos(2*math.Pi*x) / 5
		}
		return 20 + math.E - 20*math.Exp(-0.2*math.Sqrt(square)) - math.Exp(wave)
	}}
}
