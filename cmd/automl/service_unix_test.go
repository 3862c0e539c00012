//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// automlCommand is the program as its own process, in dir.
func automlCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "automl", args...)
	cmd.Dir = dir
	return cmd
}

// mustRun runs the program to its good end and returns its standard output.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := automlCommand(t, dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("automl %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// running is a program that goes on until it is told to end.
type running struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *bufio.Reader
	drain  chan struct{}
	rest   bytes.Buffer // of standard error
}

func startProgram(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := &running{cmd: automlCommand(t, dir, args...), drain: make(chan struct{})}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout, r.stderr = bufio.NewReader(stdout), bufio.NewReader(stderr)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() })
	return r
}

// swallow reads standard error to its end, so that the program never waits for
// somebody to read it.
func (r *running) swallow() {
	go func() {
		defer close(r.drain)
		io.Copy(&r.rest, r.stderr)
	}()
}

// end sends a signal and returns the exit code; swallow has been called.
func (r *running) end(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r.stdout)
	<-r.drain
	err := r.cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return 0
}

// serve starts a service and waits until it answers.
func serve(t *testing.T, args ...string) (*running, serveReport) {
	t.Helper()
	r := startProgram(t, t.TempDir(), append([]string{"serve", "--listen", "127.0.0.1:0", "--json"}, args...)...)
	r.swallow()
	line, err := r.stdout.ReadString('\n')
	if err != nil {
		r.cmd.Process.Kill()
		<-r.drain
		t.Fatalf("the service said nothing: %v\n%s", err, r.rest.String())
	}
	var report serveReport
	if err := json.Unmarshal([]byte(line), &report); err != nil {
		t.Fatal(err)
	}
	return r, report
}

func tables(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := writeTables(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServeAndJobs(t *testing.T) {
	t.Parallel()
	in, dir, store := tables(t), t.TempDir(), t.TempDir()
	service, at := serve(t, "--data", store)

	// The data directory is in use.
	second := automlCommand(t, dir, "serve", "--listen", "127.0.0.1:0", "--data", store)
	if out, err := second.CombinedOutput(); second.ProcessState.ExitCode() != exitUser || !strings.Contains(string(out), store) {
		t.Errorf("a second service on the same directory: %v\n%s", err, out)
	}

	submit := mustRun(t, dir, "jobs", "submit", filepath.Join(in, "churn.csv"), "--server", at.URL,
		"--target", "churn", "--trials", "2", "--folds", "2", "--name", "first", "--out", "m.automl", "--json")
	var job struct {
		ID, State, Dataset string
		Trials             int
	}
	if err := json.Unmarshal([]byte(submit), &job); err != nil || job.State != "succeeded" || job.Trials != 2 {
		t.Fatalf("%v: %s", err, submit)
	}
	if answers := mustRun(t, dir, "predict", "m.automl", filepath.Join(in, "new.csv")); strings.Count(answers, "\n") != 41 {
		t.Errorf("predictions of the downloaded model: %s", answers)
	}

	if show := mustRun(t, dir, "jobs", "show", job.ID, "--server", at.URL); !strings.Contains(show, "succeeded") {
		t.Error(show)
	}
	watch := mustRun(t, dir, "jobs", "watch", job.ID, "--server", at.URL, "--json")
	for line := range strings.Lines(watch) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(watch, `"kind":"finished"`) {
		t.Error(watch)
	}

	mustRun(t, dir, "jobs", "report", job.ID, "--server", at.URL, "--out", "page.html")
	if page, err := os.ReadFile(filepath.Join(dir, "page.html")); err != nil || !strings.HasPrefix(string(page), "<!doctype html>") {
		t.Errorf("report: %s, error %v", page, err)
	}
	mustRun(t, dir, "jobs", "submit", "--dataset", job.Dataset, "--server", at.URL, "--target", "churn", "--continue", job.ID, "--preset", "fast",
		"--trials", "1", "--exit-score", "0.99", "--out", "more.automl", "--quiet")
	if board := mustRun(t, dir, "leaderboard", "more.automl"); strings.Contains(board, "baseline") {
		t.Errorf("a job that continues another begins with the baseline: %s", board)
	}

	// A job that would go on for long is cancelled.
	long := mustRun(t, dir, "jobs", "submit", "--dataset", job.Dataset, "--server", at.URL, "--target", "churn", "--time", "10m", "--json")
	if err := json.Unmarshal([]byte(long), &job); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "jobs", "cancel", job.ID, "--server", at.URL)
	mustRun(t, dir, "jobs", "watch", job.ID, "--server", at.URL, "--quiet")
	list := mustRun(t, dir, "jobs", "list", "--server", at.URL)
	if strings.Count(list, "\n") != 4 || !strings.Contains(list, "cancelled") || !strings.Contains(list, "first") {
		t.Error(list)
	}

	// What the service refuses is the user's.
	bad := automlCommand(t, dir, "jobs", "show", "nosuchjob", "--server", at.URL)
	if out, _ := bad.CombinedOutput(); bad.ProcessState.ExitCode() != exitUser || !strings.Contains(string(out), "nosuchjob") {
		t.Errorf("an unknown job: exit code %d: %s", bad.ProcessState.ExitCode(), out)
	}
	if code := service.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, service.rest.String())
	}
}

func TestWorkerElsewhere(t *testing.T) {
	t.Parallel()
	in, dir := tables(t), t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	service, at := serve(t, "--workers", "0", "--nats-listen", "127.0.0.1:0", "--token-file", token)
	helper := startProgram(t, dir, "worker", "--nats", at.NATS, "--token-file", token, "--workers", "1")
	helper.swallow()
	job := mustRun(t, dir, "jobs", "submit", filepath.Join(in, "prices.csv"), "--server", at.URL, "--token", "secret",
		"--target", "price", "--trials", "2", "--folds", "2", "--wait", "--quiet")
	if !strings.Contains(job, "succeeded") {
		t.Error(job)
	}
	stranger := automlCommand(t, dir, "jobs", "list", "--server", at.URL, "--token", "guess")
	if out, _ := stranger.CombinedOutput(); stranger.ProcessState.ExitCode() != exitUser {
		t.Errorf("a wrong token: exit code %d: %s", stranger.ProcessState.ExitCode(), out)
	}
	if code := helper.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("worker: exit code %d\n%s", code, helper.rest.String())
	}
	if code := service.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("service: exit code %d\n%s", code, service.rest.String())
	}
}

// TestInterrupt: Ctrl-C ends a fit with the best model so far.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	in, dir := tables(t), t.TempDir()
	fit := startProgram(t, dir, "fit", filepath.Join(in, "churn.csv"), "--target", "churn", "--time", "10m", "--json")
	for line := ""; !strings.Contains(line, "best "); {
		var err error
		if line, err = fit.stderr.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	fit.swallow()
	if code := fit.end(t, os.Interrupt); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, fit.rest.String())
	}
	if !strings.Contains(fit.rest.String(), "interrupt again to quit at once") {
		t.Errorf("standard error: %s", fit.rest.String())
	}
	if answers := mustRun(t, dir, "predict", "churn.automl", filepath.Join(in, "new.csv")); strings.Count(answers, "\n") != 41 {
		t.Errorf("predictions: %s", answers)
	}
}

// TestInterruptedReading: an interrupt ends a command also while it waits for
// its data, and nothing is written.
func TestInterruptedReading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.csv")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	p := &process{stdout: &stdout, stderr: &stderr}
	code := p.run(ctx, []string{"fit", fifo, "--target", "y", "--out", filepath.Join(dir, "m.automl"), "--quiet"})
	if code != exitInterrupted || stdout.Len() > 0 || stderr.String() != "automl: interrupted\n" {
		t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
	// Let the reader go.
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}
