package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seed-09a2cce4/automl/search"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: simulator regret [flags] | simulator workers [flags] | simulator spaces | simulator serve PROBLEM")

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "regret":
		return regret(args[1:], out)
	case "workers":
		return workers(args[1:], out)
	case "spaces":
		return spaces(out)
	case "serve":
		if len(args) == 2 {
			return serve(args[1], in, out)
		}
	}
	return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
}

// spaces prints the problems' spaces, a JSON line each.
func spaces(out io.Writer) error {
	for _, p := range problems() {
		line := struct {
			Name  string       `json:"name"`
			Space search.Space `json:"space"`
		}{p.name, p.space}
		if err := json.NewEncoder(out).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// serve answers questions about a problem, a line each.
func serve(name string, in io.Reader, out io.Writer) error {
	p, err := lookup(name)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		var q struct {
			Seed   uint64        `json:"seed"`
			Number int           `json:"number"`
			Params search.Params `json:"params"`
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := p.space.Contains(q.Params); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		fmt.Fprintf(out, "[%g,%g]\n", p.observed(q.Params, q.Seed, q.Number), p.loss(q.Params)-p.least)
	}
	return lines.Err()
}
