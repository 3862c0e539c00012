package main

import (
	"encoding/json"
	"sync"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/scheduler"
)

// follower turns a job's events into what progress shows.
type follower struct {
	mu     sync.Mutex
	status status
	bar    *progress
}

func newFollower(bar *progress) *follower { return &follower{bar: bar} }

// event takes one event, in the order in which they happened. Events of kinds
// or forms unknown here have nothing to show.
func (f *follower) event(e automl.Event) {
	var d struct { // the fields of the scheduler's payloads that matter here
		Phase   string   `json:"phase"`
		Metric  string   `json:"metric"`
		Score   *float64 `json:"score"`
		Message string   `json:"message"`
	}
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &d) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.Metric != "" {
		f.status.metric = d.Metric
	}
	switch e.Kind {
	case scheduler.EventPhase:
		f.status.phase = d.Phase
	case scheduler.EventTrial:
		f.status.trials++
	case scheduler.EventBest:
		f.status.best = d.Score
	case scheduler.EventLog:
		f.bar.say(d.Message)
	}
	f.bar.update(f.status)
}
