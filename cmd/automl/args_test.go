package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
	"pgregory.net/rapid"
)

func testApp() *cli.App {
	return newApp(&process{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
}

func TestReorder(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"in order", "fit --target y a.csv", "fit --target=y -- a.csv"},
		{"after the argument", "fit a.csv --target y", "fit --target=y -- a.csv"},
		{"around the argument", "fit --time 5s a.csv --json", "fit --time=5s --json -- a.csv"},
		{"before the command", "--json --time 5s fit a.csv", "fit --json --time=5s -- a.csv"},
		{"one dash", "fit a.csv -target y", "fit --target=y -- a.csv"},
		{"equals sign", "fit a.csv --target=y=z", "fit --target=y=z -- a.csv"},
		{"empty value", "fit a.csv --out=", "fit --out= -- a.csv"},
		{"standard input", "fit - --target y", "fit --target=y -- -"},
		{"a value that is a dash", "fit a.csv --out -", "fit --out=- -- a.csv"},
		{"two dashes", "fit --target y -- --json -", "fit --target=y -- --json -"},
		{"two dashes twice", "fit -- -- a.csv", "fit -- -- a.csv"},
		{"negative value", "fit a.csv --seed -5", "fit --seed=-5 -- a.csv"},
		{"negative argument", "predict m.automl -1.5e3", "predict -- m.automl -1.5e3"},
		{"a value that looks like an unknown flag", "fit a.csv --target --y", "fit --target=--y -- a.csv"},
		{"a value that is a flag's name, joined", "fit a.csv --target=--time", "fit --target=--time -- a.csv"},
		{"a boolean with a value", "fit a.csv --json=false", "fit --json=false -- a.csv"},
		{"repeated", "fit --type a=text d.csv --type b=numeric", "fit --type=a=text --type=b=numeric -- d.csv"},
		{"a file called like a command", "fit fit --target y", "fit --target=y -- fit"},
		{"a file called help", "predict help h", "predict -- help h"},
		{"subcommand", "jobs --server u submit --target y a.csv", "jobs submit --server=u --target=y -- a.csv"},
		{"flags before both", "--token t jobs list", "jobs list --token=t"},
		{"help", "help", "--help"},
		{"help of a command", "help fit", "fit --help"},
		{"help of a subcommand", "help jobs watch", "jobs watch --help"},
		{"help within a command", "jobs help watch", "jobs watch --help"},
		{"help flag", "fit --help", "fit --help"},
		{"short help flag", "-h", "--h"},
		{"version", "--version", "--version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := reorder(strings.Fields(test.in), rootCommand(testApp()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Fields(test.want), got); len(got) > 0 && diff != "" {
				t.Error(diff)
			}
			if len(got) == 0 && test.want != "" {
				t.Errorf("nothing, want %s", test.want)
			}
		})
	}
}

func TestReorderErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"fti a.csv", `unknown command "fti"`},
		{"jobs lst", `"automl help jobs" lists the commands`},
		{"fit a.csv --traget y", `unknown flag --traget`},
		{"fit a.csv --zzzzzzzzz", `"automl help fit" lists the flags`},
		{"fit a.csv --target", "--target needs a value"},
		{"fit a.csv --target --time 5s", "--target needs a value"},
		{"predict m.automl d.csv --target y", "unknown flag --target"},
		{"fit a.csv --version", "unknown flag --version"},
		{"fit a.csv -5x", "unknown flag -5x"},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			t.Parallel()
			got, err := reorder(strings.Fields(test.in), rootCommand(testApp()))
			if err == nil {
				t.Fatalf("no error, but %q", got)
			}
			if !strings.Contains(err.Error(), test.want) || exitCode(err) != exitUser {
				t.Errorf("exit code %d, %q lacks %q", exitCode(err), err, test.want)
			}
		})
	}
}

// TestReorderOrder: wherever the flags stand, the outcome is the same, and
// arguments keep their order.
func TestReorderOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a.csv", "-", "-3", "fit", "help", "--out=x", "--json", "--seed=-1"}), 0, 6).Draw(t, "words")
		var flags, plain []string
		for _, w := range words {
			if strings.HasPrefix(w, "--") {
				flags = append(flags, w)
			} else {
				plain = append(plain, w)
			}
		}
		want := append([]string{"fit"}, flags...)
		if len(plain) > 0 {
			want = append(append(want, "--"), plain...)
		}
		got, err := reorder(append([]string{"fit"}, words...), rootCommand(testApp()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestFlagNames holds what reorder relies on: a name takes a value in all
// commands or in none.
func TestFlagNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var walk func(*cli.Command)
	walk = func(c *cli.Command) {
		for _, f := range c.Flags {
			takes := f.(cli.DocGenerationFlag).TakesValue()
			for _, name := range f.Names() {
				if old, ok := seen[name]; ok && old != takes {
					t.Errorf("--%s of %s differs from another command's", name, c.Name)
				}
				seen[name] = takes
			}
		}
		if c.UsageText == "" || c.Usage == "" {
			t.Errorf("command %s: no usage", c.Name)
		}
		for _, sub := range c.Subcommands {
			walk(sub)
		}
	}
	for _, c := range testApp().Commands {
		walk(c)
	}
}

func TestSplitList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   []string
		want []string // nil for an error
	}{
		{[]string{"a"}, []string{"a"}},
		{[]string{"a,b", "c d"}, []string{"a", "b", "c d"}},
		{[]string{`"a,b",c`}, []string{"a,b", "c"}},
		{[]string{`c,"a,b"`}, []string{"c", "a,b"}},
		{[]string{"a, b"}, []string{"a", "b"}},
		{[]string{""}, nil},
		{[]string{"a,"}, nil},
		{[]string{`"a`}, nil},
		{[]string{`"a"b`}, nil},
		{[]string{`""`}, nil},
	}
	for _, test := range tests {
		got, err := splitList(test.in)
		if (err == nil) != (test.want != nil) || test.want != nil && !cmp.Equal(got, test.want) {
			t.Errorf("%q: got %q, %v", test.in, got, err)
		}
	}
}

func TestReadTypes(t *testing.T) {
	t.Parallel()
	got, err := readTypes([]string{"a=text", "x=y=numeric"})
	if want := map[string]string{"a": "text", "x=y": "numeric"}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"a", "=text", "a=", ""} {
		if _, err := readTypes([]string{bad}); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := readTypes([]string{"a=text", "a=numeric"}); err == nil {
		t.Error("two types of one column: no error")
	}
}
