package automl

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed-09a2cce4/automl"

// rooms gives each room its layer, as in docs/architecture.md: a room imports
// lower layers only, or a sibling that allowed names.
var rooms = map[string]int{
	"cmd/automl": 9, "server": 8, "": 7, "scheduler": 6, "worker": 6, "bus": 5, "model": 4, "trials": 4, "report": 5,
	"ensemble": 3, "algos": 3, "featurize": 3, "search": 2, "data": 1, "metrics": 1,
}

// allowed are the imports between rooms of one layer.
var allowed = map[string][]string{"model": {"trials"}}

// owners are the third-party modules that only some rooms may import.
var owners = map[string][]string{
	"github.com/nats-io/":            {"bus"},
	"github.com/danielgtaylor/huma":  {"server"},
	"github.com/urfave/cli":          {"cmd/automl"},
	"github.com/schollz/progressbar": {"cmd/automl"},
	"github.com/parquet-go":          {"data"},
	"gonum.org/":                     {"algos"},
	"go.yaml.in/yaml":                {""},
	"golang.org/x/sys":               {"bus", "worker", "cmd/automl", "algos"},
}

// testOnly rooms hold suites and tools and may see everything.
func testOnly(pkg string) bool {
	return strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "benchmarks") || strings.HasPrefix(pkg, "proofs")
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	DepsErrors []any
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	return pkgs
}

// room is the table's entry for a package of this module.
func room(path string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	if _, ok := rooms[rel]; ok {
		return rel
	}
	first, _, _ := strings.Cut(rel, "/")
	return first
}

func TestImportsFollowTheLayers(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "./...") {
		from := room(p.ImportPath)
		if testOnly(strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")) {
			continue
		}
		layer, ok := rooms[from]
		if !ok {
			t.Errorf("%s is in no room: add it to the table here and in docs/architecture.md", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, module) {
				checkOwner(t, p.ImportPath, from, imp)
				continue
			}
			to := room(imp)
			if to != from && rooms[to] >= layer && !slices.Contains(allowed[from], to) {
				t.Errorf("%s (layer %d) imports %s (layer %d)", p.ImportPath, layer, imp, rooms[to])
			}
		}
	}
}

func checkOwner(t *testing.T, pkg, from, imp string) {
	t.Helper()
	for prefix, owner := range owners {
		if strings.HasPrefix(imp, prefix) && !slices.Contains(owner, from) {
			t.Errorf("%s imports %s, which belongs to %v", pkg, imp, owner)
		}
	}
}

// TestScoringLinksLittle holds what a program links that only scores.
func TestScoringLinksLittle(t *testing.T) {
	t.Parallel()
	forbidden := []string{"net/http", "github.com/nats-io/", module + "/algos/gbdt", module + "/algos/booster", module + "/algos/forest", module + "/algos/linear", module + "/algos/ebm", module + "/algos/bayes", module + "/algos/neighbors", module + "/algos/kernel", module + "/algos/mlp", module + "/algos/prepared", module + "/bus"}
	for _, p := range goList(t, "./model") {
		for _, dep := range p.Deps {
			for _, bad := range forbidden {
				if dep == bad || strings.HasSuffix(bad, "/") && strings.HasPrefix(dep, bad) {
					t.Errorf("package model links %s", dep)
				}
			}
		}
	}
}
