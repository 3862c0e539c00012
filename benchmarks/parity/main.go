package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: parity prepare DIR [flags] | parity fit DIR/NAME [flags]")

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	switch args[0] {
	case "prepare":
		return prepare(args[1], args[2:])
	case "fit":
		return fit(ctx, args[1], args[2:])
	}
	return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
}
