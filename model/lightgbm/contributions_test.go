package lightgbm

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// contributions are LightGBM's for the first rows of a fixture: for each output
// those of the features, then the expected sum. proofs/shap_lightgbm.py wrote them.
func contributions(t *testing.T, name string) [][]float64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "contributions", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	if err := json.Unmarshal(b, &lines); err != nil {
		t.Fatal(err)
	}
	return parsed(t, lines)
}

func TestContributionsAgreeWithLightGBM(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, f := range fixtures(t) {
		if _, err := os.Stat(filepath.Join("testdata", "contributions", f.name+".json")); err != nil {
			continue
		}
		seen++
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			m, err := Read(strings.NewReader(f.text))
			if err != nil {
				t.Fatal(err)
			}
			n := len(m.Features)
			shap, err := predictor.NewShap(m.Trees, n)
			if err != nil {
				t.Fatal(err)
			}
			rounds := 1.0
			if m.Trees.Output().Average { // LightGBM explains the sum
				rounds = float64(m.Trees.Len() / m.Trees.Width())
			}
			phi := make([]float64, shap.Width()*n)
			for i, want := range contributions(t, f.name) {
				shap.Row(f.rows[i], phi)
				var got []float64
				for k, expected := range shap.Expected() {
					got = append(append(got, phi[k*n:(k+1)*n]...), expected)
				}
				if len(got) != len(want) {
					t.Fatalf("%d numbers, want %d", len(got), len(want))
				}
				for j := range got {
					if !(math.Abs(got[j]*rounds-want[j]) <= 1e-12*max(1, math.Abs(want[j]))) {
						t.Errorf("row %d, number %d: %v, want %v", i, j, got[j]*rounds, want[j])
					}
				}
			}
		})
	}
	if seen != 10 {
		t.Errorf("%d models with contributions, want 10", seen)
	}
}

func TestNoContributionsWithoutRowCountsOrOfLines(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"v2": "row counts", "least": "row counts", "linear": "linear leaves"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := predictor.NewShap(m.Trees, len(m.Features)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
