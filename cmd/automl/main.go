package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	start := time.Now()
	ctx, stop := notifyInterrupts(context.Background(), os.Stderr)
	p := &process{start: start, stdout: os.Stdout, stderr: os.Stderr}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// process is what a command knows of the process it runs in.
type process struct {
	start          time.Time // a time budget runs from here
	stdout, stderr io.Writer
}

// run runs one command line, without the program's name, and returns the exit
// code.
func (p *process) run(ctx context.Context, args []string) int {
	app := newApp(p)
	ordered, err := reorder(args, rootCommand(app))
	if err == nil {
		err = app.RunContext(ctx, append([]string{app.Name}, ordered...))
	}
	if err != nil {
		fmt.Fprintln(p.stderr, message(err))
	}
	return exitCode(err)
}

// notifyInterrupts returns a context that ends with the first interrupt; the
// second one ends the process. stop releases the goroutine that waits for them.
func notifyInterrupts(parent context.Context, stderr io.Writer) (ctx context.Context, stop func()) {
	newLine := ""
	if isTerminal(stderr) { // which has echoed ^C
		newLine = "\n"
	}
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
		case <-done:
			return
		}
		fmt.Fprintln(stderr, newLine+"automl: ending in order; interrupt again to quit at once")
		cancel()
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
