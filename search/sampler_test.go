package search_test

import (
	"testing"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/search/searchtest"
)

func TestSamplers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sampler search.Sampler
		blind   bool
	}{
		"random":       {search.Random(), true},
		"quasi-random": {search.QuasiRandom(), true},
		"tpe":          {search.TPE(), false},
		"local":        {search.Local(), false},
		"gp":           {search.GP(), false},
		"mixed":        {search.Mixed(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			searchtest.Run(t, c.sampler, searchtest.Options{Blind: c.blind})
		})
	}
}
