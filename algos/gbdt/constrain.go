package gbdt

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/search"
)

// constrain reads monotone_constraints and interaction_constraints, which speak
// of the frame's features. The first is a JSON object of directions by name,
// {"age":1,"price":-1}, or a list with a direction for each feature, [1,0,-1];
// the second a JSON list of groups of names or numbers (from 0), [["age","sex"],[3,4]].
// Features on a path from the root share a group; those in no group are not used.
func (s *settings) constrain(p search.Params, f *matrix.Frame) error {
	if text := p.String("monotone_constraints", ""); text != "" {
		if err := s.readMonotone(text, f); err != nil {
			return fmt.Errorf("parameter monotone_constraints: %w", err)
		}
	}
	if text := p.String("interaction_constraints", ""); text != "" {
		if err := s.readGroups(text, f); err != nil {
			return fmt.Errorf("parameter interaction_constraints: %w", err)
		}
	}
	return nil
}

// Monotone implements algos.Monotone.
func (Learner) Monotone(ways map[string]int) search.Params {
	text, err := json.Marshal(ways) // sorted by name
	if err != nil {
		return nil // a map of numbers always has a JSON form
	}
	return search.Params{"monotone_constraints": string(text)}
}

func (s *settings) readMonotone(text string, f *matrix.Frame) error {
	ways := make([]int8, len(f.Features))
	var list []int8
	byName := map[string]int8{}
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("use a list of 1, 0 and -1 or an object: %w", err)
		}
		if len(list) != len(ways) {
			return fmt.Errorf("%d directions for %d features: give one each or use an object of names", len(list), len(ways))
		}
		copy(ways, list)
	} else if err := json.Unmarshal([]byte(text), &byName); err != nil {
		return fmt.Errorf(`use an object such as {"age":1}: %w`, err)
	}
	for name, way := range byName {
		j, err := featureNamed(f, name)
		if err != nil {
			return err
		}
		ways[j] = way
	}
	for j, way := range ways {
		switch {
		case way < -1 || way > 1:
			return fmt.Errorf("direction %d of feature %q: use 1, 0 or -1", way, f.Features[j].Name)
		case way != 0 && f.Features[j].Levels > 0:
			return fmt.Errorf("feature %q is categorical and has no direction", f.Features[j].Name)
		case way != 0:
			s.monotone = ways
		}
	}
	return nil
}

func (s *settings) readGroups(text string, f *matrix.Frame) error {
	var groups [][]any
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		return fmt.Errorf(`use a list of lists such as [["age","sex"],[3,4]]: %w`, err)
	}
	for _, members := range groups {
		var group []int32
		for _, m := range members {
			j, err := featureOf(f, m)
			if err != nil {
				return err
			}
			group = append(group, int32(j))
		}
		s.groups = append(s.groups, group)
	}
	return nil
}

func featureOf(f *matrix.Frame, m any) (int, error) {
	switch m := m.(type) {
	case string:
		return featureNamed(f, m)
	case float64:
		if j := int(m); float64(j) == m && j >= 0 && j < len(f.Features) {
			return j, nil
		}
		return 0, fmt.Errorf("no feature number %v: there are %d, from 0", m, len(f.Features))
	}
	return 0, fmt.Errorf("%v is neither a feature's name nor its number", m)
}

func featureNamed(f *matrix.Frame, name string) (int, error) {
	for j := range f.Features {
		if f.Features[j].Name == name {
			return j, nil
		}
	}
	return 0, fmt.Errorf("no feature %q", name)
}
