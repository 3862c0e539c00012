package main

import (
	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl"
)

const appHelp = `automl {{.Version}}: a table in, the best model within the time budget out

{{range .VisibleCommands}}{{if .Subcommands}}{{range .VisibleCommands}}  {{.UsageText}}
      {{.Usage}}
{{end}}{{else}}  {{.UsageText}}
      {{.Usage}}
{{end}}{{end}}
Flags of all commands: --json, --quiet, --verbose, --log-file FILE; "automl help COMMAND" lists the others.
Flags may stand before or after arguments; DATA is CSV (also gzipped) or Parquet, "-" is standard input.
Exit codes: 0 done, 1 something failed, 2 what was given is wrong, 130 interrupted.
`

const commandHelp = `{{.UsageText}}
  {{.Usage}}
{{if .Description}}
{{.Description}}
{{end}}{{if .Subcommands}}
{{range .VisibleCommands}}  {{.UsageText}}
      {{.Usage}}
{{end}}{{end}}{{if .VisibleFlags}}
Flags:
{{range .VisibleFlags}}  {{.}}
{{end}}{{end}}`

// newApp makes the command tree.
func newApp(p *process) *cli.App {
	app := &cli.App{
		Name:                      "automl",
		Usage:                     "a table in, the best model within the time budget out",
		Version:                   automl.Version,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		CustomAppHelpTemplate:     appHelp,
		OnUsageError:              usageError,
		ExitErrHandler:            func(*cli.Context, error) {},
		Commands: []*cli.Command{
			fitCommand(p), refitCommand(p), planCommand(p), predictCommand(p), evaluateCommand(p), explainCommand(p), leaderboardCommand(p), reportCommand(p),
			importCommand(p), exportCommand(p), serveCommand(p), workerCommand(p), jobsCommand(p), versionCommand(p),
		},
	}
	for _, c := range app.Commands {
		finish(c)
	}
	return app
}

// finish gives a command and its subcommands what all of them have.
func finish(c *cli.Command) {
	c.HideHelpCommand = true
	c.CustomHelpTemplate = commandHelp
	c.OnUsageError = usageError
	if len(c.Subcommands) == 0 {
		c.Flags = append(c.Flags, commonFlags()...)
	}
	for _, sub := range c.Subcommands {
		finish(sub)
	}
}

// rootCommand is the tree as reorder reads it.
func rootCommand(app *cli.App) *cli.Command {
	return &cli.Command{Name: app.Name, Subcommands: app.Commands, Flags: app.Flags}
}

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print one JSON document instead of tables"},
		&cli.BoolFlag{Name: "quiet", DisableDefaultText: true, Aliases: []string{"q"}, Usage: "no progress, no hints; only results, warnings and errors"},
		&cli.BoolFlag{Name: "verbose", DisableDefaultText: true, Usage: "log details to standard error"},
		&cli.StringFlag{Name: "log-file", Usage: "log details to `FILE` (JSON if it ends in .json or .jsonl)"},
	}
}

// arguments returns the arguments of a command, of which there must be as many
// as names.
func arguments(c *cli.Context, names ...string) ([]string, error) {
	args := c.Args().Slice()
	if len(args) < len(names) {
		return nil, userf("%s is missing: usage: %s", names[len(args)], c.Command.UsageText)
	}
	if len(args) > len(names) {
		return nil, userf("unexpected argument %q: usage: %s", args[len(names)], c.Command.UsageText)
	}
	return args, nil
}
