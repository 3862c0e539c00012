package prepared

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kind is a way to make a column.
type kind uint8

const (
	given    kind = iota // feature of the frame
	computed             // left op right
	encoded              // the mean of target column class in groups of of
	counted              // log(1+n) of the number n of training rows in such a group
	averaged             // the mean of feature in such a group
)

// expr says what a column is made of.
type expr struct {
	kind        kind
	feature     int
	op          predictor.Op
	left, right *expr
	of          []int32 // features of the frame, ascending
	class       int
}

func feature(j int) *expr { return &expr{kind: given, feature: j} }

func compute(op predictor.Op, left, right *expr) *expr {
	return &expr{kind: computed, op: op, left: left, right: right}
}

var signs = map[predictor.Op]string{
	predictor.OpSum: "+", predictor.OpDifference: "-", predictor.OpProduct: "*", predictor.OpRatio: "/",
}

// name is the expression in words, such as "mean(age|city)" or "(a*b)/c". target
// has the columns of encodings.
func (e *expr) name(f *matrix.Frame, t *encode.Target) string {
	of := make([]string, len(e.of))
	for i, j := range e.of {
		of[i] = f.Features[j].Name
	}
	group := strings.Join(of, ",")
	switch e.kind {
	case given:
		return f.Features[e.feature].Name
	case encoded:
		if k := t.Classes[e.class]; len(t.Classes) > 1 {
			return fmt.Sprintf("target[%d](%s)", k, group)
		}
		return "target(" + group + ")"
	case counted:
		return "count(" + group + ")"
	case averaged:
		return "mean(" + f.Features[e.feature].Name + "|" + group + ")"
	}
	side := func(e *expr) string {
		if e.kind == computed {
			return "(" + e.name(f, t) + ")"
		}
		return e.name(f, t)
	}
	return side(e.left) + signs[e.op] + side(e.right)
}

// key is the same for equal expressions.
func (e *expr) key() string {
	if e.kind == computed {
		return fmt.Sprintf("(%s %d %s)", e.left.key(), e.op, e.right.key())
	}
	return fmt.Sprintf("%d %d %v %d", e.kind, e.feature, e.of, e.class)
}

// reads lists the features of the frame that the expression is made of, ascending.
func (e *expr) reads() []int32 {
	var out []int32
	switch e.kind {
	case computed:
		out = append(e.left.reads(), e.right.reads()...)
	case given, averaged:
		out = append(slices.Clone(e.of), int32(e.feature))
	default:
		out = slices.Clone(e.of)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// depth is the number of columns that have to be made one after the other.
func (e *expr) depth() int {
	switch e.kind {
	case given:
		return 0
	case computed:
		return 1 + max(e.left.depth(), e.right.depth())
	}
	return 1
}

// describe makes the frame's entry of the column.
func (e *expr) describe(f *matrix.Frame, t *encode.Target) matrix.Feature {
	out := matrix.Feature{Name: e.name(f, t)}
	for _, j := range e.reads() {
		for _, s := range f.Features[j].Sources {
			if !slices.Contains(out.Sources, s) {
				out.Sources = append(out.Sources, s)
			}
		}
	}
	return out
}
