// Package scheduler runs jobs: it plans a job, dispatches its trials over the
// bus, follows their records, ends in time and weights the ensemble.
package scheduler
