package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   float64
		want string
	}{
		{0, "0"}, {1, "1"}, {-3, "-3"}, {300, "300"}, {0.5, "0.50000"}, {0.123456789, "0.12346"}, {-0.0123456, "-0.012346"},
		{12.3456789, "12.346"}, {123456.7, "123457"}, {1234567.8, "1234568"}, {1.23456789e9, "1.2346e+09"},
		{1e-7, "1.0000e-07"}, {math.NaN(), "-"}, {math.Inf(1), "-"}, {2e9, "2.0000e+09"},
	}
	for _, test := range tests {
		if got := number(test.in); got != test.want {
			t.Errorf("number(%v) = %s, want %s", test.in, got, test.want)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]string{0: "-", 2e-6: "0.0ms", 0.0012: "1.2ms", 0.25: "0.25s", 61.234: "61.23s", -1: "-"} {
		if got := seconds(in); got != want {
			t.Errorf("seconds(%v) = %s, want %s", in, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := table(&out, []string{"a", "long name"}, [][]string{{"1", "x\ty\nz"}, {"22222", ""}}); err != nil {
		t.Fatal(err)
	}
	want := "a      long name\n1      x y z\n22222  \n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	got := parameters(map[string]any{"leaves": 31.0, "rate": 0.05, "booster": "dart"})
	if want := "booster=dart leaves=31 rate=0.05"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{nil, exitOK},
		{errors.New("it broke"), exitFailed},
		{userf("--time 0s"), exitUser},
		{fmt.Errorf("while: %w", &automl.UserError{Err: errors.New("x")}), exitUser},
		{fmt.Errorf("open: %w", os.ErrNotExist), exitUser},
		{&os.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}, exitUser},
		{errInterrupted, exitInterrupted},
		{fmt.Errorf("x: %w", context.Canceled), exitInterrupted},
	}
	for _, test := range tests {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%v: %d, want %d", test.err, got, test.want)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"x": "automl: x", "automl: x": "automl: x", "a\nb\r\n": "automl: a; b"} {
		if got := message(errors.New(in)); got != want {
			t.Errorf("message(%q) = %q", in, got)
		}
	}
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	best := 0.81234567
	tests := []struct {
		status        status
		elapsed, time time.Duration
		total         int
		want          string
	}{
		{status{}, 0, time.Minute, 0, "0 trials, 1m0s left"},
		{status{phase: "search", trials: 1}, 20 * time.Second, time.Minute, 0, "search, 1 trial, 40s left"},
		{status{phase: "search", trials: 12, best: &best, metric: "roc_auc"}, 70 * time.Second, time.Minute, 0, "search, 12 trials, best roc_auc 0.81235, 0s left"},
		{status{trials: 2, best: &best}, 3 * time.Second, 0, 10, "2 of 10 trials, best 0.81235, 3s"},
	}
	for _, test := range tests {
		if got := test.status.text(test.elapsed, test.time, test.total); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	start := time.Now()
	p := newProgress(&console{err: &out}, start, time.Minute, 0)
	watch := newFollower(p)
	for _, e := range []automl.Event{
		{Kind: "phase", Data: []byte(`{"phase":"search"}`)},
		{Kind: "trial", Data: []byte(`{"state":"succeeded","metric":"mae","score":2.5}`)},
		{Kind: "best", Data: []byte(`{"score":2.5,"metric":"mae"}`)}, // the first: a line
		{Kind: "log", Data: []byte(`no JSON`)},
		{Kind: "log", Data: []byte(`{"message":"one\ntwo"}`)},
		{Kind: "best", Data: []byte(`{"score":2.25}`)},
		{Kind: "unheard of"},
	} {
		watch.event(e)
	}
	p.close()
	p.show(start.Add(10 * time.Second))
	p.show(start.Add(10 * time.Second)) // nothing new, no line
	first, rest, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(first, "automl: search, 1 trial, best mae 2.5000, ") {
		t.Errorf("first line %q", first)
	}
	if want := "automl: one two\nautoml: search, 1 trial, best mae 2.2500, 50s left\n"; rest != want {
		t.Errorf("got %q, want %q", rest, want)
	}
	if quiet := newProgress(&console{err: &out, quiet: true}, start, 0, 0); quiet != nil {
		t.Error("progress in spite of --quiet")
	}
}

func TestProgressBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	start := time.Now()
	p := &progress{w: &out, start: start, budget: time.Minute, bar: newBar(&out, time.Minute, 0)}
	p.update(status{phase: "search", trials: 3})
	p.show(start.Add(30 * time.Second))
	p.show(start.Add(90 * time.Second))
	if !strings.Contains(out.String(), "search, 3 trials, 30s left") || !strings.Contains(out.String(), "50%") {
		t.Errorf("got %q", out.String())
	}
	if p.bar.IsFinished() {
		t.Error("the bar ended before the job")
	}
}

func TestModelName(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"-": "model.automl", "a.csv": "a.automl", "dir/b.CSV.gz": "b.automl", "c.parquet": "c.automl",
		"d": "d.automl", ".csv": ".csv.automl", "e.v2.tsv": "e.v2.automl",
	}
	for in, want := range tests {
		if got := modelName(in); got != want {
			t.Errorf("modelName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQuoteArg(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a.automl": "a.automl", "a b": "'a b'", "it's": `'it'\''s'`, "-x": "./-x"} {
		if got := quoteArg(in); got != want {
			t.Errorf("quoteArg(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestWriteAtomic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	if err := writeAtomic(path, func(w io.Writer) error { _, err := io.WriteString(w, "old"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := writeAtomic(path, func(w io.Writer) error { io.WriteString(w, "new"); return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "old" {
		t.Errorf("the file holds %q", content)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
	missing := filepath.Join(dir, "absent", "out.csv")
	if err := checkWritable(missing); exitCode(err) != exitUser {
		t.Errorf("checkWritable: %v", err)
	}
	if err := writeAtomic(missing, func(io.Writer) error { return nil }); exitCode(err) != exitUser {
		t.Errorf("writeAtomic: %v", err)
	}
	if err := checkWritable(dir); exitCode(err) != exitUser {
		t.Errorf("a directory: %v", err)
	}
}

func TestReadToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	for content, want := range map[string]string{"secret\n": "secret", "": "", "a\nb\n": ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readToken(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", content, got, err)
		}
	}
}
