package featurize

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-09a2cce4/automl/data/strictjson"
)

// Type is what a column means.
type Type string

// The types of columns. Identifier and Constant columns make no features.
const (
	Numeric     Type = "numeric"
	Boolean     Type = "boolean"
	Categorical Type = "categorical"
	Datetime    Type = "datetime"
	Text        Type = "text"
	Identifier  Type = "identifier"
	Constant    Type = "constant"
)

// ParseType reads a type as a user writes it.
func ParseType(s string) (Type, error) {
	switch t := Type(s); t {
	case Numeric, Boolean, Categorical, Datetime, Text, Identifier, Constant:
		return t, nil
	}
	return "", fmt.Errorf("unknown column type %q: use numeric, boolean, categorical, datetime, text, identifier or constant", s)
}

// Options tell Infer what it cannot see in the data.
type Options struct {
	// Target and Weight are columns of the table that are not features; "" for none.
	Target string
	Weight string
	// Types overrides the inferred type of columns.
	Types map[string]Type
	// Ignore leaves columns out.
	Ignore []string
	// Rows says that the first Rows rows are for training; 0 means all.
	Rows int
}

// Plan says how each column becomes features. It is made by Infer, may be
// edited as JSON, and is fitted by Fit.
type Plan struct {
	Version int    `json:"version"`
	Target  string `json:"target,omitempty"`
	Weight  string `json:"weight,omitempty"`
	// Rows is the number of training rows that Infer looked at.
	Rows    int          `json:"rows"`
	Columns []ColumnPlan `json:"columns"`
	// Select is the number of features that each model is given: those that tell most of
	// the target by themselves among its training rows, chosen anew with each model. 0
	// means all. Features that are made of the target are not counted, and all are given.
	Select int `json:"select,omitempty"`
	// Warnings are sentences for the user, each naming its column.
	Warnings []string `json:"warnings,omitempty"`
}

// ColumnPlan is the plan of one column.
type ColumnPlan struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Why is the reason for the type, in words.
	Why string `json:"why"`
	// Ignored columns make no features whatever their type.
	Ignored  bool `json:"ignored,omitempty"`
	Missing  int  `json:"missing,omitempty"`
	Distinct int  `json:"distinct"`
	// SameAs is the earlier column whose cells this ignored one repeats.
	SameAs string `json:"same_as,omitempty"`
	// Leak is how well the column alone tells the target, if nearly perfectly; see
	// FindLeaks.
	Leak float64 `json:"leak,omitempty"`
	// Bad counts cells that do not fit the type and are taken as missing, with
	// up to three of them.
	Bad         int      `json:"bad,omitempty"`
	BadExamples []string `json:"bad_examples,omitempty"`
	// Infinite counts cells that held ±Inf and are taken as missing.
	Infinite   int    `json:"infinite,omitempty"`
	Transforms []Step `json:"transforms,omitempty"`
}

// Step is a transform to fit: its kind and that kind's parameters.
type Step struct {
	Kind   string          `json:"kind"`
	Params json.RawMessage `json:"params,omitempty"`
	// Then are steps that each take the features of the one before in place of a column:
	// numbers, categories as codes. Of text and chars svd alone can be made so.
	Then []Step `json:"then,omitempty"`
}

const planVersion = 1

// Digest names the plan by its content: plans with equal digests make equal
// pipelines from equal tables.
func (p *Plan) Digest() string {
	b, err := json.Marshal(p)
	if err != nil { // only Params can fail, which then have a text of their own
		b = fmt.Appendf(nil, "%+v", p)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// NewPlan is a plan of these columns, to be completed by For.
func NewPlan(columns []ColumnPlan) *Plan { return &Plan{Version: planVersion, Columns: columns} }

// DecodePlan reads a plan from JSON; unknown fields are an error.
func DecodePlan(b []byte) (*Plan, error) {
	p := &Plan{}
	if err := strictjson.Decode(b, p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	return p, p.Check()
}

// ErrPlan is wrapped by the errors of plans: those of DecodePlan, Check and For.
var ErrPlan = errors.New("feature plan")

// Check reports what is wrong with a plan whatever the table: another version, a
// column that is named twice, an unknown type or transform, a transform that is not for
// its column's type, parameters that it does not take, steps that cannot follow another.
func (p *Plan) Check() error {
	if p.Version != planVersion {
		return fmt.Errorf("%w of version %d: this program reads version %d", ErrPlan, p.Version, planVersion)
	}
	if p.Select < 0 {
		return fmt.Errorf("%w: select %d: use a number of features, or 0 for all", ErrPlan, p.Select)
	}
	seen := map[string]bool{}
	for _, c := range p.Columns {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("%w: empty or repeated column %q", ErrPlan, c.Name)
		}
		seen[c.Name] = true
		if err := c.check(); err != nil {
			return fmt.Errorf("%w: column %q: %w", ErrPlan, c.Name, err)
		}
	}
	return nil
}

// check reports what is wrong with a column whatever its cells. What is ignored may be of
// any type.
func (c *ColumnPlan) check() error {
	if _, err := ParseType(string(c.Type)); err != nil {
		return err
	}
	for _, s := range c.Transforms {
		if _, err := kindOf(s.Kind); err != nil {
			return err
		}
		err := s.check()
		if err == nil && !c.Ignored {
			err = s.suits(c.Type)
		}
		if err != nil {
			return fmt.Errorf("transform %s: %w", s.Kind, err)
		}
	}
	return nil
}

// String writes the step as plans are printed: numeric, impute{"by":"mean"}, or
// impute → standard with what follows.
func (s Step) String() string {
	out := s.Kind + string(s.Params)
	for _, next := range s.Then {
		out += " → " + next.String()
	}
	return out
}
