package data

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// build makes a column of cells as a reader does.
func build(b *Builder, cells ...string) *Column {
	for i := 0; i < len(cells); i++ {
		if !b.Append([]byte(cells[i])) {
			i = -1
		}
	}
	return b.Column()
}

func TestBuilderInfersKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cells []string
		kind  Kind
		texts []string
	}{
		"integers":             {[]string{"1", "", "-2"}, Number, []string{"1", "", "-2"}},
		"decimals":             {[]string{"1.50", "NA", "1e3"}, Number, []string{"1.5", "", "1000"}},
		"words":                {[]string{"a", "b", "", "a"}, String, []string{"a", "b", "", "a"}},
		"numbers and a word":   {[]string{"1.0", "2", "1", "x"}, String, []string{"1.0", "2", "1", "x"}},
		"leading zeros":        {[]string{"501", "00501"}, String, []string{"501", "00501"}},
		"beyond 2^53":          {[]string{"9007199254740993", "9007199254740992"}, String, []string{"9007199254740993", "9007199254740992"}},
		"2^53 itself":          {[]string{"9007199254740992"}, Number, []string{"9007199254740992"}},
		"large floats":         {[]string{"1e300", "0.5"}, Number, []string{"1e+300", "0.5"}},
		"missing alone":        {[]string{"", "?", "null"}, Number, []string{"", "", ""}},
		"missing then words":   {[]string{"", "NA", "x"}, String, []string{"", "", "x"}},
		"dates":                {[]string{"2024-02-29", "", "1999-12-31"}, Time, []string{"2024-02-29", "", "1999-12-31"}},
		"an impossible date":   {[]string{"2024-02-30", "1999-12-31"}, String, []string{"2024-02-30", "1999-12-31"}},
		"a date too far":       {[]string{"9999-12-31", "1999-12-31"}, String, []string{"9999-12-31", "1999-12-31"}},
		"day first by one":     {[]string{"03/04/2024", "13/04/2024"}, Time, []string{"03/04/2024", "13/04/2024"}},
		"RFC 3339":             {[]string{"2013-01-07T23:00:00Z", "2013-01-07T23:00:00.5+02:00"}, Time, []string{"2013-01-07T23:00:00Z", "2013-01-07T21:00:00.5Z"}},
		"space, fractions":     {[]string{"2013-01-07 23:00:00", "2013-01-07 23:00:00.25"}, Time, []string{"2013-01-07 23:00:00", "2013-01-07 23:00:00.25"}},
		"month names":          {[]string{"07-Jan-2013", "31-Dec-1999"}, Time, []string{"07-Jan-2013", "31-Dec-1999"}},
		"dates and a number":   {[]string{"2024-02-29", "5"}, String, []string{"2024-02-29", "5"}},
		"versions, not times":  {[]string{"10.1.2", "9.3.1"}, String, []string{"10.1.2", "9.3.1"}},
		"codes, not times":     {[]string{"A-2001", "B-2002"}, String, []string{"A-2001", "B-2002"}},
		"years are numbers":    {[]string{"2013", "2014"}, Number, []string{"2013", "2014"}},
		"infinities among it":  {[]string{"1", "inf", "-Infinity"}, Number, []string{"1", "", ""}},
		"infinity among words": {[]string{"inf", "x"}, String, []string{"inf", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			col := build(NewBuilder("c", len(c.cells)), c.cells...)
			var texts []string
			for i := range col.Len() {
				texts = append(texts, col.Text(i))
			}
			if col.Kind != c.kind || !slices.Equal(texts, c.texts) {
				t.Errorf("kind %d, layout %q, texts %q", col.Kind, col.Layout, texts)
			}
		})
	}
}

func TestAmbiguousDatesAreMonthFirstWithSlashes(t *testing.T) {
	t.Parallel()
	c := build(NewBuilder("c", 1), "03/04/2024")
	if c.Layout != "01/02/2006" {
		t.Errorf("layout %q", c.Layout)
	}
	dayFirst, bad := c.TimeView("02/01/2006")
	if want, _ := ParseTime("2024-04-03", "2006-01-02"); dayFirst[0] != want || bad != 0 {
		t.Errorf("read day first: %v, %d bad", dayFirst, bad)
	}
	if again, _ := build(NewBuilder("c", 1), "13/04/2024").TimeView("01/02/2006"); again[0] == MissingTime {
		t.Error("a date that the other order cannot read is lost")
	}
}

func TestInfiniteCellsAreCounted(t *testing.T) {
	t.Parallel()
	c := build(NewBuilder("c", 4), "1", "inf", "1e999", "")
	if c.Infinite != 2 || !c.Missing(1) || !c.Missing(2) {
		t.Errorf("%+v", c)
	}
}

func TestTextBuilderKeepsNumbersAsText(t *testing.T) {
	t.Parallel()
	c := build(NewTextBuilder("c", 3), "1", "2.0", "")
	if c.Kind != String || c.Text(1) != "2.0" || !c.Missing(2) {
		t.Errorf("%+v", c)
	}
	if c := build(NewTextBuilder("c", 2), "", ""); c.Kind != String || !c.Missing(0) {
		t.Errorf("%+v", c)
	}
}

func TestNumericView(t *testing.T) {
	t.Parallel()
	values, bad := build(NewBuilder("c", 6), "007", "x", "", "1.5", "x", "inf").NumericView()
	want := []float64{7, math.NaN(), math.NaN(), 1.5, math.NaN(), math.NaN()}
	if d := cmp.Diff(want, values, cmpopts.EquateNaNs()); d != "" || bad != 2 {
		t.Errorf("bad %d, %s", bad, d)
	}
	if _, bad := build(NewBuilder("c", 2), "2024-02-29", "").NumericView(); bad != 1 {
		t.Errorf("a time is a number: %d", bad)
	}
}

func TestTimeView(t *testing.T) {
	t.Parallel()
	times, bad := build(NewBuilder("c", 3), "2024-02-29", "soon", "").TimeView("2006-01-02")
	if bad != 1 || times[0] == MissingTime || times[1] != MissingTime || times[2] != MissingTime {
		t.Errorf("%v, %d bad", times, bad)
	}
	times, bad = build(NewBuilder("c", 2), "5", "").TimeView("2006-01-02")
	if bad != 1 || times[0] != MissingTime {
		t.Errorf("of numbers: %v, %d bad", times, bad)
	}
}

// TestBuilderIsLossless: whatever the cells, the column keeps apart those that
// differ, and a Number column holds exactly the cells' values.
func TestBuilderIsLossless(t *testing.T) {
	t.Parallel()
	cell := rapid.OneOf(
		rapid.StringMatching(`-?[0-9]{1,18}`), rapid.StringMatching(`[0-9]{1,3}\.[0-9]{0,2}`),
		rapid.SampledFrom([]string{"", "NA", "?", "x", "y", "00501", "501", "inf", "2024-01-02", "01/02/2024"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(cell, 0, 8).Draw(t, "cells")
		c := build(NewBuilder("c", 0), cells...)
		if c.Len() != len(cells) {
			t.Fatalf("%d cells became %d", len(cells), c.Len())
		}
		for i, s := range cells {
			v, number := ParseNumber(s)
			switch {
			case IsMissing(s) || c.Kind == Number && math.IsInf(v, 0):
				if !c.Missing(i) {
					t.Fatalf("%q is not missing", s)
				}
			case c.Kind == Number && (!number || c.Floats[i] != v):
				t.Fatalf("%q became %v", s, c.Floats[i])
			case c.Kind == String && c.Text(i) != s:
				t.Fatalf("%q became %q", s, c.Text(i))
			case c.Kind != String && Key(c.Text(i)) != Key(s):
				t.Fatalf("%q became %q", s, c.Text(i))
			}
		}
	})
}
