package featurize

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/strictjson"
)

// parameters are what a step says of its kind, read from JSON over the defaults and
// checked before anything is fitted, by For and Check alike.
type parameters interface {
	// check reports values out of range, whatever the table.
	check() error
	// fit looks at training rows alone.
	fit(f Fitting) (Transform, error)
}

// pairing parameters name another column.
type pairing interface {
	// other finds that column and says why it will not do.
	other(f Fitting) (*data.Column, error)
}

// of reads the parameters of a kind, whose type is P, over their defaults.
func of[P any, PP interface {
	*P
	parameters
}](defaults P) func(raw json.RawMessage) (parameters, error) {
	return func(raw json.RawMessage) (parameters, error) {
		p := defaults
		return PP(&p), readParams(raw, PP(&p))
	}
}

// noParams are those of a kind that takes none.
type noParams struct {
	make func(f Fitting) (Transform, error)
}

func (noParams) check() error                       { return nil }
func (p noParams) fit(f Fitting) (Transform, error) { return p.make(f) }

// readParams reads and checks the parameters of a step; p has the defaults.
func readParams(raw json.RawMessage, p interface{ check() error }) error {
	err := decodeParams(raw, p)
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	return nil
}

// decodeParams reads JSON into a pointer to a struct; what the struct does not have is an
// error.
func decodeParams(raw json.RawMessage, p any) error {
	if len(raw) == 0 {
		return nil
	}
	return strictjson.Decode(raw, p)
}

// parameters reads what the step says of its kind.
func (s Step) parameters() (parameters, error) {
	k, err := kindOf(s.Kind)
	if err != nil {
		return nil, err
	}
	return k.read(s.Params)
}

// check reports what is wrong with the step and those that follow it whatever the column:
// unknown kinds, parameters that they do not take, steps that cannot follow.
func (s Step) check() error {
	if _, err := s.parameters(); err != nil {
		return err
	}
	if len(s.Then) >= maxStages {
		return fmt.Errorf("%d steps follow it: at most %d can", len(s.Then), maxStages-1)
	}
	before := s.Kind
	for _, next := range s.Then {
		if err := next.follows(before); err != nil {
			return fmt.Errorf("then %s: %w", next.Kind, err)
		}
		before = next.Kind
	}
	return nil
}

// follows says why a step cannot be made of what a step of another kind makes.
func (s Step) follows(before string) error {
	k, err := kindOf(s.Kind)
	if err != nil {
		return err
	}
	if len(s.Then) > 0 {
		return errors.New("what follows it is to stand behind it in the same list")
	}
	if before == "text" || before == "chars" {
		if s.Kind != "svd" {
			return errors.New("only svd can follow words or runs of characters, which are too many for others")
		}
		return readParams(s.Params, &directionParams{Components: defaultComponents})
	}
	p, err := k.read(s.Params)
	if err != nil {
		return err
	}
	switch _, pairs := p.(pairing); {
	case targets(before):
		return errors.New("nothing can follow what is made of the target, which is fitted with each model")
	case !slices.Contains(k.types, Numeric) || s.Kind == "text" || s.Kind == "chars":
		return errors.New("it cannot follow another transform, since it is not for numbers")
	case pairs:
		return errors.New("it cannot follow another transform, since it needs a second column")
	}
	return nil
}
