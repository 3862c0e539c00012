package search

import (
	"fmt"
	"testing"
)

// BenchmarkAsk asks a study of one learner with ten dimensions and a choice.
func BenchmarkAsk(b *testing.B) {
	space := Space{{Name: "k", Choices: []string{"a", "b", "c"}}}
	for i := range 9 {
		space = append(space, Dimension{Name: string(rune('m' + i)), Low: 1, High: 1000, Log: i%2 == 0, Integer: i%3 == 0})
	}
	for _, n := range []int{20, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("observations=%d", n), func(b *testing.B) {
			s, err := NewStudy(Config{Arms: []Arm{{Learner: "l", Space: space}}})
			if err != nil {
				b.Fatal(err)
			}
			history := observations(space, n, func(p Params) float64 { return p.Float("n", 0) + p.Float("o", 0) })
			history = append(history, Observation{Suggestion: s.start[0], Number: n, Loss: 1e9})
			h := HistoryOf(history)
			for i := range b.N { // the history grows, so that every sampler has its turn
				sug, ok := s.Ask(n+1+i, h)
				if !ok {
					b.Fatal("nothing left")
				}
				h.Add(Observation{Suggestion: sug, Number: n + 1 + i, Loss: 1})
			}
		})
	}
}
