package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestProblems holds every problem to its space and its least loss.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, p := range problems() {
		if err := p.space.Validate(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		for range 2000 {
			params := p.space.Sample(r)
			if regret := p.loss(params) - p.least; !(regret > -1e-5) || math.IsInf(regret, 0) || !(p.seconds(params) > 0) {
				t.Errorf("%s at %v: regret %v, %v s", p.name, params, regret, p.seconds(params))
				break
			}
		}
	}
}

func TestRegretIsRepeatable(t *testing.T) {
	t.Parallel()
	var outputs [2]bytes.Buffer
	for i := range outputs {
		args := []string{"regret", "-problems", "branin,conditional", "-samplers", "random,mixed", "-trials", "30", "-seeds", "2", "-lag", "3"}
		if err := run(args, nil, &outputs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if outputs[0].String() != outputs[1].String() || strings.Count(outputs[0].String(), "\n") != 8 {
		t.Errorf("two runs gave %s and %s", &outputs[0], &outputs[1])
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	question := `{"seed": 1, "number": 2, "params": {"x": 3.14159, "y": 2.275}}` + "\n"
	if err := run([]string{"serve", "branin"}, strings.NewReader(question), &out); err != nil {
		t.Fatal(err)
	}
	var answer [2]float64
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || math.Abs(answer[0]-0.397887) > 1e-4 || math.Abs(answer[1]) > 1e-4 {
		t.Errorf("at a minimum it answers %s (%v)", &out, err)
	}
	for want, args := range map[string][]string{
		"no problem":      {"serve", "nothing"},
		"is missing":      {"serve", "branin"},
		"no sampler":      {"regret", "-samplers", "best"},
		"-lag 0":          {"regret", "-lag", "0"},
		"positive":        {"workers", "-counts", "0"},
		"usage":           {},
		"unknown command": {"dance"},
	} {
		if err := run(args, strings.NewReader(`{"params": {"x": 1}}`), &out); err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
}

// TestManyWorkersHardlyWait holds the core's choice to nearly linear speed while
// trials outnumber workers ten to one.
func TestManyWorkersHardlyWait(t *testing.T) {
	t.Parallel()
	f, err := newFarm(10, 20, 1, func() float64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	if f.run(); f.linear() < 0.9 || f.ended < 100 {
		t.Errorf("10 workers: %d trials took %.3f of their time", f.ended, f.linear())
	}
}
