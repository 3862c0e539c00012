package data

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func TestFromRows(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 3600))
	five := 5
	type level string
	tab, err := FromRows([]map[string]any{
		{"n": 1, "f": float32(0.1), "s": "a", "b": true, "t": day, "zip": "00501", "id": int64(1<<53 + 1), "mix": 1.0, "text": "2", "l": level("hi")},
		{"n": uint8(2), "f": math.Inf(1), "s": nil, "b": false, "zip": "501", "id": 7, "mix": "x", "p": &five, "text": "", "j": json.Number("3.5")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "bS|true|false\nfN|0.1|\nidS|9007199254740993|7\njN||3.5\nlS|hi|\nmixS|1|x\nnN|1|2\npN||5\nsS|a|\ntT|2024-02-29T11:00:00Z|\ntextN|2|\nzipS|00501|501\n"
	if got := dump(tab); got != want {
		t.Errorf("got\n%s", got)
	}
	if tab.Column("f").Infinite != 1 {
		t.Error("the infinite cell is not counted")
	}
}

func TestFromRowsOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := FromRows(nil); err == nil {
		t.Error("a table of no rows")
	}
	tab, err := FromRows([]map[string]any{{}, {}})
	if err != nil || tab.Rows() != 2 {
		t.Errorf("rows without cells: %v, %v", tab, err)
	}
}

type pointer *pointer

func TestFromRowsRefuses(t *testing.T) {
	t.Parallel()
	var loop pointer
	loop = &loop
	for name, v := range map[string]any{
		"slice": [][]int{{1}}, "map": map[string]any{}, "struct": struct{}{}, "func": func() {}, "complex": 1i, "loop": loop, "bytes": []byte("x"),
		"far time": time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		_, err := FromRows([]map[string]any{{"c": 1}, {"c": v}})
		if name == "far time" { // beside a number it is text
			_, err = FromRows([]map[string]any{{"c": nil}, {"c": v}})
		}
		if err == nil || !strings.Contains(err.Error(), `row 2, column "c"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type place struct{ City string }

type visit struct {
	ID     int64 `automl:"id"`
	Rate   *float64
	When   time.Time
	Member bool
	place
	*extra
	Skip   chan int `automl:"-"`
	hidden int
}

type extra struct{ Note string }

func TestFromStructs(t *testing.T) {
	t.Parallel()
	rate := 0.5
	rows := []visit{
		{ID: 1, Rate: &rate, When: time.Unix(0, 0), Member: true, place: place{"Rome"}, hidden: 1},
		{ID: 2, place: place{"Oslo"}, When: time.Unix(1, 0), extra: &extra{"x"}},
	}
	want := "idN|1|2\nRateN|0.5|\nWhenT|1970-01-01T00:00:00Z|1970-01-01T00:00:01Z\nMemberS|true|false\nCityS|Rome|Oslo\nNoteS||x\n"
	pointers := []*visit{&rows[0], &rows[1]}
	for name, v := range map[string]any{"values": rows, "pointers": pointers, "pointer to slice": &rows, "array": [2]visit(rows)} {
		tab, err := FromStructs(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := dump(tab); got != want {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

func TestFromStructsRefuses(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"nil": nil, "number": 1, "numbers": []int{1}, "none": []visit{}, "nil element": []*visit{nil}, "times": []time.Time{{}},
		"no fields": []struct{ a int }{{1}}, "field type": []struct{ A map[string]int }{{nil}}, "nil pointer": (*[]visit)(nil),
		"one name twice": []struct {
			A int
			B int `automl:"A"`
		}{{}},
	} {
		if _, err := FromStructs(v); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
