package server

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// continued are the configurations that a job begins with since it continues another.
func (s *Server) continued(ctx context.Context, r *automl.JobRequest, d automl.Dataset) ([]trials.Config, error) {
	if r.Continue == "" {
		return nil, nil
	}
	j, err := s.jobWithModel(ctx, r.Continue)
	if err != nil {
		return nil, err
	}
	m, err := s.models.get(ctx, j.Model)
	if err != nil {
		return nil, err
	}
	columns := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		columns[i] = c.Name
	}
	if err := m.SameTable(r.Target, columns); err != nil {
		return nil, invalid([]*huma.ErrorDetail{{
			Location: "body.continue", Value: r.Continue, Message: fmt.Sprintf("job %s cannot be continued: %v", r.Continue, err),
		}})
	}
	return m.Best(automl.ContinueConfigs), nil
}
