package data

import (
	"math"
	"strconv"
)

// maxExact is the largest integer up to which float64 holds every integer.
const maxExact = 1 << 53

// numberClass says what a text cell is as a number.
type numberClass uint8

const (
	notNumber numberClass = iota
	plainNumber
	// labelNumber reads as a number, but texts that differ may share its value:
	// leading zeros and integers beyond 2^53.
	labelNumber
)

// ParseNumber parses a decimal number: optional sign, digits with an optional
// point, optional exponent, surrounding white space ignored; also inf and
// infinity in any case. A number too large for float64 is ±Inf. NaN, hexadecimal
// and digit separators are not numbers.
func ParseNumber(s string) (float64, bool) {
	v, class := parseNumber(s)
	return v, class != notNumber
}

// parseNumber is ParseNumber for cells of either type. Up to 19 digits are
// gathered in an integer: where that and the power of ten are exact, one
// multiplication or division rounds correctly (Clinger 1990); the rest goes to
// strconv.
func parseNumber[T string | []byte](s T) (float64, numberClass) {
	s = trim(s)
	i := 0
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i = 1
	}
	first := i
	var mantissa uint64
	kept, exponent := 0, 0 // significant digits in mantissa; power of ten
	exact := true
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			break
		}
		if kept == 19 {
			exponent++
			exact = false
			continue
		}
		mantissa = mantissa*10 + uint64(d)
		if mantissa != 0 {
			kept++
		}
	}
	digits := i - first
	class := plainNumber
	if digits > 1 && s[first] == '0' {
		class = labelNumber
	}
	if i == len(s) && digits > 0 { // an integer, the commonest cell
		if mantissa > maxExact {
			class = labelNumber
		}
		if exact && mantissa <= maxExact {
			return signed(float64(mantissa), negative), class
		}
		return parseSlow(s), class
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s); i++ {
			d := s[i] - '0'
			if d > 9 {
				break
			}
			digits++
			if kept == 19 {
				exact = false
				continue
			}
			exponent--
			mantissa = mantissa*10 + uint64(d)
			if mantissa != 0 {
				kept++
			}
		}
	}
	if digits == 0 {
		return infinity(s, first, negative)
	}
	if i < len(s) {
		e, ok := parseExponent(s, i)
		if !ok {
			return 0, notNumber
		}
		exponent += e
	}
	if exact && mantissa <= maxExact && exponent >= -22 && exponent <= 22 {
		v := float64(mantissa)
		if exponent < 0 {
			v /= powersOfTen[-exponent]
		} else {
			v *= powersOfTen[exponent]
		}
		return signed(v, negative), class
	}
	return parseSlow(s), class
}

// shortNumber is a fast path of parseNumber for the commonest cells: an optional
// minus, at most 15 digits, perhaps a point among them, no leading zeros.
func shortNumber(s []byte) (float64, bool) {
	if len(s) == 0 || len(s) > 16 {
		return 0, false
	}
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) == 0 || s[0] == '0' && len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	var mantissa uint64
	decimals := -1 // digits after the point; -1 before there is one
	for i, c := range s {
		if d := c - '0'; d <= 9 {
			mantissa = mantissa*10 + uint64(d)
		} else if c == '.' && decimals < 0 && i > 0 {
			decimals = len(s) - i - 1
		} else {
			return 0, false
		}
	}
	v := float64(mantissa)
	switch {
	case decimals > 0:
		v /= powersOfTen[decimals]
	case decimals < 0 && len(s) > 15:
		return 0, false
	}
	return signed(v, negative), true
}

// powersOfTen are those that float64 holds exactly.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

func signed(v float64, negative bool) float64 {
	if negative {
		return -v
	}
	return v
}

// parseSlow parses a cell known to have the form of a decimal number. The only
// error left is overflow, whose value is ±Inf as wanted.
func parseSlow[T string | []byte](s T) float64 {
	v, _ := strconv.ParseFloat(string(s), 64)
	return v
}

// parseExponent reads "e", an optional sign and digits, which must end the cell.
func parseExponent[T string | []byte](s T, i int) (int, bool) {
	if s[i] != 'e' && s[i] != 'E' {
		return 0, false
	}
	i++
	negative := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	if i == len(s) {
		return 0, false
	}
	e := 0
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		if e < 100000 { // far beyond any float64; keeps the sum from overflowing
			e = e*10 + int(d)
		}
	}
	if negative {
		e = -e
	}
	return e, true
}

func infinity[T string | []byte](s T, first int, negative bool) (float64, numberClass) {
	if word := s[first:]; equalFold(word, "inf") || equalFold(word, "infinity") {
		return signed(math.Inf(1), negative), plainNumber
	}
	return 0, notNumber
}

// IsMissing reports whether a text cell stands for a missing value: blank, or
// one of NA, N/A, NaN, null and ? in any case, surrounding white space ignored.
func IsMissing(s string) bool { return isMissing(s) }

func isMissing[T string | []byte](s T) bool {
	s = trim(s)
	switch len(s) {
	case 0:
		return true
	case 1:
		return s[0] == '?'
	case 2:
		return equalFold(s, "na")
	case 3:
		return equalFold(s, "nan") || equalFold(s, "n/a")
	case 4:
		return equalFold(s, "null")
	}
	return false
}

// equalFold compares with a lower-case ASCII word, ignoring the case of s.
func equalFold[T string | []byte](s T, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(lower) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// trim cuts ASCII white space off both ends.
func trim[T string | []byte](s T) T {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// Key returns the canonical form of a category, under which "1", "1.0" and the
// number 1 are one category, while "00501" and "501" are two, as are integers
// beyond 2^53 that float64 would merge. Surrounding white space is cut off;
// anything that is not a finite number is kept as it is.
func Key(s string) string {
	v, class := parseNumber(s)
	if class == plainNumber && !math.IsInf(v, 0) {
		return NumberKey(v)
	}
	return trim(s)
}

// NumberKey is the Key of a number: its shortest form, "" for NaN, "0" for -0.
func NumberKey(v float64) string {
	if v == 0 {
		return "0"
	}
	return string(AppendNumber(nil, v))
}

// AppendNumber appends the shortest decimal form that parses back to v, without
// an exponent from 1e-6 up to 2^53; nothing for NaN.
func AppendNumber(dst []byte, v float64) []byte { return appendFloat(dst, v, 64) }

// AppendNumber32 is AppendNumber with the shortest form that parses back to the
// float32.
func AppendNumber32(dst []byte, v float32) []byte { return appendFloat(dst, float64(v), 32) }

func appendFloat(dst []byte, v float64, bits int) []byte {
	size := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return dst
	case size < maxExact && v == math.Trunc(v) && (v != 0 || !math.Signbit(v)):
		return strconv.AppendInt(dst, int64(v), 10)
	case size == 0, size >= 1e-6 && size <= maxExact:
		return strconv.AppendFloat(dst, v, 'f', -1, bits)
	default:
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	}
}
