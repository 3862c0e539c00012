package server

import (
	"context"
	"errors"
)

// Server is one service. Make it with New and use Run once.
type Server struct {
	cfg   Config
	ready chan struct{}
	url   string
}

// New checks the configuration; it opens nothing.
func New(cfg Config) (*Server, error) {
	return &Server{cfg: cfg, ready: make(chan struct{})}, nil
}

// Run serves until ctx ends, then drains and returns nil.
func (s *Server) Run(ctx context.Context) error { return errors.New("not implemented") }

// Ready is closed once the service answers requests.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// URL is the base address for clients, known once Ready is closed.
func (s *Server) URL() string { return s.url }

// NATSURL is the address for workers of other processes, known once Ready is
// closed, "" if they cannot join.
func (s *Server) NATSURL() string { return "" }
