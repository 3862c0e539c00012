package featurize

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// ErrUnknownKind is wrapped by errors for transforms that this program does not know: a
// newer version has them, or [Register] was not called.
var ErrUnknownKind = errors.New("unknown transform")

// Maker makes transforms of a kind of your own, see [Register]. Its methods are pure
// functions, safe for concurrent use.
type Maker interface {
	// Kind is the name of the kind in plans and bundles, such as "soundex".
	Kind() string
	// Types are those of the columns that it can be made of.
	Types() []Type
	// Fit fits a transform to training rows.
	Fit(f *Fitting) (Transform, error)
	// Decode reads the JSON of a transform that Fit has made. It refuses what could do
	// harm, since bundles may come from anywhere.
	Decode(b []byte) (Transform, error)
}

// ParamsChecker is a Maker that says what is wrong with the parameters of a step before
// anything is fitted, as the kinds of this package do. Without it only Fit says so.
type ParamsChecker interface {
	// CheckParams reads them by f.Params, the one method of f that can be called here.
	CheckParams(f *Fitting) error
}

// registered are the kinds of users.
var registered = struct {
	sync.RWMutex
	makers map[string]Maker
}{makers: map[string]Maker{}}

// Register makes a kind of transform known to plans, job files and bundles of this
// program; every program that trains or predicts with it, workers included, has to
// register it. What its transforms make is checked: an infinity, a code that is no level of
// its feature, a sparse output out of place, and a panic become errors that name column
// and transform. NaN stands for a missing value.
//
// It fails if there is a transform of that name already, if the name is empty, or if it
// is for no type of columns.
func Register(m Maker) error {
	name := m.Kind()
	switch {
	case name == "":
		return errors.New("a transform of no name")
	case len(m.Types()) == 0:
		return fmt.Errorf("transform %q is for no type of columns", name)
	}
	for _, t := range m.Types() {
		if _, err := ParseType(string(t)); err != nil || t == Identifier || t == Constant {
			return fmt.Errorf("transform %q: columns of type %q make no features", name, t)
		}
	}
	_, err := kindOf(name)
	registered.Lock()
	defer registered.Unlock()
	if _, twice := registered.makers[name]; twice || err == nil {
		return fmt.Errorf("transform %q is registered already", name)
	}
	registered.makers[name] = m
	return nil
}

func registeredNames() []string {
	registered.RLock()
	defer registered.RUnlock()
	return slices.Sorted(maps.Keys(registered.makers))
}

// registeredKind is kindOf for kinds of users.
func registeredKind(name string) (kind, error) {
	registered.RLock()
	m, ok := registered.makers[name]
	registered.RUnlock()
	if !ok {
		return kind{}, fmt.Errorf("%w %q%s", ErrUnknownKind, name, hint(name, Kinds()))
	}
	return kind{
		read: func(raw json.RawMessage) (parameters, error) {
			p := foreignParams{m, raw}
			return p, p.check()
		},
		decode: func(b []byte) (Transform, error) {
			t, err := foreignOf(name, func() (Transform, error) { return m.Decode(b) })
			if err != nil {
				return nil, fmt.Errorf("transform %s: %w", name, err)
			}
			return t, nil
		},
		types: m.Types(),
	}, nil
}

// foreignParams are the parameters of a kind of a user.
type foreignParams struct {
	maker Maker
	raw   json.RawMessage
}

func (p foreignParams) check() (err error) {
	defer recovered(&err)
	if c, ok := p.maker.(ParamsChecker); ok {
		return c.CheckParams(&Fitting{params: p.raw})
	}
	return nil
}

func (p foreignParams) fit(f Fitting) (Transform, error) {
	f.params = p.raw
	return foreignOf(p.maker.Kind(), func() (Transform, error) { return p.maker.Fit(&f) })
}

// foreign is a transform of a user, whose outputs are checked.
type foreign struct {
	inner    Transform
	features []matrix.Feature
	sparse   int
}

// foreignOf wraps what get gives.
func foreignOf(name string, get func() (Transform, error)) (t Transform, err error) {
	defer recovered(&err)
	inner, err := get()
	if err != nil {
		return nil, err
	}
	switch {
	case inner == nil:
		return nil, errors.New("it makes no transform")
	case inner.Kind() != name:
		return nil, fmt.Errorf("it makes a transform of kind %q", inner.Kind())
	case len(inner.Inputs()) == 0:
		return nil, errors.New("its transform names no input column")
	}
	f := &foreign{inner, slices.Clone(inner.Features()), inner.SparseCols()}
	for _, ft := range f.features {
		if ft.Name == "" || !utf8.ValidString(ft.Name) || ft.Levels < 0 || len(ft.Sources) == 0 {
			return nil, fmt.Errorf("feature %q has no proper name, no sources or %d levels", ft.Name, ft.Levels)
		}
		if ft.Encoding == nil {
			continue
		}
		if err := ft.Encoding.Check(); err != nil {
			return nil, fmt.Errorf("feature %q: %w", ft.Name, err)
		}
		if ft.Levels < 1 {
			return nil, fmt.Errorf("feature %q has no levels that could be encoded by the target", ft.Name)
		}
	}
	if f.sparse < 0 || f.sparse > maxForeignCols || len(f.features) > maxForeignCols {
		return nil, fmt.Errorf("it makes %d features and %d sparse ones: at most %d", len(f.features), f.sparse, maxForeignCols)
	}
	return f, nil
}

const maxForeignCols = 1 << 20

// recovered makes an error of a panic.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panicked: %v", v)
	}
}

// MarshalJSON is that of the user's transform.
func (f *foreign) MarshalJSON() ([]byte, error) { return json.Marshal(f.inner) }

func (f *foreign) Kind() string               { return f.inner.Kind() }
func (f *foreign) Inputs() []string           { return f.inner.Inputs() }
func (f *foreign) Features() []matrix.Feature { return slices.Clone(f.features) }
func (f *foreign) SparseCols() int            { return f.sparse }
func (f *foreign) Supervised() bool           { return f.inner.Supervised() }

func (f *foreign) Row(in []Cell, out []float32, e *Entries) (err error) {
	defer recovered(&err)
	from := len(e.Index)
	if err := f.inner.Row(in, out, e); err != nil {
		return err
	}
	return f.check(out, e, from)
}

// check looks at the outputs of a row, the sparse ones from a place on.
func (f *foreign) check(out []float32, e *Entries, from int) error {
	for j, v := range out {
		ft := &f.features[j]
		switch {
		case math.IsInf(float64(v), 0):
			return fmt.Errorf("transform %s makes %v of it: use a number, or NaN for a missing one", f.Kind(), v)
		case ft.Levels > 0 && v == v && !(v >= 0 && v < float32(ft.Levels) && v == float32(int(v))):
			return fmt.Errorf("transform %s makes code %v of it: feature %q has the levels 0 to %d", f.Kind(), v, ft.Name, ft.Levels-1)
		}
	}
	if len(e.Index) != len(e.Value) || len(e.Index) < from {
		return fmt.Errorf("transform %s makes %d sparse places for %d values", f.Kind(), len(e.Index), len(e.Value))
	}
	last := int32(-1)
	for k := from; k < len(e.Index); k++ {
		i, v := e.Index[k], float64(e.Value[k])
		if i <= last || int(i) >= f.sparse || v-v != 0 {
			return fmt.Errorf("transform %s makes sparse output %d = %v: places ascend from 0 to %d, values are numbers", f.Kind(), i, v, f.sparse-1)
		}
		last = i
	}
	return nil
}

// Column is the name of the column that the transform is of.
func (f *Fitting) Column() string { return f.col.Name }

// Rows is the number of training rows.
func (f *Fitting) Rows() int { return f.rows }

// Cell is the column's value in training row i.
func (f *Fitting) Cell(i int) Cell { return cellAt(f.col, i) }

// Other gives the values of the training rows of another column, in place of Cell. It
// fails if there is none of that name, or if it is the target.
func (f *Fitting) Other(name string) (cell func(i int) Cell, err error) {
	if name == f.target && name != "" {
		return nil, fmt.Errorf("column %q is the target", name)
	}
	c, err := Find(f.table, name)
	if err != nil {
		return nil, err
	}
	return func(i int) Cell { return cellAt(c, i) }, nil
}

// Params reads the parameters of the step into a pointer to a struct, whose fields keep
// their values where the step says nothing. Unknown parameters are an error.
func (f *Fitting) Params(p any) error {
	if err := decodeParams(f.params, p); err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	return nil
}

// Missing reports whether there is no value.
func (c Cell) Missing() bool { return c.kind == missing }

// Number is the value as a number, also where it is text that says one; NaN if it is
// missing, a date, or text that says none.
func (c Cell) Number() float64 {
	v, _ := c.number()
	return v
}

// Text is the value as text, dates as in RFC 3339 or as their column is written; "" if
// it is missing.
func (c Cell) Text() string { return c.text(nil) }

// Time is the value as a date, also where it is text that says one beginning with the
// year; ok is false if it is none.
func (c Cell) Time() (t time.Time, ok bool) {
	ns, ok := c.time(layoutsAfter(""))
	return time.Unix(0, ns).UTC(), ok
}
