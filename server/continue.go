package server

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// continued lets a job begin with what was best in the one that it continues.
func (s *Server) continued(ctx context.Context, r *automl.JobRequest, d automl.Dataset, o *trials.JobOptions) error {
	if r.Continue == "" {
		return nil
	}
	j, err := s.jobWithModel(ctx, r.Continue)
	if err != nil {
		return err
	}
	m, err := s.models.get(ctx, j.Model)
	if err != nil {
		return err
	}
	columns := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		columns[i] = c.Name
	}
	if err := m.SameTable(r.Target, columns); err != nil {
		return invalid([]*huma.ErrorDetail{{
			Location: "body.continue", Value: r.Continue, Message: fmt.Sprintf("job %s cannot be continued: %v", r.Continue, err),
		}})
	}
	o.First, o.Past = m.Best(automl.ContinueConfigs), m.Past(automl.ContinueTrials)
	return nil
}
