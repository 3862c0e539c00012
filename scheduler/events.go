package scheduler

import (
	"time"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// Kinds of the events that a job publishes, and the form of their Data.
// Scores are as the metric defines them; workers add events of their own.
const (
	EventPhase    = "phase"    // PhaseData
	EventPlanned  = "planned"  // PlannedData
	EventTrial    = "trial"    // TrialData: a trial is in a final state
	EventBest     = "best"     // BestData: a better model than before
	EventLog      = "log"      // LogData
	EventFinished = "finished" // FinishedData, the last one
)

// PhaseData says what the job does now.
type PhaseData struct {
	Phase string `json:"phase"` // profile, search, ensemble
	// Deadline is when the search ends; zero without a time limit.
	Deadline time.Time `json:"deadline,omitzero"`
}

// PlannedData says how the job understood its task.
type PlannedData struct {
	Task     metrics.Task `json:"task"`
	Why      string       `json:"why"` // the reason for the task, in words
	Metric   string       `json:"metric"`
	Greater  bool         `json:"greater"` // a greater score is better
	Classes  []string     `json:"classes,omitempty"`
	Rows     int          `json:"rows"`
	Features int          `json:"features"`
	Split    trials.Split `json:"split"`
	Learners []string     `json:"learners"`
	Warnings []string     `json:"warnings,omitempty"`
}

// TrialData is a trial that ended.
type TrialData struct {
	Trial      int           `json:"trial"`
	Learner    string        `json:"learner"`
	State      trials.State  `json:"state"`
	Metric     string        `json:"metric"`
	Score      *float64      `json:"score,omitempty"`
	FitSeconds float64       `json:"fit_seconds,omitempty"`
	Params     search.Params `json:"params,omitempty"`
	Reason     string        `json:"reason,omitempty"`
}

// BestData is the best model so far: a trial, or the ensemble (Trial -1).
type BestData struct {
	Trial   int     `json:"trial"`
	Learner string  `json:"learner,omitempty"`
	Metric  string  `json:"metric"`
	Score   float64 `json:"score"`
}

// LogData is a sentence for the user.
type LogData struct {
	Message string `json:"message"`
}

// FinishedData is the end of a job.
type FinishedData struct {
	Ended  string   `json:"ended"` // in words
	Metric string   `json:"metric"`
	Score  *float64 `json:"score,omitempty"` // of the ensemble
	Trials int      `json:"trials"`          // in a final state
	Error  string   `json:"error,omitempty"`
}
