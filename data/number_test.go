package data

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, c := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"7", 7, true}, {" 7\t", 7, true}, {"+7", 7, true}, {"00501", 501, true},
		{"1.5", 1.5, true}, {".5", .5, true}, {"5.", 5, true}, {"-.5e1", -5, true}, {"1e3", 1000, true}, {"1E-3", .001, true},
		{"9007199254740993", 9007199254740992, true}, {"123456789012345678901234567890", 123456789012345678901234567890, true},
		{"0.1234567890123456789012345", 0.1234567890123456789012345, true}, {"1e400", inf, true}, {"-1e400", -inf, true},
		{"1e-400", 0, true}, {"1e99999999999999999999", inf, true},
		{"inf", inf, true}, {"-Infinity", -inf, true}, {"INF", inf, true},
		{"4.35", 4.35, true}, {"0.000001", 1e-6, true}, {"1e22", 1e22, true}, {"1e23", 1e23, true},
		{"", 0, false}, {" ", 0, false}, {"-", 0, false}, {".", 0, false}, {"e5", 0, false}, {"1e", 0, false}, {"1e+", 0, false},
		{"1e5x", 0, false}, {"0x10", 0, false}, {"1_000", 0, false}, {"1,5", 0, false}, {"nan", 0, false}, {"NaN", 0, false},
		{"1.2.3", 0, false}, {"1 2", 0, false}, {"--1", 0, false}, {"infinit", 0, false}, {"in", 0, false}, {"１", 0, false},
	} {
		got, ok := ParseNumber(c.text)
		if got != c.want || ok != c.ok {
			t.Errorf("ParseNumber(%q) = %v, %v, want %v, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// decimal draws texts that strconv reads, of the forms files hold.
func decimal(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`[-+]?[0-9]{1,25}`),
		rapid.StringMatching(`[-+]?[0-9]{0,20}\.[0-9]{1,25}`),
		rapid.StringMatching(`-?[0-9]{1,5}\.?[0-9]{0,5}[eE][-+]?[0-9]{1,3}`),
		rapid.Map(rapid.Float64(), func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }),
	).Draw(t, "text")
}

func TestNumbersAreRoundedAsByStrconv(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := decimal(t)
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(want, 0) {
			t.Skip("not a number to strconv")
		}
		got, ok := ParseNumber(text)
		if !ok || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("ParseNumber(%q) = %v, %v, strconv %v", text, got, ok, want)
		}
		if short, ok := shortNumber([]byte(text)); ok {
			v, class := parseNumber(text)
			if math.Float64bits(short) != math.Float64bits(v) || class != plainNumber {
				t.Fatalf("shortNumber(%q) = %v, parseNumber %v of class %v", text, short, v, class)
			}
		}
	})
}

// FuzzNumber holds every text that is taken as a number against strconv.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "-1.5e3", "inf", "00501", "1e", "0x1p3", "9007199254740993", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseNumber(text)
		want, err := strconv.ParseFloat(trim(text), 64)
		accepted := (err == nil || math.IsInf(want, 0)) && !math.IsNaN(want) && !strings.ContainsAny(text, "xXpP_")
		if ok != accepted || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("ParseNumber(%q) = %v, %v, strconv %v, %v", text, got, ok, want, err)
		}
		if short, ok := shortNumber([]byte(text)); ok && math.Float64bits(short) != math.Float64bits(want) {
			t.Errorf("shortNumber(%q) = %v, strconv %v", text, short, want)
		}
	})
}

func TestTextOfNumberReadsBackPlain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return
		}
		text := string(AppendNumber(nil, v))
		got, class := parseNumber(text)
		if math.Float64bits(got) != math.Float64bits(v) || class != plainNumber {
			t.Fatalf("%v is written as %q, which reads as %v of class %v", v, text, got, class)
		}
		v32 := float32(v)
		got32, _ := ParseNumber(string(AppendNumber32(nil, v32)))
		if !math.IsInf(float64(v32), 0) && float32(got32) != v32 {
			t.Fatalf("%v is written as %q", v32, AppendNumber32(nil, v32))
		}
	})
}

func TestKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1": "1", "1.0": "1", "1.": "1", "+1": "1", "1e0": "1", " 1 ": "1", "-0": "0", "0.50": "0.5",
		"00501": "00501", "501": "501", "9007199254740993": "9007199254740993", "9007199254740992": "9007199254740992",
		" a b ": "a b", "": "", "inf": "inf", "1e20": "1e+20", "0.0000001": "1e-07",
	} {
		if got := Key(text); got != want {
			t.Errorf("Key(%q) = %q, want %q", text, got, want)
		}
	}
	if NumberKey(1) != Key("1.0") || NumberKey(math.Copysign(0, -1)) != "0" || NumberKey(math.NaN()) != "" {
		t.Error("NumberKey disagrees with Key")
	}
}

func TestIsMissing(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", "\t\r\n", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "Null", "?", " ? "} {
		if !IsMissing(s) {
			t.Errorf("%q is not missing", s)
		}
	}
	for _, s := range []string{"0", "None", "-", "??", "n a", "nil", "nulls", "N/AA"} {
		if IsMissing(s) {
			t.Errorf("%q is missing", s)
		}
	}
}
