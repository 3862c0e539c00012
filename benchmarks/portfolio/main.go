package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "portfolio:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: portfolio record FILE [flags] | portfolio racing FILE [flags] | portfolio choose FILE [flags]")

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) < 2 {
		return errUsage
	}
	switch args[0] {
	case "record":
		return recordAll(ctx, args[1], args[2:])
	case "racing":
		return racing(args[1], args[2:], out)
	case "choose":
		return choose(args[1], args[2:], out)
	}
	return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
}
