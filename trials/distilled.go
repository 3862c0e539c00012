package trials

// NoTrial is the number of the trial of a model that none has made.
const NoTrial = -1

// Distilled tells of the one model that was to be made of an ensemble.
type Distilled struct {
	// Learner of the model, "" where the ensemble stayed, for the reason that Why says.
	Learner string `json:"learner,omitempty"`
	Why     string `json:"why,omitempty"`
	// Score is the model's, in the metric's own direction, on rows that models made in
	// the same way had not seen; Ensemble is that of the ensemble on the same rows.
	// StdErr and EnsembleErr are their standard errors, 0 if they are not known.
	Score       float64 `json:"score,omitempty"`
	StdErr      float64 `json:"std_err,omitempty"`
	Ensemble    float64 `json:"ensemble"`
	EnsembleErr float64 `json:"ensemble_std_err,omitempty"`
	// Members is the number of models that the ensemble predicts with.
	Members int `json:"members"`
	// RowSeconds is what the model takes for a row on one core, EnsembleSeconds what the
	// ensemble takes; 0 if it is not known.
	RowSeconds      float64 `json:"row_seconds,omitempty"`
	EnsembleSeconds float64 `json:"ensemble_row_seconds,omitempty"`
}
