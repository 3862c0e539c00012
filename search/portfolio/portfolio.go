// Package portfolio has the orders in which configurations of some learners are best
// tried, by measurement: benchmarks/portfolio records what configurations come to on
// public tables and writes portfolio.json, with what was better than the learner's own
// order on tables that it was not made of. The package starts no goroutines and
// persists nothing.
//
//	go run ./benchmarks/portfolio record FILE
//	go run ./benchmarks/portfolio choose FILE -out search/portfolio/portfolio.json
package portfolio

import (
	_ "embed"
	"encoding/json"
	"sync"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

//go:embed portfolio.json
var file []byte

// Order is what to try of a learner behind its default, best first, on tables of
// MinRows to MaxRows training rows; MaxRows 0 means no bound.
type Order struct {
	Learner string          `json:"learner"`
	Task    metrics.Task    `json:"task"`
	MinRows int             `json:"min_rows,omitempty"`
	MaxRows int             `json:"max_rows,omitempty"`
	Configs []search.Params `json:"configs"`
}

var orders = sync.OnceValue(func() []Order {
	var out []Order
	if err := json.Unmarshal(file, &out); err != nil {
		panic("search/portfolio: portfolio.json: " + err.Error()) // a test reads it
	}
	return out
})

// Of is the measured order for a learner, a task and a number of training rows, nil if
// there is none. It must not be changed.
func Of(learner string, task metrics.Task, rows int) []search.Params {
	for _, o := range orders() {
		if o.Learner == learner && o.Task == task && rows >= o.MinRows && (o.MaxRows == 0 || rows <= o.MaxRows) {
			return o.Configs
		}
	}
	return nil
}
