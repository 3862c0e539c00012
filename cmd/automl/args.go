package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed-09a2cce4/automl/data"
)

// reorder rewrites the arguments after the program's name into the only order
// that cli understands: the command's name, then its flags as --name=value,
// then "--" and its arguments. The user may mix flags and arguments in any way;
// "-" and negative numbers are arguments, a flag that takes a value takes the
// next word whatever it looks like (unless that is a flag of the command), and
// what follows "--" is left alone. "help COMMAND" becomes "COMMAND --help".
func reorder(args []string, root *cli.Command) ([]string, error) {
	var path, words []string
	var flags []flagUse
	cmd, wantHelp := root, false
	takesValue := valueFlags(root)
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "--" {
			words = append(words, args[i+1:]...)
			break
		}
		if isFlag(word, takesValue) {
			use := parseFlag(word)
			if takes, known := takesValue[use.name]; known && takes && !use.hasValue {
				if i+1 == len(args) || isKnownFlag(args[i+1], takesValue) {
					return nil, userf("%s needs a value (write %s=VALUE if it begins with a dash)", use.written, use.written)
				}
				i++
				use.value, use.hasValue = args[i], true
			}
			flags = append(flags, use)
			continue
		}
		switch sub := cmd.Command(word); {
		case len(cmd.Subcommands) == 0:
			words = append(words, word)
		case sub != nil:
			cmd, path = sub, append(path, sub.Name)
		case word == "help" || word == "h":
			wantHelp = true
		default:
			return nil, unknownCommand(cmd, path, word)
		}
	}
	if wantHelp {
		return append(path, "--help"), nil
	}
	out := path
	for _, use := range flags {
		if err := use.check(cmd, path); err != nil {
			return nil, err
		}
		out = append(out, use.String())
	}
	if len(words) > 0 {
		out = append(append(out, "--"), words...)
	}
	return out, nil
}

// flagUse is one flag as it was written.
type flagUse struct {
	written  string // with its dashes
	name     string
	value    string
	hasValue bool
}

func parseFlag(word string) flagUse {
	written, value, hasValue := strings.Cut(word, "=")
	return flagUse{written: written, name: strings.TrimLeft(written, "-"), value: value, hasValue: hasValue}
}

func (u flagUse) String() string {
	if u.hasValue {
		return "--" + u.name + "=" + u.value
	}
	return "--" + u.name
}

// check reports a flag that cmd does not have, with the nearest one.
func (u flagUse) check(cmd *cli.Command, path []string) error {
	for _, f := range append([]cli.Flag{cli.HelpFlag, cli.VersionFlag}, cmd.Flags...) {
		for _, name := range f.Names() {
			if name == u.name && (f != cli.VersionFlag || len(path) == 0) {
				return nil
			}
		}
	}
	hint := ""
	if near := data.NearestName(u.name, flagNames(cmd)); near != "" {
		hint = fmt.Sprintf("did you mean --%s? ", near)
	}
	help := strings.Join(append([]string{"automl", "help"}, path...), " ")
	return userf("unknown flag %s: %s%q lists the flags", u.written, hint, help)
}

func unknownCommand(cmd *cli.Command, path []string, word string) error {
	var names []string
	for _, c := range cmd.Subcommands {
		names = append(names, c.Name)
	}
	hint := ""
	if near := data.NearestName(word, names); near != "" {
		hint = fmt.Sprintf("did you mean %s? ", near)
	}
	help := strings.Join(append([]string{"automl", "help"}, path...), " ")
	return userf("unknown command %q: %s%q lists the commands", word, hint, help)
}

// isFlag reports whether a word is a flag: it begins with a dash, and is
// neither a lone "-" nor a negative number.
func isFlag(word string, takesValue map[string]bool) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	if isKnownFlag(word, takesValue) {
		return true
	}
	_, err := strconv.ParseFloat(word, 64)
	return err != nil
}

func isKnownFlag(word string, takesValue map[string]bool) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	_, known := takesValue[parseFlag(word).name]
	return known
}

// valueFlags says of every flag of the command tree whether it takes a value.
// A name means the same in all commands, so that flags can be read before it
// is known whose they are.
func valueFlags(root *cli.Command) map[string]bool {
	all := map[string]bool{}
	var walk func(*cli.Command)
	walk = func(c *cli.Command) {
		for _, f := range append([]cli.Flag{cli.HelpFlag, cli.VersionFlag}, c.Flags...) {
			takes := false
			if d, ok := f.(cli.DocGenerationFlag); ok {
				takes = d.TakesValue()
			}
			for _, name := range f.Names() {
				all[name] = takes
			}
		}
		for _, sub := range c.Subcommands {
			walk(sub)
		}
	}
	walk(root)
	return all
}

func flagNames(c *cli.Command) []string {
	var names []string
	for _, f := range c.Flags {
		names = append(names, f.Names()[0])
	}
	return names
}

// didYouMean names the candidate that was probably meant, if there is one.
func didYouMean(word string, candidates []string) string {
	if near := data.NearestName(word, candidates); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}

// splitList reads a list of names as a user writes it: separated by commas, a
// name that has a comma in double quotes.
func splitList(values []string) ([]string, error) {
	var out []string
	for _, v := range values {
		names, err := splitQuoted(v)
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	return out, nil
}

func splitQuoted(s string) ([]string, error) {
	var out []string
	for rest := s; ; {
		var name string
		if strings.HasPrefix(rest, `"`) {
			end := strings.Index(rest[1:], `"`)
			if end < 0 || (end+2 < len(rest) && rest[end+2] != ',') {
				return nil, userf("%q: a name in quotes ends with a quote and a comma", s)
			}
			name, rest = rest[1:end+1], rest[end+2:]
		} else if i := strings.IndexByte(rest, ','); i >= 0 {
			name, rest = strings.TrimSpace(rest[:i]), rest[i:]
		} else {
			name, rest = strings.TrimSpace(rest), ""
		}
		if name == "" {
			return nil, userf("%q: a name is empty", s)
		}
		out = append(out, name)
		if rest == "" {
			return out, nil
		}
		rest = rest[1:]
	}
}
