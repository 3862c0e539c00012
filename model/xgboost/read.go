package xgboost

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxWidth bounds the classes or targets of a model.
const maxWidth = 1 << 16

// file is what is read of a JSON model, before it is looked at.
type file struct {
	learner   bool
	hasModel  bool
	booster   string
	names     []string
	types     []string
	objective string
	base      []float64
	hasBase   bool

	features, classes, targets int32

	trees  []rawTree
	info   []int32 // the sum of each tree
	levels [][]string
	// garbled features have names of categories that cannot be told apart.
	garbled []bool
}

// Read reads a model. Errors say what is wrong where: what the format has but
// this package does not hold, a damaged file, or something else altogether.
func Read(r io.Reader) (*Model, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("xgboost model: %w", err)
	}
	m, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("xgboost model: %w", err)
	}
	return m, nil
}

func parse(b []byte) (*Model, error) {
	if err := sniff(b); err != nil {
		return nil, err
	}
	s := &scanner{b: b}
	f := &file{}
	s.object(func(key string) {
		switch key {
		case "learner":
			f.readLearner(s)
		default:
			s.skip()
		}
	})
	if s.err == nil && s.peek() != 0 {
		s.failf("there is more after the model")
	}
	if s.err != nil {
		return nil, s.err
	}
	if !f.learner {
		return nil, errors.New(`no "learner": save the model with save_model("model.json")`)
	}
	return f.model(len(b))
}

// sniff refuses what is no JSON model by the name of what it is.
func sniff(b []byte) error {
	text := strings.TrimLeft(string(b[:min(len(b), 64)]), " \t\r\n")
	switch {
	case text == "":
		return errors.New("empty file")
	case strings.HasPrefix(text, "binf"), strings.HasPrefix(text, "bs64"):
		return errors.New("the old binary format: load it with XGBoost before 3.1 and save it as model.json")
	case text[0] == '{' && len(text) > 1 && strings.IndexByte("LlIiU$#", text[1]) >= 0:
		return errors.New("UBJSON (the format of .ubj): save the model as model.json")
	case text[0] == '[':
		return errors.New("a list, as dump_model writes it: save the model with save_model")
	case text[0] != '{':
		return errors.New("not JSON: it does not begin with {")
	}
	return nil
}

func (f *file) readLearner(s *scanner) {
	f.learner = true
	s.object(func(key string) {
		switch key {
		case "feature_names":
			f.names = s.texts()
		case "feature_types":
			f.types = s.texts()
		case "gradient_booster":
			f.readBooster(s)
		case "learner_model_param":
			f.readParams(s)
		case "objective":
			s.object(func(key string) {
				if key == "name" {
					f.objective = s.text()
				} else {
					s.skip()
				}
			})
		default:
			s.skip()
		}
	})
}

func (f *file) readParams(s *scanner) {
	s.object(func(key string) {
		switch key {
		case "base_score":
			text := ""
			if s.peek() == '"' {
				text = s.text()
			} else {
				text = s.word()
			}
			f.hasBase = true
			var err error
			if f.base, err = parseBase(text); err != nil {
				s.failf("%v", err)
			}
		case "num_feature":
			f.features = s.integer()
		case "num_class":
			f.classes = s.integer()
		case "num_target":
			f.targets = s.integer()
		default:
			s.skip()
		}
	})
}

// parseBase reads an intercept: one number, or from version 3.1 on a list of
// them. They are float32.
func parseBase(text string) ([]float64, error) {
	inner, list := strings.CutPrefix(strings.TrimSpace(text), "[")
	if list {
		inner = strings.TrimSuffix(inner, "]")
	}
	var out []float64
	for part := range strings.SplitSeq(inner, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 32)
		if err != nil {
			return nil, fmt.Errorf("base_score %.40q is not a number or a list of them", text)
		}
		out = append(out, v)
	}
	return out, nil
}

func (f *file) readBooster(s *scanner) {
	s.object(func(key string) {
		switch key {
		case "name":
			f.booster = s.text()
		case "model":
			f.readModel(s)
		default:
			s.skip()
		}
	})
}

func (f *file) readModel(s *scanner) {
	f.hasModel = true
	s.object(func(key string) {
		switch {
		case key == "trees":
			s.array(func() { f.trees = append(f.trees, readTree(s)) })
		case key == "tree_info":
			f.info = s.integers()
		case key == "cats" && s.peek() == '{':
			f.readCats(s)
		default:
			s.skip()
		}
	})
}

// readCats reads the categories of each feature: words as offsets into signed
// bytes, or integers.
func (f *file) readCats(s *scanner) {
	s.object(func(key string) {
		if key != "enc" {
			s.skip()
			return
		}
		s.array(func() {
			levels, ok := readLevels(s)
			f.levels = append(f.levels, levels)
			f.garbled = append(f.garbled, !ok)
		})
	})
}

// readLevels reads the categories of a feature. ok is false if they have letters
// outside of ASCII: XGBoost 3.2 counts the letters of the names, but stores
// their bytes, so that where names begin is lost.
func readLevels(s *scanner) (levels []string, ok bool) {
	var offsets []int32
	hasOffsets, ascii := false, true
	var values []byte
	var numbers []string
	s.object(func(key string) {
		switch key {
		case "offsets":
			hasOffsets = true
			offsets = s.integers()
		case "values":
			s.array(func() {
				w := s.word()
				v, err := strconv.ParseInt(w, 10, 64)
				if err != nil {
					s.failf("category %.20q is not a whole number", w)
				}
				numbers = append(numbers, w)
				values = append(values, byte(v))
				ascii = ascii && v >= 0 && v < 128
			})
		default:
			s.skip()
		}
	})
	switch {
	case s.err != nil || !hasOffsets:
		return numbers, true
	case !ascii:
		return nil, false
	}
	levels = make([]string, max(0, len(offsets)-1))
	for i := range levels {
		lo, hi := offsets[i], offsets[i+1]
		if lo < 0 || lo > hi || int(hi) > len(values) {
			s.failf("category %d lies outside of its feature's text", i)
			return nil, true
		}
		levels[i] = string(values[lo:hi])
	}
	return levels, true
}
