package predictor

import (
	"errors"
	"fmt"
	"sync"
)

// ErrUnknownKind is wrapped by errors for predictors that this program does not know: a
// newer version has them, or [Register] was not called.
var ErrUnknownKind = errors.New("unknown predictor")

// Decoder reads what a predictor's Append wrote. It checks every index against the inputs, since
// bundles may come from anywhere.
type Decoder func(b []byte, in Inputs) (Predictor, error)

var registered = struct {
	sync.RWMutex
	decoders map[string]Decoder
}{decoders: map[string]Decoder{}}

// Register makes predictors of a kind of your own known to bundles, in every program that
// trains, loads or runs trials with them. It fails if the kind is empty or known already.
func Register(kind string, d Decoder) error {
	if kind == "" || d == nil {
		return errors.New("a predictor without kind or decoder")
	}
	registered.Lock()
	defer registered.Unlock()
	if _, twice := registered.decoders[kind]; twice || builtIn(kind) {
		return fmt.Errorf("predictor %q is registered already", kind)
	}
	registered.decoders[kind] = d
	return nil
}

func builtIn(kind string) bool {
	switch kind {
	case kindConstant, kindTrees, kindStatistics, kindPrepared, kindTexted, kindReshaped, kindMLP, kindAdditive, kindBayes, kindNeighbors, kindKernel, kindLinear:
		return true
	}
	return false
}

// decodeRegistered is Decode for kinds of users.
func decodeRegistered(kind string, b []byte, in Inputs) (p Predictor, err error) {
	registered.RLock()
	d, ok := registered.decoders[kind]
	registered.RUnlock()
	if !ok {
		return nil, fmt.Errorf("%w %q: a newer version made it, or a learner of your own is to be registered first", ErrUnknownKind, kind)
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("predictor %q: panicked: %v", kind, v)
		}
	}()
	if p, err = d(b, in); err == nil && (p == nil || p.Kind() != kind) {
		err = fmt.Errorf("predictor %q: its decoder makes none", kind)
	}
	return p, err
}
