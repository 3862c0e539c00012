package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
)

// console is where a command prints.
type console struct {
	out, err io.Writer
	json     bool
	quiet    bool
	verbose  bool
	log      *slog.Logger
	logFile  *os.File // nil without --log-file
}

// newConsole reads the common flags. level is what is logged to standard error
// without --verbose; services log there, other commands pass silent.
func newConsole(c *cli.Context, level slog.Level) (*console, error) {
	con := &console{
		out: c.App.Writer, err: c.App.ErrWriter,
		json: c.Bool("json"), quiet: c.Bool("quiet"), verbose: c.Bool("verbose"),
	}
	if con.verbose && con.quiet {
		return nil, userf("--verbose and --quiet exclude each other: give one of them")
	}
	switch {
	case con.verbose:
		level = slog.LevelDebug
	case con.quiet:
		level = max(level, slog.LevelWarn)
	}
	var handler slog.Handler = slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: level})
	if name := c.String("log-file"); name != "" {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, userf("--log-file: %w", err)
		}
		con.logFile = f
		options := &slog.HandlerOptions{Level: slog.LevelDebug}
		var toFile slog.Handler = slog.NewTextHandler(f, options)
		if strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") {
			toFile = slog.NewJSONHandler(f, options)
		}
		handler = slog.NewMultiHandler(handler, toFile)
	}
	con.log = slog.New(handler)
	return con, nil
}

// silent is a level that nothing is logged at.
const silent = slog.Level(math.MaxInt32)

// close closes the log file.
func (con *console) close() {
	if con.logFile != nil {
		con.logFile.Close()
	}
}

// hint says something useful on standard error, unless --quiet or --json.
func (con *console) hint(format string, a ...any) {
	if !con.quiet && !con.json {
		fmt.Fprintf(con.err, format+"\n", a...)
	}
}

// warn says on standard error what the user should know.
func (con *console) warn(text string) {
	fmt.Fprintf(con.err, "automl: warning: %s\n", oneLine(text))
}

// document prints v as one JSON document; numbers that JSON has no word for
// must be out of it already.
func (con *console) document(v any) error {
	enc := json.NewEncoder(con.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// line prints v as JSON on one line.
func (con *console) line(v any) error {
	enc := json.NewEncoder(con.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table prints rows of cells in aligned columns under a header.
func table(w io.Writer, header []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, oneLine(cell))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// oneLine keeps a cell from breaking the table it stands in.
func oneLine(s string) string {
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s)
}

// number formats a measured value with five significant digits, "-" if there
// is none.
func number(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "-"
	case x == math.Trunc(x) && math.Abs(x) < 1e7:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	if a := math.Abs(x); a >= 1e-4 && a < 1e7 {
		decimals := 4 - int(math.Floor(math.Log10(a)))
		return strconv.FormatFloat(x, 'f', max(decimals, 0), 64)
	}
	return strconv.FormatFloat(x, 'e', 4, 64)
}

// finite returns nil for a number that JSON cannot say.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// list makes JSON say [] and not null of a list without elements.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// seconds formats a short time in seconds, "-" if none was measured.
func seconds(s float64) string {
	if !(s > 0) {
		return "-"
	}
	if s < 0.0095 {
		return strconv.FormatFloat(s*1000, 'f', 1, 64) + "ms"
	}
	return strconv.FormatFloat(s, 'f', 2, 64) + "s"
}

// ago formats a duration for people, to the second.
func ago(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// parameters formats a configuration in the order of its names.
func parameters(params map[string]any) string {
	names := sortedKeys(params)
	parts := make([]string, 0, len(names))
	for _, name := range names {
		value := fmt.Sprint(params[name])
		if x, ok := params[name].(float64); ok {
			value = strconv.FormatFloat(x, 'g', 5, 64)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}
