package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"automl": main})
}

// leakChecked fails a run of tests that leaves goroutines behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:             "testdata/script",
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			in := filepath.Join(env.WorkDir, "in")
			env.Setenv("IN", in)
			models, err := filepath.Abs("../../model")
			if err != nil {
				return err
			}
			env.Setenv("MODELS", models)
			return writeTables(in)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails": failsCommand, "json": jsonCommand, "truncate": truncateCommand, "flip": flipCommand, "near": nearCommand,
		},
	})
}

// writeTables writes the tables that scripts learn from.
func writeTables(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var churn, fresh, prices, kinds, many strings.Builder
	rng := rand.New(rand.NewPCG(1, 2))
	cities := []string{"Ulm", "Bonn", "Jena"}
	for i := range 160 {
		age, fee, city := 18+rng.IntN(60), 10*rng.Float64(), cities[rng.IntN(3)]
		score := float64(age)/20 - fee/3 + rng.NormFloat64()/2
		out := map[bool]string{true: "yes", false: "no"}[score > 0.5]
		row := fmt.Sprintf("%03d,%d,%.3f,%s", i+1, age, fee, city)
		if i < 120 {
			fmt.Fprintf(&churn, "%s,%s\n", row, out)
		} else {
			fmt.Fprintf(&fresh, "%s\n", row)
		}
		fmt.Fprintf(&prices, "%d,%.3f,%s,%.2f\n", age, fee, city, 100+3*float64(age)-4*fee+rng.NormFloat64())
		fmt.Fprintf(&kinds, "%d,%.3f,%s\n", age, fee, []string{"red", "green", "blue"}[min(2, age/26)])
	}
	for i := range 10_000 {
		fmt.Fprintf(&many, "%d,class %d\n", i%7, i)
	}
	for name, content := range map[string]string{
		"churn.csv":  "id,age,fee,city,churn\n" + churn.String(),
		"new.csv":    "id,age,fee,city\n" + fresh.String(),
		"prices.csv": "age,fee,city,price\n" + prices.String(),
		"kinds.csv":  "age,fee,kind\n" + kinds.String(),
		"many.csv":   "x,y\n" + many.String(),
		"binary.csv": string(binaryJunk()),
		"empty.csv":  "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func binaryJunk() []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	junk := []byte("\x7fELF\x02\x01\x01\x00\x00\x00")
	for range 1000 {
		junk = append(junk, byte(rng.Uint32()))
	}
	return junk
}

// failsCommand is "fails CODE REGEXP ARGS…": automl with these arguments ends
// with that exit code, prints nothing but one line of error that matches, and
// leaves the current directory as it was.
func failsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fails CODE REGEXP ARGS…")
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	before := listing(ts)
	cmd := exec.Command("automl", args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	ts.Logf("[stderr]\n%s", stderr.String())
	if got != code {
		ts.Fatalf("exit code %d, want %d", got, code)
	}
	line := strings.TrimSuffix(stderr.String(), "\n")
	if !strings.HasPrefix(line, "automl: ") || strings.Contains(line, "\n") || stdout.Len() > 0 {
		ts.Fatalf("want one line on standard error and nothing else; standard output:\n%s", stdout.String())
	}
	if !regexp.MustCompile(args[1]).MatchString(line) {
		ts.Fatalf("the error does not match %s", args[1])
	}
	if after := listing(ts); !slices.Equal(before, after) {
		ts.Fatalf("the directory held %q and now holds %q", before, after)
	}
}

func listing(ts *testscript.TestScript) []string {
	entries, err := os.ReadDir(ts.MkAbs("."))
	ts.Check(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// jsonCommand is "json PATH REGEXP": the last standard output is one JSON
// document, whose value at the dotted path, written as JSON, matches. "#" is
// the length of a list.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: json PATH REGEXP")
	}
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("standard output is not one JSON document: %v", err)
	}
	for _, key := range strings.Split(args[0], ".") {
		switch at := v.(type) {
		case map[string]any:
			inner, ok := at[key]
			if !ok {
				ts.Fatalf("no field %q", key)
			}
			v = inner
		case []any:
			if key == "#" {
				v = len(at)
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				ts.Fatalf("no element %q in a list of %d", key, len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%q: nothing inside", key)
		}
	}
	b, err := json.Marshal(v)
	ts.Check(err)
	if !regexp.MustCompile("^(?:" + args[1] + ")$").Match(b) {
		ts.Fatalf("%s is %s, want %s", args[0], b, args[1])
	}
}

// nearCommand is "near A B TOLERANCE": two tables of the same columns and rows,
// whose numbers differ by at most the tolerance.
func nearCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: near A B TOLERANCE")
	}
	tolerance, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	a, b := strings.Fields(ts.ReadFile(args[0])), strings.Fields(ts.ReadFile(args[1]))
	if len(a) != len(b) || len(a) < 2 {
		ts.Fatalf("%d and %d lines", len(a), len(b))
	}
	for i := range a {
		x, y := strings.Split(a[i], ","), strings.Split(b[i], ",")
		if len(x) != len(y) {
			ts.Fatalf("line %d: %s and %s", i+1, a[i], b[i])
		}
		for k := range x {
			v, errX := strconv.ParseFloat(x[k], 64)
			w, errY := strconv.ParseFloat(y[k], 64)
			if errX != nil || errY != nil {
				if x[k] != y[k] {
					ts.Fatalf("line %d: %s and %s", i+1, a[i], b[i])
				}
			} else if !(v-w <= tolerance && w-v <= tolerance) {
				ts.Fatalf("line %d: %s and %s", i+1, a[i], b[i])
			}
		}
	}
}

// truncateCommand is "truncate FROM TO PERCENT".
func truncateCommand(ts *testscript.TestScript, _ bool, args []string) {
	content := []byte(ts.ReadFile(args[0]))
	percent, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), content[:len(content)*percent/100], 0o644))
}

// flipCommand is "flip FROM TO OFFSET": one bit of that byte of the file.
func flipCommand(ts *testscript.TestScript, _ bool, args []string) {
	content := []byte(ts.ReadFile(args[0]))
	offset, err := strconv.Atoi(args[2])
	ts.Check(err)
	content[offset] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), content, 0o644))
}
