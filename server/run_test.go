package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/bus"
)

// run starts a service; the returned function ends it and gives Run's error.
func run(t *testing.T, cfg Config) (*Server, func() error) {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var result error
	go func() { defer close(done); result = s.Run(ctx) }()
	end := func() error { cancel(); <-done; return result }
	t.Cleanup(func() { end() })
	select {
	case <-s.Ready():
	case <-done:
		t.Fatalf("service ended: %v", result)
	}
	return s, end
}

func status(t *testing.T, url string) int {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestRunAndDrain(t *testing.T) {
	t.Parallel()
	s, end := run(t, Config{Workers: automl.NoWorkers, Logger: testLog(t)})
	if got := status(t, s.URL()+"/healthz"); got != 200 {
		t.Errorf("healthz: status %d", got)
	}
	if got := status(t, s.URL()+"/readyz"); got != 200 {
		t.Errorf("readyz: status %d", got)
	}
	if s.NATSURL() != "" {
		t.Errorf("NATS at %s, but nobody asked for it", s.NATSURL())
	}
	if err := end(); err != nil {
		t.Errorf("error %v", err)
	}
	if _, err := http.Get(s.URL() + "/healthz"); err == nil {
		t.Error("the service still answers")
	}
}

func TestRunKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	cfg := Config{Dir: dir, Workers: automl.NoWorkers, Logger: testLog(t)}
	s, end := run(t, cfg)
	c := automl.NewClient(s.URL(), automl.ClientOptions{})
	t.Cleanup(c.Close)
	d, err := c.Upload(t.Context(), "people", strings.NewReader(people(60)), "text/csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "uploads", "half"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("in use", func(t *testing.T) {
		second, err := New(Config{Dir: dir, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Run(t.Context()); !errors.Is(err, bus.ErrDirInUse) || !automl.IsUserError(err) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v", err)
		}
	})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	again, end := run(t, cfg)
	c2 := automl.NewClient(again.URL(), automl.ClientOptions{})
	t.Cleanup(c2.Close)
	got, err := c2.Dataset(t.Context(), d.ID)
	if err != nil || got.Rows != 60 {
		t.Errorf("%+v, error %v", got, err)
	}
	if _, err := again.bus.GetBlob(t.Context(), d.ID); err != nil {
		t.Errorf("the table: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "uploads", "half")); !os.IsNotExist(err) {
		t.Errorf("a half upload is left, error %v", err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	busy, end := run(t, Config{Workers: automl.NoWorkers})
	file := writeTemp(t, "file", "x")
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"address in use", Config{Listen: strings.TrimPrefix(busy.URL(), "http://")}, "listen"},
		{"no NATS server", Config{NATSURL: "nats://127.0.0.1:1"}, "nats://127.0.0.1:1"},
		{"data directory is a file", Config{Dir: file}, file},
	}
	for _, tt := range tests {
		tt.cfg.Workers = automl.NoWorkers
		if tt.cfg.Listen == "" {
			tt.cfg.Listen = "127.0.0.1:0"
		}
		s, err := New(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) || !automl.IsUserError(err) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// Workers elsewhere join with the token only.
func TestRunLetsWorkersJoin(t *testing.T) {
	t.Parallel()
	s, _ := run(t, Config{NATSListen: "127.0.0.1:0", Token: "s3cret", Workers: automl.NoWorkers, Logger: testLog(t)})
	if s.NATSURL() == "" {
		t.Fatal("no NATS address")
	}
	if b, err := bus.Connect(t.Context(), bus.Config{URL: s.NATSURL(), Token: "wrong"}); !errors.Is(err, bus.ErrDenied) {
		if err == nil {
			b.Close()
		}
		t.Errorf("error %v", err)
	}
	b, err := bus.Connect(t.Context(), bus.Config{URL: s.NATSURL(), Token: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}
