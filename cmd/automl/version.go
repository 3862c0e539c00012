package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

func versionCommand(*process) *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the version",
		UsageText: "automl version",
		Action: func(c *cli.Context) error {
			if _, err := arguments(c); err != nil {
				return err
			}
			con, err := newConsole(c, silent)
			if err != nil {
				return err
			}
			defer con.close()
			if con.json {
				return con.document(map[string]string{
					"version": automl.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err = fmt.Fprintf(con.out, "automl %s %s %s/%s\n", automl.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
