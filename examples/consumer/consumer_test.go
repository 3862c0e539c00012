// Package consumer is a module of its own that uses the library as a service
// would: train, save, load elsewhere, score single rows.
package consumer

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
)

// mixture is a typed row: tags name the columns that field names cannot.
type mixture struct {
	Cement float64  `automl:"cement"`
	Water  float64  `automl:"water"`
	Age    *float64 `automl:"age"`
	Kind   string   `automl:"kind"`
	Strong float64  `automl:"strength"`
}

func mixtures() []mixture {
	rows := make([]mixture, 300)
	for i := range rows {
		age := float64(i%28 + 1)
		kind := []string{"a", "b"}[i%2]
		rows[i] = mixture{Cement: 100 + float64(i*37%300)/2, Water: float64(150 + i*7%40), Age: &age, Kind: kind}
		rows[i].Strong = 0.1*rows[i].Cement - 0.05*rows[i].Water + age
		if kind == "b" {
			rows[i].Strong += 5
		}
	}
	return rows
}

func TestTrainSaveLoadPredict(t *testing.T) {
	rows := mixtures()
	table, err := automl.FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	trained, err := automl.Fit(context.Background(), table, automl.Options{Target: "strength", Trials: 4})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "strength.automl")
	if err := trained.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := loaded.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[:20] {
		one, err := loaded.PredictRow(row)
		if err != nil {
			t.Fatal(err)
		}
		if one.Value != all.Values[i] {
			t.Fatalf("row %d: %v alone, %v in the table", i, one.Value, all.Values[i])
		}
		if d := one.Value - row.Strong; d > 10 || d < -10 {
			t.Fatalf("row %d: predicted %v, true %v", i, one.Value, row.Strong)
		}
	}
}
