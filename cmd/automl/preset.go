package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// printPreset says what a preset comes to with the flags that are given beside it.
func printPreset(w io.Writer, o automl.Options) {
	if o.Preset == "" {
		return
	}
	var parts []string
	add := func(flag, value string) { parts = append(parts, "--"+flag+" "+value) }
	if o.Time > 0 {
		add("time", o.Time.String())
	}
	if o.Trials > 0 {
		add("trials", fmt.Sprint(o.Trials))
	}
	if len(o.Include) > 0 {
		add("include", strings.Join(o.Include, ","))
	}
	if len(o.Exclude) > 0 {
		add("exclude", strings.Join(o.Exclude, ","))
	}
	if o.MaxModelSize > 0 {
		add("max-model-size", trials.FormatSize(o.MaxModelSize))
	}
	if o.MaxPredictLatency > 0 {
		add("max-predict-latency", number(float64(o.MaxPredictLatency)/1e3))
	}
	text := strings.Join(parts, " ")
	if o.Best {
		text += ", the best trial alone"
	}
	for _, learner := range sortedKeys(o.Params) {
		text += fmt.Sprintf(", %s with %s", learner, parameters(o.Params[learner]))
	}
	fmt.Fprintf(w, "\npreset %s: %s\n", o.Preset, text)
}
