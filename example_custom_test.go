package automl_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"strings"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/search"
)

// metres is a transform that reads lengths such as "800 m" and "12 km".
type metres struct {
	Column string `json:"column"`
}

func (m *metres) Kind() string     { return "metres" }
func (m *metres) Inputs() []string { return []string{m.Column} }
func (m *metres) SparseCols() int  { return 0 }
func (m *metres) Supervised() bool { return false }
func (m *metres) Features() []matrix.Feature {
	return []matrix.Feature{{Name: m.Column + ".metres", Sources: m.Inputs()}}
}

func (m *metres) Row(in []featurize.Cell, out []float32, _ *featurize.Entries) error {
	var length float64
	var unit string
	if _, err := fmt.Sscan(in[0].Text(), &length, &unit); err != nil {
		length = math.NaN() // missing
	}
	if unit == "km" {
		length *= 1000
	}
	out[0] = float32(length)
	return nil
}

// makeMetres makes them.
type makeMetres struct{}

func (makeMetres) Kind() string            { return "metres" }
func (makeMetres) Types() []featurize.Type { return []featurize.Type{featurize.Categorical} }
func (makeMetres) Fit(f *featurize.Fitting) (featurize.Transform, error) {
	return &metres{f.Column()}, f.Params(&struct{}{})
}
func (makeMetres) Decode(b []byte) (featurize.Transform, error) {
	m := &metres{}
	return m, json.Unmarshal(b, m)
}

// law predicts Factor·x^Power of the first feature x.
type law struct{ Factor, Power float64 }

func (l *law) Kind() string      { return "power_law" }
func (l *law) View() matrix.View { return matrix.Raw }
func (l *law) Width() int        { return 1 }

func (l *law) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	for i, r := range rows {
		if out[i] = 0; m.Frame.Cols[0][r] > 0 {
			out[i] = float32(l.Factor * math.Pow(float64(m.Frame.Cols[0][r]), l.Power))
		}
	}
}

func (l *law) Append(b []byte) []byte {
	b, _ = binary.Append(b, binary.LittleEndian, l) // numbers, of a known size
	return b
}

func decodeLaw(b []byte, in predictor.Inputs) (predictor.Predictor, error) {
	l := &law{}
	if n, err := binary.Decode(b, binary.LittleEndian, l); err != nil || n != len(b) || in.Raw < 1 || math.IsNaN(l.Factor*l.Power) {
		return nil, errors.New("a damaged power law")
	}
	return l, nil
}

// powerLaw is the learner of laws.
type powerLaw struct{}

func (powerLaw) Name() string          { return "power_law" }
func (powerLaw) View() matrix.View     { return matrix.Raw }
func (powerLaw) Tasks() []metrics.Task { return []metrics.Task{metrics.Regression} }

func (powerLaw) Space(algos.Shape) search.Space {
	return search.Space{{Name: "power", Low: 0.1, High: 3, Default: 1.0}}
}

func (powerLaw) Estimate(s algos.Shape, _ search.Params) algos.Cost {
	return algos.Cost{Seconds: 1e-6 + 1e-7*float64(s.Rows)}
}

func (powerLaw) Fit(_ context.Context, r *algos.Request) (*algos.Fitted, error) {
	l := &law{Factor: 1, Power: r.Params.Float("power", 1)}
	x := make([]float32, len(r.Train.Rows))
	l.Predict(r.Train.M, r.Train.Rows, x)
	var xy, xx float64
	for i, row := range r.Train.Rows {
		xy += float64(x[i]) * float64(r.Train.Y[row])
		xx += float64(x[i]) * float64(x[i])
	}
	if xx == 0 {
		return nil, errors.New("power_law: no row has a first feature above 0")
	}
	l.Factor = xy / xx
	return &algos.Fitted{Predictor: l, Steps: 1}, nil
}

// near is the share of rows that are predicted within a tenth.
type near struct{}

func (near) Metric() metrics.Metric {
	return metrics.Metric{Name: "share_near", Greater: true, Tasks: []metrics.Task{metrics.Regression}, Source: "this example"}
}

func (near) Score(_ metrics.Task, _ int, y, pred, _ []float32) (float64, error) {
	n := 0.0
	for i := range y {
		if math.Abs(float64(pred[i]-y[i])) <= 0.1*math.Abs(float64(y[i])) {
			n++
		}
	}
	return n / float64(len(y)), nil
}

// trip is what the example learns from.
type trip struct {
	Length string
	Price  float64
}

// A transform, a learner and a metric of one's own in a pipeline.
func ExampleRegisterTransform() {
	for _, err := range []error{
		automl.RegisterTransform(makeMetres{}), automl.RegisterMetric(near{}),
		automl.RegisterLearner(powerLaw{}), automl.RegisterPredictor("power_law", decodeLaw),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	trips := make([]trip, 120)
	for i := range trips {
		km := 0.5 + float64(i*7%120)/8
		trips[i] = trip{fmt.Sprintf("%.1f km", km), 4 * math.Sqrt(km)}
		if i%3 == 0 {
			trips[i].Length = fmt.Sprintf("%.0f m", 1000*km)
		}
	}
	table, err := automl.FromStructs(trips)
	if err != nil {
		log.Fatal(err)
	}
	p := automl.Pipeline{
		Target: "Price", Learner: "power_law", Grid: map[string][]any{"power": {0.25, 0.5, 1.0}},
		Features: featurize.NewPlan([]featurize.ColumnPlan{
			{Name: "Length", Type: featurize.Categorical, Transforms: []featurize.Step{{Kind: "metres"}}},
		}),
		Options: automl.Options{Metric: "share_near"},
	}
	results, err := automl.CrossValidate(context.Background(), table, p, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("power %v: %s %.2f\n", results[0].Params["power"], results[0].Metric, results[0].Mean)

	trained, err := p.Fit(context.Background(), table)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := trained.WriteTo(&file); err != nil {
		log.Fatal(err)
	}
	loaded, err := model.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	answer, err := loaded.PredictRow(map[string]any{"Length": "9000 m"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", answer.Value)
	fmt.Println(automl.RegisterTransform(makeMetres{}))
	fmt.Println(strings.Contains(automl.RegisterLearner(powerLaw{}).Error(), "registered already"))
	// Output:
	// power 0.5: share_near 1.00
	// 12.0
	// transform "metres" is registered already
	// true
}
