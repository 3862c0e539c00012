package model

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/featurize"
)

// A bundle whose transforms or predictors this program does not know is not called
// damaged: the error says what is missing.
func TestUnknownKinds(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		section, old, new string
		want              error
	}{
		{"pipeline", `"kind":"numeric"`, `"kind":"furlong"`, featurize.ErrUnknownKind},
		{"members", `"kind":"trees"`, `"kind":"bushes"`, predictor.ErrUnknownKind},
	} {
		sections, err := readSections(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(sections[c.section], []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(changed, sections[c.section]) {
			t.Fatalf("no %s in section %s", c.old, c.section)
		}
		sections[c.section] = changed
		var list []section
		for _, name := range slices.Sorted(maps.Keys(sections)) {
			list = append(list, section{name, [][]byte{sections[name]}})
		}
		var out bytes.Buffer
		if _, err := writeSections(&out, FormatVersion, list); err != nil {
			t.Fatal(err)
		}
		_, err = Read(bytes.NewReader(out.Bytes()), int64(out.Len()))
		name := strings.Split(c.new, `"`)[3]
		if !errors.Is(err, c.want) || errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "registered first") {
			t.Errorf("%s: %v", c.section, err)
		}
	}
}
