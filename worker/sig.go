package worker

import (
	"context"
	"log/slog"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
)

type Config struct {
	Bus         *bus.Bus
	Cache       *featurize.Cache
	Threads     int
	MemoryLimit *Memory
	Logger      *slog.Logger
	Name        string
}

func Run(ctx context.Context, c Config) error { return nil }

type Memory struct{}

// NewMemory: limit in bytes, 0 for what cgroup or machine leave.
func NewMemory(limit int64) *Memory { return &Memory{} }
func (m *Memory) Limit() int64      { return 0 }
