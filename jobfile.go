package automl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seed-09a2cce4/automl/data/strictjson"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/trials"
)

// ReadJob reads the options of a job from a file in YAML or JSON, whose fields are
// close to those of Azure's AutoML jobs; see docs/cli.md. Unknown fields are errors,
// and errors satisfy [IsUserError].
func ReadJob(path string) (Options, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Options{}, &UserError{err}
	}
	o, err := ParseJob(b)
	if err != nil {
		return o, usageError("%s: %w", path, err)
	}
	return o, nil
}

// ParseJob is [ReadJob] of a file's content.
func ParseJob(b []byte) (Options, error) {
	var j jobFile
	if err := decodeYAML(b, &j); err != nil {
		return Options{}, &UserError{fmt.Errorf("job file: %w", err)}
	}
	o, err := j.options()
	if err != nil {
		return Options{}, &UserError{fmt.Errorf("job file: %w", err)}
	}
	return o, nil
}

// decodeYAML goes by way of JSON, of which YAML is an extension, so that both are
// read by the same rules.
func decodeYAML(b []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var any any
	if err := d.Decode(&any); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		return err
	}
	if err := d.Decode(&any); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the first document")
	}
	plain, err := json.Marshal(any)
	if err != nil {
		return fmt.Errorf("keys must be words: %w", err)
	}
	return strictjson.Decode(plain, v)
}

// jobFile is a job file.
type jobFile struct {
	Schema      string `json:"$schema"`
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`

	Task     string `json:"task"`
	Metric   string `json:"primary_metric"`
	Target   string `json:"target_column_name"`
	Positive string `json:"positive_label"`
	Weight   string `json:"weight_column_name"`
	Seed     uint64 `json:"seed"`
	Preset   string `json:"preset"`

	Folds    any     `json:"n_cross_validations"` // auto, holdout or a number
	Repeats  int     `json:"n_repeats"`
	Holdout  float64 `json:"validation_data_size"`
	Group    string  `json:"group_column_name"`
	TimeBy   string  `json:"time_column_name"`
	FoldName string  `json:"fold_column_name"`

	ClassWeights any                           `json:"class_weights"` // balanced, or by class
	Monotone     map[string]int                `json:"monotone"`
	Costs        map[string]map[string]float64 `json:"costs"`
	Intervals    float64                       `json:"intervals"`
	Quantiles    []float64                     `json:"quantiles"`

	Limits struct {
		Minutes      float64  `json:"timeout_minutes"`
		Trials       int      `json:"max_trials"`
		Concurrent   int      `json:"max_concurrent_trials"`
		Threads      int      `json:"max_cores_per_trial"`
		TrialMinutes float64  `json:"trial_timeout_minutes"`
		ExitScore    *float64 `json:"exit_score"`
		Memory       any      `json:"max_memory"` // bytes, or with a unit
		ModelSize    any      `json:"max_model_size"`
		Latency      float64  `json:"max_predict_latency"` // microseconds a row
	} `json:"limits"`
	Featurization struct {
		Types   map[string]string      `json:"column_name_and_types"`
		Blocked []string               `json:"blocked_columns"`
		Columns []featurize.ColumnPlan `json:"columns"`
		Select  int                    `json:"select"`
	} `json:"featurization"`
	Training struct {
		Allowed  []string                  `json:"allowed_training_algorithms"`
		Blocked  []string                  `json:"blocked_training_algorithms"`
		Without  []string                  `json:"without"`
		Ensemble *bool                     `json:"enable_vote_ensemble"`
		Distill  bool                      `json:"distill"`
		Params   map[string]map[string]any `json:"parameters"`
	} `json:"training"`
}

func (j *jobFile) options() (Options, error) {
	o := Options{
		Task: j.Task, Metric: j.Metric, Target: j.Target, PositiveClass: j.Positive, WeightColumn: j.Weight, Seed: j.Seed, Preset: j.Preset,
		Repeats: j.Repeats, Holdout: j.Holdout, GroupColumn: j.Group, TimeColumn: j.TimeBy, FoldColumn: j.FoldName,
		Monotone: j.Monotone, Costs: j.Costs, Intervals: j.Intervals, Quantiles: j.Quantiles,
		Trials: j.Limits.Trials, Workers: j.Limits.Concurrent, Threads: j.Limits.Threads,
		Types: j.Featurization.Types, Ignore: j.Featurization.Blocked,
		Include: j.Training.Allowed, Exclude: j.Training.Blocked, Without: j.Training.Without, Params: j.Training.Params,
		Best: j.Training.Ensemble != nil && !*j.Training.Ensemble, Distill: j.Training.Distill,
	}
	if j.Type != "" && j.Type != "automl" {
		return o, fmt.Errorf("type %q: only automl is known", j.Type)
	}
	if strings.EqualFold(j.Task, "classification") {
		o.Task = "" // of two classes or more: the target says
	}
	if err := j.limits(&o); err != nil {
		return o, fmt.Errorf("limits: %w", err)
	}
	if len(j.Featurization.Columns) > 0 {
		o.Plan = featurize.NewPlan(j.Featurization.Columns)
		o.Plan.Select = j.Featurization.Select
		if err := o.Plan.Check(); err != nil {
			return o, fmt.Errorf("featurization: %w", err)
		}
	} else if j.Featurization.Select != 0 {
		return o, errors.New("featurization: select goes with columns: write a plan of all of them")
	}
	switch f := j.Folds.(type) {
	case nil:
	case string:
		o.Folds = f
	default:
		o.Folds = fmt.Sprint(f)
	}
	if err := j.weights(&o); err != nil || o.Preset == "" || j.Training.Ensemble == nil {
		return o, err
	}
	// An ensemble that is asked for wins over the preset, which is applied here for that.
	o, err := o.WithPreset()
	o.Preset, o.Best = "", !*j.Training.Ensemble
	return o, err
}

// limits reads what bounds the job.
func (j *jobFile) limits(o *Options) (err error) {
	l := &j.Limits
	if l.Concurrent < 0 {
		return fmt.Errorf("max_concurrent_trials %d: use a number above 0", l.Concurrent)
	}
	if o.Time, err = jobDuration("timeout_minutes", l.Minutes, time.Minute); err != nil {
		return err
	}
	if o.TrialTimeout, err = jobDuration("trial_timeout_minutes", l.TrialMinutes, time.Minute); err != nil {
		return err
	}
	if o.MaxPredictLatency, err = jobDuration("max_predict_latency", l.Latency, time.Microsecond); err != nil {
		return err
	}
	o.ExitScore = l.ExitScore
	if o.MaxMemory, err = jobSize("max_memory", l.Memory); err != nil {
		return err
	}
	o.MaxModelSize, err = jobSize("max_model_size", l.ModelSize)
	return err
}

// jobDuration is a number of units of time.
func jobDuration(field string, n float64, unit time.Duration) (time.Duration, error) {
	if !(n >= 0) || n > math.MaxInt64/float64(unit)/2 {
		return 0, fmt.Errorf("%s %v: use a number above 0", field, n)
	}
	return time.Duration(n * float64(unit)), nil
}

// jobSize reads a number of bytes, or a word such as 500MB.
func jobSize(field string, v any) (int64, error) {
	text, isText := v.(string)
	if n, isNumber := v.(float64); isNumber {
		text = strconv.FormatFloat(n, 'f', -1, 64)
	} else if v == nil {
		return 0, nil
	} else if !isText {
		text = fmt.Sprint(v)
	}
	n, err := trials.ParseSize(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", field, err)
	}
	return n, nil
}

func (j *jobFile) weights(o *Options) error {
	switch w := j.ClassWeights.(type) {
	case nil:
		return nil
	case string:
		if o.Balanced = w == "balanced"; o.Balanced {
			return nil
		}
	case map[string]any:
		o.ClassWeights = map[string]float64{}
		for class, v := range w {
			weight, ok := v.(float64)
			if !ok {
				return fmt.Errorf("class_weights: %v for class %q is no number", v, class)
			}
			o.ClassWeights[class] = weight
		}
		return nil
	}
	return fmt.Errorf("class_weights %v: use balanced, or weights by class", j.ClassWeights)
}
