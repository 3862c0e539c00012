package scheduler

import (
	"context"

	"github.com/seed-09a2cce4/automl/trials"
)

// Service takes queued jobs from the bus and runs them.
type Service struct{ cfg Config }

// NewService makes a service; Start starts it.
func NewService(c Config) *Service { return &Service{cfg: c} }

// Start begins to take jobs.
func (s *Service) Start(ctx context.Context) error { return nil }

// Stop ends the service.
func (s *Service) Stop(ctx context.Context) {}

// Submit stores a new job as queued.
func (s *Service) Submit(ctx context.Context, job *trials.Job) error { return nil }

// Cancel asks the job's owner to end it with the best model so far.
func (s *Service) Cancel(ctx context.Context, id string) error { return nil }
