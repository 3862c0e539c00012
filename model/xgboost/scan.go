package xgboost

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of values; XGBoost writes about seven levels.
const maxDepth = 64

// scanner reads JSON value by value, so that large arrays of numbers go
// straight to where they are wanted. It takes NaN and Infinity too, which
// XGBoost writes. The first error sticks and ends all loops.
type scanner struct {
	b     []byte
	i     int
	depth int
	err   error
}

func (s *scanner) failf(format string, a ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: "+format, append([]any{s.i}, a...)...)
	}
	s.i = len(s.b)
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take consumes c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.i >= len(s.b) {
		return false
	}
	s.i++
	return true
}

func (s *scanner) want(c byte) {
	if !s.take(c) && s.err == nil {
		if s.i >= len(s.b) {
			s.failf("ends too early: is the file whole?")
			return
		}
		s.failf("%q where %q should be", s.b[s.i], c)
	}
}

// list reads what stands between open and close, separated by commas.
func (s *scanner) list(open, end byte, item func()) {
	s.want(open)
	if s.depth++; s.depth > maxDepth {
		s.failf("nested more than %d deep", maxDepth)
	}
	if s.err == nil && !s.take(end) {
		for item(); s.take(','); {
			item()
		}
		s.want(end)
	}
	s.depth--
}

// object reads an object; field must consume the value of key.
func (s *scanner) object(field func(key string)) {
	s.list('{', '}', func() {
		key := s.text()
		s.want(':')
		if s.err == nil {
			field(key)
		}
	})
}

// array reads an array; item must consume an element.
func (s *scanner) array(item func()) { s.list('[', ']', item) }

// text reads a string.
func (s *scanner) text() string {
	s.want('"')
	start, plain := s.i, true
	for ; s.i < len(s.b) && s.b[s.i] != '"'; s.i++ {
		if s.b[s.i] == '\\' {
			plain = false
			s.i++
		}
	}
	if s.i >= len(s.b) {
		s.failf("a string without an end: is the file whole?")
		return ""
	}
	s.i++
	if plain {
		return strings.ToValidUTF8(string(s.b[start:s.i-1]), "\uFFFD")
	}
	var v string
	if err := json.Unmarshal(s.b[start-1:s.i], &v); err != nil {
		s.failf("string: %v", err)
	}
	return v
}

// word is the literal or number that comes next.
func (s *scanner) word() string {
	s.peek()
	start := s.i
	for s.i < len(s.b) && strings.IndexByte(",]} \t\r\n:", s.b[s.i]) < 0 {
		s.i++
	}
	return string(s.b[start:s.i])
}

// number reads a number of the given bits, or one in quotes, as XGBoost writes
// its parameters.
func (s *scanner) number(bits int) float64 {
	var w string
	if s.peek() == '"' {
		w = s.text()
	} else {
		w = s.word()
	}
	if s.err != nil {
		return 0
	}
	v, err := parseNumber(w, bits)
	if err != nil {
		s.failf("%v", err)
	}
	return v
}

func parseNumber(w string, bits int) (float64, error) {
	switch w {
	case "NaN", "-NaN":
		return math.NaN(), nil
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	v, err := strconv.ParseFloat(w, bits)
	if err != nil && !math.IsInf(v, 0) || strings.ContainsAny(w, "xXpP_") {
		return 0, fmt.Errorf("%.20q is not a number", w)
	}
	return v, nil
}

// integer reads a whole number that int32 holds.
func (s *scanner) integer() int32 {
	v := s.number(64)
	if v != math.Trunc(v) || v < math.MinInt32 || v > math.MaxInt32 {
		s.failf("%v where a whole number of 32 bits should be", v)
		return 0
	}
	return int32(v)
}

func (s *scanner) integers() (out []int32) {
	s.array(func() { out = append(out, s.integer()) })
	return out
}

func (s *scanner) floats() (out []float32) {
	s.array(func() { out = append(out, float32(s.number(32))) })
	return out
}

func (s *scanner) texts() (out []string) {
	s.array(func() { out = append(out, s.text()) })
	return out
}

// skip reads any value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.object(func(string) { s.skip() })
	case '[':
		s.array(s.skip)
	case '"':
		s.text()
	default:
		if w := s.word(); w != "null" && s.err == nil {
			if _, err := parseNumber(w, 64); err != nil {
				s.failf("%v", err)
			}
		}
	}
}
