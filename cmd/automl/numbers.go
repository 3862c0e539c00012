package main

import (
	"strconv"

	"github.com/urfave/cli/v2"
)

// countFlag reads a whole number of at least low, def if the flag is absent.
func countFlag(c *cli.Context, name string, low, def int) (int, error) {
	if !c.IsSet(name) {
		return def, nil
	}
	n, err := strconv.Atoi(c.String(name))
	if err != nil {
		return 0, userf("--%s %q: not a whole number", name, c.String(name))
	}
	if n < low {
		return 0, userf("--%s %d: must be at least %d", name, n, low)
	}
	return n, nil
}

// seedFlag reads --seed, which may be negative for those used to it.
func seedFlag(c *cli.Context) (uint64, error) {
	s := c.String("seed")
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return n, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return uint64(n), nil
	}
	return 0, userf("--seed %q: not a whole number of 64 bits", s)
}
