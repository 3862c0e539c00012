package featurize_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/featurize/featurizetest"
)

// vowels is a transform of one's own: how many vowels a word has, plus Bonus. Trouble makes
// it break its contract.
type vowels struct {
	Column  string  `json:"column"`
	Bonus   float64 `json:"bonus"`
	Trouble string  `json:"trouble,omitempty"`
}

func (v *vowels) Kind() string     { return "vowels" }
func (v *vowels) Inputs() []string { return []string{v.Column} }
func (v *vowels) SparseCols() int  { return 1 }
func (v *vowels) Supervised() bool { return false }

func (v *vowels) Features() []matrix.Feature {
	f := matrix.Feature{Name: v.Column + ".vowels", Sources: v.Inputs()}
	if v.Trouble == "code" {
		f.Levels = 1
	}
	return []matrix.Feature{f}
}

func (v *vowels) Row(in []featurize.Cell, out []float32, e *featurize.Entries) error {
	out[0] = float32(math.NaN())
	if in[0].Missing() {
		return nil
	}
	n := 0
	for _, r := range in[0].Text() {
		if strings.ContainsRune("aeiou", r) {
			n++
		}
	}
	out[0] = float32(float64(n) + v.Bonus)
	switch v.Trouble {
	case "panic":
		panic("oh")
	case "infinity":
		out[0] = float32(math.Inf(1))
	case "place":
		e.Add(7, 1)
	case "refuses":
		return errors.New("not today")
	default:
		e.Add(0, float32(n))
	}
	return nil
}

type vowelMaker struct{}

func (vowelMaker) Kind() string { return "vowels" }
func (vowelMaker) Types() []featurize.Type {
	return []featurize.Type{featurize.Categorical, featurize.Text}
}

func (vowelMaker) params(f *featurize.Fitting) (p struct {
	Trouble string `json:"trouble"`
	Load    int    `json:"load"`
}, err error) {
	if err = f.Params(&p); err == nil && p.Load < 0 {
		err = fmt.Errorf("load %d: use a number from 0 up", p.Load)
	}
	return p, err
}

func (m vowelMaker) CheckParams(f *featurize.Fitting) error {
	_, err := m.params(f)
	return err
}

func (m vowelMaker) Fit(f *featurize.Fitting) (featurize.Transform, error) {
	p, err := m.params(f)
	if err != nil {
		return nil, err
	}
	v := &vowels{Column: f.Column(), Trouble: p.Trouble}
	for i := range f.Rows() {
		if f.Cell(i).Missing() {
			v.Bonus = 0.5
		}
	}
	switch p.Trouble {
	case "reads":
		_, err := f.Other("y")
		return nil, err
	case "target":
		v.Column = "y"
	case "fit":
		panic("no")
	}
	return v, nil
}

func (vowelMaker) Decode(b []byte) (featurize.Transform, error) {
	v := &vowels{}
	return v, json.Unmarshal(b, v)
}

func init() {
	if err := featurize.Register(vowelMaker{}); err != nil {
		panic(err)
	}
}

func TestRegistered(t *testing.T) {
	t.Parallel()
	featurizetest.Run(t, "vowels", "")
	tables := featurizetest.Tables(t)
	for trouble, want := range map[string]string{
		"panic": "panicked: oh", "fit": "panicked: no", "infinity": "transform vowels makes +Inf of it", "code": "makes code 1.5 of it",
		"place": "sparse output 7", "refuses": "not today", "reads": `column "y" is the target`, "target": `it reads the target "y"`,
	} {
		plan := planOf(t, featurize.Categorical, fmt.Sprintf(`{"kind":"vowels","params":{"trouble":%q}}`, trouble))
		plan.Target = "y"
		_, err := plan.Fit(tables[featurize.Categorical], 0, 1)
		if err == nil || !strings.Contains(err.Error(), `column "x"`) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", trouble, err, want)
		}
	}
	if err := featurize.Register(vowelMaker{}); err == nil || !strings.Contains(err.Error(), `"vowels" is registered already`) {
		t.Errorf("twice: %v", err)
	}
	err := json.Unmarshal([]byte(`{"version":1,"transforms":[{"kind":"consonants","state":{}}],"encoder":null}`), &featurize.Pipeline{})
	if !errors.Is(err, featurize.ErrUnknownKind) || !strings.Contains(err.Error(), `"consonants"`) || !strings.Contains(err.Error(), "registered first") {
		t.Errorf("not registered: %v", err)
	}
}
