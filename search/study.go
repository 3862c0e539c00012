package search

// Arm is one learner a study may suggest.
type Arm struct {
	Learner string
	Space   Space
	// Portfolio are good starting points, best first. Empty means the defaults of Space.
	Portfolio []Params
	// Weight is the arm's share of the starting order and of the samples after
	// it, relative to the other arms; 0 means 1.
	Weight float64
	// Once takes the arm out after its portfolio: nothing is sampled from Space.
	Once bool
}

// Config is all that a study depends on.
type Config struct {
	Arms []Arm
	Seed uint64
}

// Suggestion is one configuration to try.
type Suggestion struct {
	Learner string
	Params  Params
	// Key is the canonical form of Learner and Params: equal keys, equal configurations.
	Key string
	// Origin says where it came from: "portfolio", "random" or "near <number>",
	// the number of the observation it is close to.
	Origin string
}

// Observation is an earlier suggestion and what became of it.
type Observation struct {
	Suggestion
	Number int
	// Loss is lower for better; NaN if there is none (it runs, it failed, it was passed over).
	Loss float64
}

// Study answers what to try next. It is immutable and safe for concurrent use.
type Study struct {
	cfg   Config
	start []Suggestion
}
