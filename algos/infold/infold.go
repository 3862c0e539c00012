package infold

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Fit fits a learner on what it is to see of a frame: features with an Encoding as numbers,
// a column for each class of more than two, and at most most of the others, or what
// the parameter Select asks for, those that tell most of the target by themselves; 0
// means all. With constraints on
// features, which name them, all stay. Where there is nothing to do, it is l.Fit.
//
// ranks, if not nil, remembers what a choice was made from.
//
// The predictor reads the frame that r has. Training and validation rows must be of one
// matrix, and r must have no Init where there is something to do.
func Fit(ctx context.Context, l algos.Learner, r *algos.Request, most int, ranks *Ranks) (*algos.Fitted, error) {
	most = given(r.Params, most)
	if !needed(r, most) {
		return l.Fit(ctx, r)
	}
	switch {
	case r.Init != nil:
		return nil, errors.New("a fit cannot go on from a model where features are encoded or chosen by the target")
	case len(r.Valid.Rows) > 0 && r.Valid.M != r.Train.M:
		return nil, errors.New("validation rows of another matrix, where features are encoded or chosen by the target")
	}
	s, err := newShaped(r, most, ranks)
	if err != nil {
		return nil, err
	}
	fitted, err := l.Fit(ctx, &s.request)
	if err != nil || fitted == nil || fitted.Predictor == nil {
		return fitted, err
	}
	out := *fitted
	out.Predictor, err = s.predictor(fitted.Predictor)
	return &out, err
}

// needed says that a learner is not to see the frame as it is.
func needed(r *algos.Request, most int) bool {
	n := len(plain(r.Train.M.Frame))
	return n < len(r.Train.M.Frame.Features) || most > 0 && n > most && !constrained(r)
}

// constrained says that parameters speak of features.
func constrained(r *algos.Request) bool {
	return r.Params.String("monotone_constraints", "") != "" || r.Params.String("interaction_constraints", "") != ""
}

// shaped is a request on a frame of its own.
type shaped struct {
	request  algos.Request
	features int // of the frame that it is made of
	sources  []predictor.Source
	lookups  []predictor.Lookup
}

func newShaped(r *algos.Request, most int, ranks *Ranks) (*shaped, error) {
	own := *r
	own.Train.Rows = nil // those with weight
	if err := r.EachRow(func(row int32, _, _ float32) error {
		own.Train.Rows = append(own.Train.Rows, row)
		return nil
	}); err != nil {
		return nil, err
	}
	frame := r.Train.M.Frame
	s := &shaped{request: *r, features: len(frame.Features)}
	target := encode.NewTarget(&own, encode.Classes(&own))
	out := &matrix.Frame{Rows: frame.Rows, Sparse: frame.Sparse}
	for _, j := range ranks.chosen(&own, target, most) {
		s.sources = append(s.sources, predictor.Source{Table: -1, At: j})
		out.Features, out.Cols = append(out.Features, frame.Features[j]), append(out.Cols, frame.Cols[j])
	}
	for j := range frame.Features {
		if frame.Features[j].Encoding != nil {
			if err := s.encode(&own, target, j, out); err != nil {
				return nil, err
			}
		}
	}
	m := matrix.New(out, encoderOf(out, own.Train.Rows, r.Threads), r.Threads)
	s.request.Train.M, s.request.Valid.M = m, m
	return s, nil
}

// encode puts the columns that feature j becomes behind those of out.
func (s *shaped) encode(r *algos.Request, target *encode.Target, j int, out *matrix.Frame) error {
	frame := r.Train.M.Frame
	f := frame.Features[j]
	if err := f.Encoding.Check(); err != nil {
		return fmt.Errorf("feature %q: %w", f.Name, err)
	}
	g := encode.NewGrouping(frame, []int32{int32(j)}, []int32{int32(f.Levels)}, r.Train.Rows)
	at := g.At(r.Train.Rows)
	table := predictor.Lookup{Features: g.Features, Levels: g.Levels, Keys: g.Keys,
		Default: make([]float32, len(target.Classes)), Values: make([]float32, len(g.Keys)*len(target.Classes))}
	for c, class := range target.Classes {
		e := target.Encode(c, at, len(g.Keys), f.Encoding.Smooth, f.Encoding.By)
		table.Default[c] = float32(e.None)
		whole := make([]float32, len(g.Keys))
		for k, v := range e.Whole {
			whole[k] = float32(v)
			table.Values[k*len(target.Classes)+c] = whole[k]
		}
		col := g.Column(whole, table.Default[c], r.Train.Rows, e.Train)
		name := f.Name
		if len(target.Classes) > 1 {
			name = fmt.Sprintf("%s[%d]", f.Name, class)
		}
		s.sources = append(s.sources, predictor.Source{Table: int32(len(s.lookups)), At: int32(c)})
		out.Features, out.Cols = append(out.Features, matrix.Feature{Name: name, Sources: f.Sources}), append(out.Cols, col)
	}
	s.lookups = append(s.lookups, table)
	return nil
}

// encoderOf fits the encoder of the dense view to the training rows.
func encoderOf(f *matrix.Frame, rows []int32, threads int) *matrix.Encoder {
	part := &matrix.Frame{Rows: len(rows), Features: f.Features, Cols: make([][]float32, len(f.Cols))}
	algos.Each(len(f.Cols), threads, func(j int) {
		part.Cols[j] = algos.Pick(f.Cols[j], rows)
	})
	return matrix.FitEncoder(part, len(rows))
}

// predictor makes what predicts from the frame. Trees stay trees, which are written to
// other formats and explained exactly.
func (s *shaped) predictor(inner predictor.Predictor) (predictor.Predictor, error) {
	trees, ok := inner.(*predictor.Trees)
	if !ok {
		return predictor.NewReshaped(s.features, s.lookups, s.sources, s.request.Train.M.Encoder, inner)
	}
	var derived []predictor.Derived
	place := make([]int32, len(s.sources))
	for k, from := range s.sources {
		if place[k] = from.At; from.Table >= 0 {
			place[k] = int32(s.features + len(derived))
			derived = append(derived, predictor.Derived{Op: predictor.OpLookup, A: from.Table, B: from.At})
		}
	}
	trees = trees.Behind(func(j int32) int32 { return place[j] })
	if len(derived) == 0 {
		return trees, nil
	}
	return predictor.NewPrepared(s.features, s.lookups, derived, trees)
}
