package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type shared struct {
	Zone string `json:"zone"`
}

type small struct {
	shared
	Bins  int      `json:"bins"`
	Share *float64 `json:"share"`
	Days  []string `json:"days"`
	On    bool
	own   int
}

type picky struct{}

func (picky) UnmarshalJSON([]byte) error { return errors.New("never") }

type large struct {
	Name  string             `json:"name"`
	Seed  uint64             `json:"seed"`
	Parts []large            `json:"parts"`
	By    map[string]float64 `json:"by"`
	Raw   json.RawMessage    `json:"raw"`
	Deep  struct {
		Limit int `json:"limit"`
	} `json:"deep"`
	Never *picky `json:"never"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got := small{Bins: 10, own: 3}
	if err := Decode([]byte(` {"days": ["a"], "zone": "UTC", "share": 0.5} `), &got); err != nil {
		t.Fatal(err)
	}
	half := 0.5
	want := small{shared{"UTC"}, 10, &half, []string{"a"}, false, 3}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(small{}, shared{})); d != "" {
		t.Error(d)
	}
	for text, want := range map[string]string{
		"":                        "it is empty",
		`{"bins": 1`:              "it is cut short",
		`{"bins": 1} 2`:           "there is something behind it",
		`{"bins": 1}}`:            "there is something behind it",
		`{"binz": 1}`:             `unknown field "binz": did you mean "bins"?: there are zone, bins, share, days, On`,
		`{"own": 1}`:              `unknown field "own"`,
		`{"bins": "1"}`:           "bins: use a whole number, not text",
		`{"bins": 1.5}`:           "bins: use a whole number, not 1.5",
		`{"share": [1]}`:          "share: use a number, not a list",
		`{"days": "a"}`:           "days: use a list, each part text in quotes, not text",
		`{"days": [1]}`:           "days: use text in quotes, not a number",
		`{"zone": {}}`:            "zone: use text in quotes, not an object",
		`{"On": 1}`:               "On: use true or false, not a number",
		`[]`:                      "a list in place of an object",
		`"x"`:                     "text in place of an object",
		`{"bins": x}`:             "invalid character 'x'",
		"{\"bins\": 1,\n\n x}":    "line 3: invalid character 'x'",
		"{\n\"bins\":\n \"a\"\n}": "line 3: bins: use a whole number, not text",
	} {
		err := Decode([]byte(text), &small{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"part": []}`:                  `unknown field "part": did you mean "parts"?`,
		`{"deep": {"limits": 1}}`:       `unknown field "limits": did you mean "limit"?`,
		`{"deep": {"limit": "1"}}`:      "deep.limit: use a whole number, not text",
		`{"parts": [{"name": 1}]}`:      "parts.name: use text in quotes, not a number",
		`{"parts": {"name": 1}}`:        "parts: use a list, each part an object",
		`{"by": {"a": "b"}}`:            "by: use a number, not text",
		`{"seed": -1}`:                  "seed: use a whole number from 0 up, not -1",
		`{"never": 1}`:                  "never",
		`{"raw": {"whatever": 1}, "x"}`: "invalid character '}'",
	} {
		err := Decode([]byte(text), &large{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := Decode([]byte(`{"x": 1}`), &struct{}{}); err == nil || err.Error() != `unknown field "x": there are none here` {
		t.Error(err)
	}
}
