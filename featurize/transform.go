package featurize

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Transform is a fitted step from input columns to features. It is immutable
// and safe for concurrent use; its JSON holds all of its state.
type Transform interface {
	// Kind is the registry's key, such as "numeric".
	Kind() string
	// Inputs names the columns that Row needs, in order.
	Inputs() []string
	// Features are the dense outputs.
	Features() []matrix.Feature
	// SparseCols is the number of sparse outputs, 0 for none.
	SparseCols() int
	// Supervised transforms look at the target when they are fitted, and are refused: a
	// Pipeline is fitted once a job. Features with an Encoding are fitted once a fold.
	Supervised() bool
	// Row makes the features of one row: in holds a cell for each input, out
	// (zeroed, one place a feature) takes the dense outputs, e the sparse ones in
	// ascending order. An error says why no value would be right.
	Row(in []Cell, out []float32, e *Entries) error
}

// Entries collects the sparse outputs of one row.
type Entries struct {
	Index []int32
	Value []float32

	hashes []uint64 // scratch
}

// Add appends an output of the row: its place, 0 to SparseCols-1, above that of the one
// before, and its value.
func (e *Entries) Add(i int32, v float32) {
	e.Index = append(e.Index, i)
	e.Value = append(e.Value, v)
}

// Fitting is what a transform is fitted to: the training rows of a column. Other columns
// of the table may be looked at too, but for the target.
type Fitting struct {
	col     *data.Column
	table   *data.Table
	target  string
	rows    int
	threads int
	params  json.RawMessage // of a kind of users, see Params
}

// kind makes transforms of one kind.
type kind struct {
	// read reads the parameters of a step and checks them.
	read func(raw json.RawMessage) (parameters, error)
	// decode reads the JSON of a fitted transform and refuses one that could
	// do harm.
	decode func(b []byte) (Transform, error)
	// types of columns that it can be made of; none for transforms that no plan has.
	types []Type
}

// kindOf is the registry of transforms.
func kindOf(name string) (kind, error) {
	switch name {
	case "numeric":
		return kind{of(noParams{fitNumeric}), decodeAs[numeric], []Type{Numeric, Boolean}}, nil
	case "boolean":
		return kind{of(noParams{fitBoolean}), decodeAs[boolean], []Type{Boolean}}, nil
	case "category":
		return kind{of(noParams{fitCategory}), decodeAs[category], anyWords}, nil
	case "frequency":
		return kind{of(noParams{fitFrequency}), decodeAs[frequency], anyWords}, nil
	case "datetime":
		return kind{of(dateParams{}), decodeAs[datetime], []Type{Datetime}}, nil
	case "text":
		return kind{of(textParams{}), decodeAs[text], []Type{Text, Categorical}}, nil
	case "impute":
		return kind{of(imputeParams{By: "median"}), decodeAs[impute], numbersOnly}, nil
	case "standard":
		return kind{of(noParams{fitStandard}), decodeAs[scale], numbersOnly}, nil
	case "robust":
		return kind{of(robustParams{Clip: 3}), decodeAs[scale], numbersOnly}, nil
	case "quantile":
		return kind{of(quantileParams{Points: 100, Output: "uniform"}), decodeAs[quantile], numbersOnly}, nil
	case "power":
		return kind{of(noParams{fitPower}), decodeAs[power], numbersOnly}, nil
	case "log":
		return kind{of(noParams{fitLog}), decodeAs[logarithm], numbersOnly}, nil
	case "discretise":
		return kind{of(discretiseParams{Bins: 10, By: "quantile"}), decodeAs[discretise], numbersOnly}, nil
	case "cap":
		return kind{of(capParams{Lower: 0.01, Upper: 0.99}), decodeAs[capped], numbersOnly}, nil
	case "onehot":
		return kind{of(oneHotParams{Most: 20}), decodeAs[oneHot], anyWords}, nil
	case "ordinal":
		return kind{of(ordinalParams{}), decodeAs[ordinal], anyWords}, nil
	case "hashing":
		return kind{of(hashedParams{Buckets: 64}), decodeAs[hashed], anyWords}, nil
	case "rare":
		return kind{of(pooledParams{Least: 10}), decodeAs[pooled], anyWords}, nil
	case "length":
		return kind{of(noParams{fitLength}), decodeAs[lengths], anyWords}, nil
	case "cyclic":
		return kind{of(cyclicParams{}), decodeAs[cyclic], []Type{Datetime}}, nil
	case "since":
		return kind{of(sinceParams{}), decodeAs[since], []Type{Datetime}}, nil
	case "holidays":
		return kind{of(holidayParams{}), decodeAs[holidays], []Type{Datetime}}, nil
	case "chars":
		return kind{of(charsParams{Least: 3, Most: 5, Buckets: 1 << 14}), decodeAs[chars], anyWords}, nil
	case "svd":
		return kind{of(svdParams{Components: defaultComponents, Buckets: 1 << 12}), decodeAs[svd], anyWords}, nil
	case "tags":
		return kind{of(tagsParams{Separator: ",", Most: 50}), decodeAs[tags], []Type{Categorical, Text}}, nil
	case "arithmetic":
		return kind{of(arithmeticParams{}), decodeAs[arithmetic], numbersOnly}, nil
	case "cross":
		return kind{of(crossParams{}), decodeAs[cross], anyWords}, nil
	case "target":
		return kind{of(targetedParams{by: matrix.ByFolds, Smooth: 10}), decodeAs[targeted], anyWords}, nil
	case "leave_one_out":
		return kind{of(targetedParams{by: matrix.ByOthers, Smooth: 10}), decodeAs[targeted], anyWords}, nil
	case "ordered":
		return kind{of(targetedParams{by: matrix.ByEarlier, Smooth: 10}), decodeAs[targeted], anyWords}, nil
	case chained:
		return kind{noPart, decodeAs[chain], nil}, nil
	case "directions":
		return kind{noPart, decodeAs[directed], nil}, nil
	case "exact":
		return kind{noPart, decodeAs[exact], nil}, nil
	}
	return registeredKind(name)
}

// Kinds are the names of transforms that a plan may have, those registered by Register
// last, in alphabetical order.
func Kinds() []string { return append(slices.Clone(kindNames), registeredNames()...) }

// kindNames are the kinds of this package.
var kindNames = []string{
	"numeric", "impute", "standard", "robust", "quantile", "power", "log", "discretise", "cap", "arithmetic",
	"boolean", "category", "frequency", "onehot", "ordinal", "hashing", "rare", "cross", "target", "leave_one_out", "ordered",
	"datetime", "cyclic", "since", "holidays", "text", "chars", "svd", "length", "tags",
}

// numbersOnly are the types whose values are numbers.
var numbersOnly = []Type{Numeric, Boolean}

// anyWords are the types whose values can be told apart as words.
var anyWords = []Type{Categorical, Boolean, Numeric, Datetime, Text}

// noPart is of kinds that no plan names.
func noPart(json.RawMessage) (parameters, error) { return nil, errNoPart }

var errNoPart = errors.New("it is no part of a plan")

// ready is implemented by every transform: it checks decoded or fitted state
// and builds what JSON does not hold.
type ready[T any] interface {
	*T
	Transform
	ready() error
}

func decodeAs[T any, P ready[T]](b []byte) (Transform, error) {
	p := P(new(T))
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("transform %s: %w", p.Kind(), err)
	}
	if err := p.ready(); err != nil {
		return nil, fmt.Errorf("transform %s: %w", p.Kind(), err)
	}
	return p, nil
}
