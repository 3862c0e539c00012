package search

import "iter"

const (
	mixedTurn = 8   // proposals in a turn: one of Local, one of TPE, the rest of GP
	mixedGP   = 150 // observations above which GP gives way to TPE, which is faster
)

// Mixed takes turns: most proposals are GP's, one in eight each is Local's and
// TPE's. That is worth more than GP alone: where its model is wrong, the others
// show it what it would not have looked at.
func Mixed() Sampler { return mixed{} }

type mixed struct{}

func (mixed) Propose(t *Task) iter.Seq2[Params, string] {
	switch n := t.count(); {
	case n%mixedTurn == 3:
		return Local().Propose(t)
	case n%mixedTurn == 7 || n > mixedGP:
		return TPE().Propose(t)
	}
	return GP().Propose(t)
}
