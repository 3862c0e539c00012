package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // registers the learners
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "learners:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: learners names | prepare DIR | serve DIR | gen FILE | ingest FILE, and flags")

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "names" {
		for _, name := range algos.Names() {
			fmt.Println(name)
		}
		return nil
	}
	if len(args) < 2 {
		return errUsage
	}
	switch args[0] {
	case "prepare":
		return prepare(args[1], args[2:])
	case "serve":
		return serve(ctx, args[1], os.Stdin, os.Stdout)
	case "gen":
		return gen(args[1], args[2:])
	case "ingest":
		return ingest(args[1], args[2:])
	}
	return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
}
