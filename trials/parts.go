package trials

import (
	"fmt"
	"slices"
	"strings"
)

// Parts of the search that a job can do without (JobOptions.Without), to measure what
// they are worth or to have a plainer one.
const (
	// PartPortfolio are the configurations that learners begin with: their defaults alone
	// are left.
	PartPortfolio = "portfolio"
	// PartFidelity are cheaper trials: heats (see package scheduler), and giving up after
	// the first folds.
	PartFidelity = "fidelity"
	// PartModel are samplers that learn from trials: random ones are left.
	PartModel = "model"
	// PartStacking is the second layer of the ensemble: a weighted mean is left.
	PartStacking = "stacking"
	// PartEarlyEnd is the end of a job with a clock before its time when nothing more is
	// to be gained: without it, all of the time is used.
	PartEarlyEnd = "early-end"
)

// Parts lists all that Without knows.
func Parts() []string {
	return []string{PartPortfolio, PartFidelity, PartModel, PartStacking, PartEarlyEnd}
}

// Has reports whether the job has a part.
func (o *JobOptions) Has(part string) bool { return !slices.Contains(o.Without, part) }

func (o *JobOptions) checkParts() (field string, err error) {
	for _, name := range o.Without {
		if !slices.Contains(Parts(), name) {
			return "without", fmt.Errorf("without %q: the parts of a search are %s", name, strings.Join(Parts(), ", "))
		}
	}
	return "", nil
}
