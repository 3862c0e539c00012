package featurize

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// counted makes a column with counts[i] rows of value i+1.
func counted(name string, counts ...int) *data.Column {
	c := numbers(name)
	for v, n := range counts {
		for range n {
			c.Floats = append(c.Floats, float64(v+1))
		}
	}
	return c
}

func TestInferTarget(t *testing.T) {
	t.Parallel()
	many := func(f func(i int) float64) []float64 { return generate(500, f) }
	for _, c := range []struct {
		name    string
		col     *data.Column
		want    metrics.Task
		classes []string
		why     string
	}{
		{"words", words("y", "no", "yes", "no"), metrics.Binary, []string{"no", "yes"}, "two"},
		{"three words", words("y", "b", "c", "a", "c"), metrics.Multiclass, []string{"a", "b", "c"}, "3 distinct words"},
		{"numbers as words", words("y", "10", "9", "x", "10", "9", "x"), metrics.Multiclass, []string{"10", "9", "x"}, ""},
		{"two numbers", numbers("price", 10, 9, 10, math.NaN()), metrics.Binary, []string{"9", "10"}, "two"},
		{"two decimals", numbers("y", 0.5, 1, 1), metrics.Binary, []string{"0.5", "1"}, "two"},
		{"decimals", numbers("class", many(func(i int) float64 { return float64(i%7) / 2 })...), metrics.Regression, nil, "decimals"},
		{"many integers", numbers("y", many(func(i int) float64 { return float64(i % 21) })...), metrics.Regression, nil, "21 distinct integers"},
		{"ratings", counted("y", 20, 60, 220, 150, 30), metrics.Regression, nil, "5 ordered integer values: treated as regression; use --task multiclass to change"},
		{"ratings with a mode at the end", counted("y", 20, 60, 100, 150, 300), metrics.Multiclass, []string{"1", "2", "3", "4", "5"}, "--task regression"},
		{"ratings by name", counted("star rating", 20, 60, 100, 150, 300), metrics.Regression, nil, "named as a quantity"},
		{"two humps", counted("y", 20, 160, 10, 150, 30), metrics.Multiclass, []string{"1", "2", "3", "4", "5"}, ""},
		{"four values", counted("y", 20, 160, 110, 50), metrics.Multiclass, []string{"1", "2", "3", "4"}, ""},
		{"class by name", counted("Class", 20, 60, 220, 150, 30), metrics.Multiclass, []string{"1", "2", "3", "4", "5"}, "named as a class"},
		{"class of many", numbers("cover_type", many(func(i int) float64 { return float64(i % 40) })...), metrics.Multiclass, nil, "40 integer"},
		{"target by name", counted("target", 20, 60, 220, 150, 30), metrics.Multiclass, []string{"1", "2", "3", "4", "5"}, ""},
		{"few rows", numbers("y", 1, 2, 3, 4, 5, 6, 7, 8), metrics.Regression, nil, "8 distinct integers"},
		{"numbers but for a word", words("y", generate(500, func(i int) string {
			if i == 3 {
				return "lost"
			}
			return strconv.Itoa(i % 100)
		})...), metrics.Regression, nil, "nearly all"},
		{"postcodes", words("y", generate(500, func(i int) string { return fmt.Sprintf("%05d", i%25) })...), metrics.Multiclass, nil, "25 distinct words"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := InferTarget(c.col, 0, "", "")
			if err != nil {
				t.Fatal(err)
			}
			if got.Task != c.want || !strings.Contains(got.Why, c.why) {
				t.Errorf("%s (%s), want %s (%s)", got.Task, got.Why, c.want, c.why)
			}
			if c.classes != nil || c.want == metrics.Regression {
				if diff := cmp.Diff(c.classes, got.Classes); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestInferTargetAsTold(t *testing.T) {
	t.Parallel()
	ratings := counted("y", 20, 60, 220, 150, 30)
	for _, c := range []struct {
		col      *data.Column
		task     metrics.Task
		positive string
		want     metrics.Task
		classes  []string
	}{
		{ratings, metrics.Multiclass, "", metrics.Multiclass, []string{"1", "2", "3", "4", "5"}},
		{counted("y", 5, 5), metrics.Regression, "", metrics.Regression, nil},
		{counted("y", 5, 5), metrics.Multiclass, "", metrics.Binary, []string{"1", "2"}},
		{counted("y", 5, 5), "", "1.0", metrics.Binary, []string{"2", "1"}},
		{words("y", "yes", "no", "no"), metrics.Binary, "no", metrics.Binary, []string{"yes", "no"}},
		{words("y", "yes", "no", "no"), "", "yes", metrics.Binary, []string{"no", "yes"}},
		{words("y", "1", "2", "3"), metrics.Regression, "", metrics.Regression, nil},
	} {
		got, err := InferTarget(c.col, 0, c.task, c.positive)
		if err != nil {
			t.Errorf("%s as %q: %v", c.col.Name, c.task, err)
			continue
		}
		if got.Task != c.want || !cmp.Equal(got.Classes, c.classes) {
			t.Errorf("%q, positive %q: %s %v, want %s %v", c.task, c.positive, got.Task, got.Classes, c.want, c.classes)
		}
	}
}

func TestInferTargetErrors(t *testing.T) {
	t.Parallel()
	big := numbers("y", generate(20_000, func(i int) float64 { return float64(i % 10_000) })...)
	bigWords := words("y", generate(20_000, func(i int) string { return fmt.Sprint("c", i%10_000) })...)
	for _, c := range []struct {
		name     string
		col      *data.Column
		task     metrics.Task
		positive string
		want     []string
	}{
		{"missing", numbers("y", math.NaN(), math.NaN()), "", "", []string{`"y"`, "every value is missing"}},
		{"one value", words("y", "a", "a", ""), "", "", []string{"same value", `"a"`}},
		{"one value twice written", words("y", "1", "1.0", "1"), "", "", []string{"same value"}},
		{"dates", times(t, "y", "2006-01-02", day(1), day(2)), "", "", []string{"dates"}},
		{"classes", big, metrics.Multiclass, "", []string{"10000 classes", "--task regression"}},
		{"word classes", bigWords, "", "", []string{"10000 classes", "--task regression"}},
		{"binary of three", words("y", "a", "b", "c"), metrics.Binary, "", []string{"3 classes", "--task multiclass"}},
		{"regression of words", words("y", "a", "b", "3"), metrics.Regression, "", []string{"words", `"a"`}},
		{"positive of numbers", numbers("y", 1.5, 2, 3), "", "2", []string{"no positive class"}},
		{"positive of three", words("y", "a", "b", "c"), "", "a", []string{"3 classes"}},
		{"unknown positive", words("y", "good", "bad"), "", "goood", []string{`no class "goood"`, `"bad", "good"`}},
		{"unknown task", words("y", "good", "bad"), "ranking", "", []string{`"ranking"`, "multiclass"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := InferTarget(c.col, 0, c.task, c.positive)
			wantError(t, err, c.want...)
			if got != nil {
				t.Error("a target beside the error")
			}
		})
	}
}

func TestInferTargetWarnings(t *testing.T) {
	t.Parallel()
	got, err := InferTarget(words("y", "a", "b", "c", "a", "b", "d"), 0, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], `"c", "d"`) {
		t.Errorf("warnings %q", got.Warnings)
	}
	// Only the first rows count.
	got, err = InferTarget(words("y", "a", "b", "a", "b", "c", "c"), 4, "", "")
	if err != nil || len(got.Warnings) != 0 || got.Task != metrics.Binary {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTargetEncode(t *testing.T) {
	t.Parallel()
	target, err := InferTarget(numbers("y", 0, 1, 0), 0, "", "")
	if err != nil {
		t.Fatal(err)
	}
	y, known, err := target.Encode(words("y", "1.0", "0", "", "2", "x", " 1"))
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(y, []float32{1, 0, 0, 0, 0, 1}) || !cmp.Equal(known, []bool{true, true, false, false, false, true}) {
		t.Errorf("%v %v", y, known)
	}
	target = &Target{Name: "y", Task: metrics.Multiclass, Classes: []string{"a", "2", "c"}}
	y, known, err = target.Encode(numbers("y", 2, 3, math.NaN(), 2))
	if err != nil || !cmp.Equal(y, []float32{1, 0, 0, 1}) || !cmp.Equal(known, []bool{true, false, false, true}) {
		t.Errorf("%v %v %v", y, known, err)
	}
	target = &Target{Name: "y", Task: metrics.Regression}
	y, known, err = target.Encode(words("y", "1.5", "x", "", "-2"))
	if err != nil || !cmp.Equal(y, []float32{1.5, 0, 0, -2}) || !cmp.Equal(known, []bool{true, false, false, true}) {
		t.Errorf("%v %v %v", y, known, err)
	}
	_, _, err = target.Encode(times(t, "y", "2006-01-02", day(3)))
	wantError(t, err, "dates")
}

func TestWeights(t *testing.T) {
	t.Parallel()
	w, err := Weights(words("w", "1", "0.5", "0"))
	if err != nil || !cmp.Equal(w, []float32{1, 0.5, 0}) {
		t.Errorf("%v %v", w, err)
	}
	for _, c := range []struct {
		col  *data.Column
		want string
	}{
		{numbers("w", 1, -1), "row 2 is negative"},
		{numbers("w", 1, math.NaN()), "row 2 has no number"},
		{words("w", "1", "x"), "row 2 has no number"},
		{numbers("w", 0, 0), "every weight is zero"},
	} {
		_, err := Weights(c.col)
		wantError(t, err, `weight column "w"`, c.want)
	}
}
