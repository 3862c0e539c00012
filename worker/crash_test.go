package worker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// childEnv makes the test binary a worker process for the server at its value.
const childEnv = "AUTOML_WORKER_CHILD_URL"

func child(url string) {
	ctx := context.Background()
	b, err := bus.Connect(ctx, bus.Config{URL: url})
	if err == nil {
		fmt.Println("ready")
		err = Run(ctx, Config{Bus: b, Cache: featurize.NewCache(1 << 20), Threads: 1, Name: fmt.Sprint("child-", os.Getpid())})
	}
	fmt.Println(err)
	os.Exit(1)
}

func (s *site) startChild() *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+s.srv.URL())
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "ready" {
		s.t.Fatalf("child: %q", lines.Text())
	}
	return cmd
}

// running waits until a worker of that process has a trial.
func (s *site) running(cmd *exec.Cmd) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(testContext(s.t))
	defer cancel()
	changes, err := s.bus.Trials().Watch(ctx, "j")
	if err != nil {
		s.t.Fatal(err)
	}
	for r := range changes {
		if r.State == trials.Running && r.Worker == fmt.Sprint("child-", cmd.Process.Pid) {
			return
		}
	}
	s.t.Fatal("the child takes no trial")
}

// One worker process is killed in a trial, another is stopped until its trials
// have gone to others and then goes on: each trial ends exactly once.
func TestKilledAndStoppedWorkers(t *testing.T) {
	t.Parallel()
	s := newSite(t, bus.Config{AckWait: 600 * time.Millisecond}, "127.0.0.1:0")
	const n = 12
	for i := range n {
		spec := s.spec(i, "odd", "work")
		spec.Params = search.Params{"mode": "work", "ms": 100.0}
		s.submit(spec)
	}
	killed, stopped := s.startChild(), s.startChild()
	s.running(stopped)
	if err := stopped.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.running(killed)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	stop := s.start(s.config())
	ended := s.final(n)
	stop()
	if err := stopped.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// It comes back with a result for a trial that is over, drops it, and works on.
	s.submit(s.spec(n, "odd", ""))
	if last := s.final(n + 1)[n]; last.State != trials.Succeeded {
		t.Errorf("got %+v", last)
	}
	s.empty()
	retried := 0
	for i, r := range ended {
		if now := s.get(i); now.Revision != r.Revision || now.State != trials.Succeeded {
			t.Errorf("trial %d: %+v, then %+v", i, r, now)
		}
		if r.Attempt > 1 {
			retried++
		}
	}
	if retried == 0 {
		t.Error("no trial was taken over")
	}
}
