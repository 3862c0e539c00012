package featurize

import (
	"bytes"
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
	params  json.RawMessage
}

// decode reads the parameters; unknown ones are an error.
func (f *Fitting) decode(p any) error {
	if len(f.params) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(f.params))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	return nil
}

// kind makes transforms of one kind.
type kind struct {
	// fit looks at training rows alone.
	fit func(f Fitting) (Transform, error)
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
		return kind{fitNumeric, decodeAs[numeric], []Type{Numeric, Boolean}}, nil
	case "boolean":
		return kind{fitBoolean, decodeAs[boolean], []Type{Boolean}}, nil
	case "category":
		return kind{fitCategory, decodeAs[category], anyWords}, nil
	case "frequency":
		return kind{fitFrequency, decodeAs[frequency], anyWords}, nil
	case "datetime":
		return kind{fitDatetime, decodeAs[datetime], []Type{Datetime}}, nil
	case "text":
		return kind{fitText, decodeAs[text], []Type{Text, Categorical}}, nil
	case "impute":
		return kind{fitImpute, decodeAs[impute], numbersOnly}, nil
	case "standard":
		return kind{fitStandard, decodeAs[scale], numbersOnly}, nil
	case "robust":
		return kind{fitRobust, decodeAs[scale], numbersOnly}, nil
	case "quantile":
		return kind{fitQuantile, decodeAs[quantile], numbersOnly}, nil
	case "power":
		return kind{fitPower, decodeAs[power], numbersOnly}, nil
	case "log":
		return kind{fitLog, decodeAs[logarithm], numbersOnly}, nil
	case "discretise":
		return kind{fitDiscretise, decodeAs[discretise], numbersOnly}, nil
	case "cap":
		return kind{fitCap, decodeAs[capped], numbersOnly}, nil
	case "onehot":
		return kind{fitOneHot, decodeAs[oneHot], anyWords}, nil
	case "ordinal":
		return kind{fitOrdinal, decodeAs[ordinal], anyWords}, nil
	case "hashing":
		return kind{fitHashed, decodeAs[hashed], anyWords}, nil
	case "rare":
		return kind{fitPooled, decodeAs[pooled], anyWords}, nil
	case "length":
		return kind{fitLength, decodeAs[lengths], anyWords}, nil
	case "cyclic":
		return kind{fitCyclic, decodeAs[cyclic], []Type{Datetime}}, nil
	case "since":
		return kind{fitSince, decodeAs[since], []Type{Datetime}}, nil
	case "holidays":
		return kind{fitHolidays, decodeAs[holidays], []Type{Datetime}}, nil
	case "chars":
		return kind{fitChars, decodeAs[chars], anyWords}, nil
	case "svd":
		return kind{fitSVD, decodeAs[svd], anyWords}, nil
	case "tags":
		return kind{fitTags, decodeAs[tags], []Type{Categorical, Text}}, nil
	case "arithmetic":
		return kind{fitArithmetic, decodeAs[arithmetic], numbersOnly}, nil
	case "cross":
		return kind{fitCross, decodeAs[cross], anyWords}, nil
	case "target":
		return kind{fitTargeted(matrix.ByFolds), decodeAs[targeted], anyWords}, nil
	case "leave_one_out":
		return kind{fitTargeted(matrix.ByOthers), decodeAs[targeted], anyWords}, nil
	case "ordered":
		return kind{fitTargeted(matrix.ByEarlier), decodeAs[targeted], anyWords}, nil
	case chained:
		return kind{fitNone, decodeAs[chain], nil}, nil
	case "directions":
		return kind{fitNone, decodeAs[directed], nil}, nil
	case "exact":
		return kind{fitExact, decodeAs[exact], nil}, nil
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

// fitNone is of kinds that no plan names.
func fitNone(Fitting) (Transform, error) { return nil, errors.New("it is no part of a plan") }

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
