package featurize

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
)

func splitColumn(cells ...string) *data.Column {
	b := data.NewBuilder("c", len(cells))
	for _, c := range cells {
		if !b.Append([]byte(c)) {
			b = data.NewTextBuilder("c", len(cells))
			for _, c := range cells {
				b.Append([]byte(c))
			}
			break
		}
	}
	return b.Column()
}

func TestSplitKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		by    SplitBy
		cells []string
		want  []int32
	}{
		{"groups of words", ByGroup, []string{"b", "a", "b", "c"}, []int32{0, 1, 0, 2}},
		{"groups of numbers", ByGroup, []string{"7", "5", "7.0", "-0", "0"}, []int32{0, 1, 0, 2, 2}},
		{"groups of days", ByGroup, []string{"2024-01-02", "2024-01-01", "2024-01-02"}, []int32{1, 0, 1}},
		{"numbers as times", ByTime, []string{"10", "9", "-3", "9"}, []int32{2, 1, 0, 1}},
		{"unsorted days", ByTime, []string{"2024-03-01", "2023-12-31", "2024-03-01"}, []int32{1, 0, 1}},
		{"folds of numbers", ByFold, []string{"10", "9", "1"}, []int32{2, 1, 0}},
		{"folds of words", ByFold, []string{"test", "dev", "test"}, []int32{1, 0, 1}},
	} {
		got, err := SplitKeys(splitColumn(tt.cells...), tt.by)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// Years that are stored as text, since leading zeros would be lost, and dates in
// a column declared to be text.
func TestSplitKeysOfText(t *testing.T) {
	t.Parallel()
	for _, cells := range [][]string{{"002", "001", "003"}, {"2024-02-01", "2024-01-31", "2024-02-02"}} {
		b := data.NewTextBuilder("c", 3)
		for _, c := range cells {
			b.Append([]byte(c))
		}
		got, err := SplitKeys(b.Column(), ByTime)
		if d := cmp.Diff([]int32{1, 0, 2}, got); d != "" || err != nil {
			t.Errorf("%v: %v %s", cells, err, d)
		}
	}
}

func TestSplitKeysRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		by    SplitBy
		cells []string
		want  string
	}{
		{ByGroup, []string{"a", "", "b", "NA"}, `group column "c": 2 of 4 rows have no value`},
		{ByFold, []string{"1", "2", ""}, `fold column "c": 1 of 3 rows have no value`},
		{ByTime, []string{"2024-01-01", "", "2024-01-02"}, `time column "c": 1 of 3 rows have no value`},
		{ByTime, []string{"2024-01-01", "soon", "2024-01-02"}, `time column "c": 1 of 3 rows hold no date or number that goes with the others, such as "soon"`},
		{ByTime, []string{"soon", "late"}, `time column "c": 2 of 2 rows hold no date`},
	} {
		if _, err := SplitKeys(splitColumn(tt.cells...), tt.by); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want %q", tt.cells, err, tt.want)
		}
	}
}
