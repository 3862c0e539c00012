package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// row is the typed form of the rows of sample.
type row struct {
	Age  float64 `automl:"age"`
	City string  `automl:"city"`
	Paid *int    `automl:"paid"`
	Out  string  `automl:"out"`
}

func sampleRows() []row {
	rows := make([]row, 60)
	for i := range rows {
		rows[i] = row{Age: float64(20 + i%30), City: []string{"Oslo", "Rome", "Bern"}[i%3], Out: []string{"no", "yes"}[i/7%2]}
		if i%5 != 0 {
			paid := i * 3 % 17
			rows[i].Paid = &paid
		}
	}
	return rows
}

// sample is a table and a model of two members on it.
func sample(t testing.TB) (*data.Table, *Model) {
	t.Helper()
	table, err := data.FromStructs(sampleRows())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := featurize.Infer(table, featurize.Options{Target: "out"})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := plan.Fit(table, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	age := int32(0)
	for i, f := range pipeline.Features() {
		if f.Name == "age" {
			age = int32(i)
		}
	}
	tree := predictor.Tree{
		{Feature: age, Threshold: 30, Left: 1, Right: 2, Cover: 60},
		{Feature: -1, Value: []float64{-1}, Cover: 30},
		{Feature: -1, Value: []float64{2}, Cover: 30},
	}
	dense := pipeline.Encoder().Cols()
	weights := make([]float32, dense)
	for i := range weights {
		weights[i] = float32(i%3) - 1
	}
	linear, err := predictor.NewLinear(dense, 0, 1, weights, []float32{0.25}, predictor.Sigmoid)
	if err != nil {
		t.Fatal(err)
	}
	trees := predictor.NewTrees([]predictor.Tree{tree}, 1, []float64{0.5}, predictor.Sigmoid)
	drop := 0.125
	m, err := Build(Spec{
		Info: Info{
			Version: "test", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Task: metrics.Binary, Target: "out",
			Metric: "roc_auc", Score: 0.75, Classes: []string{"no", "yes"}, Columns: pipeline.Columns(), Rows: 60,
		},
		Plan: plan, Pipeline: pipeline,
		Members: []Member{
			{Weight: 0.75, Trial: 3, Learner: "gbdt", Predictor: trees},
			{Weight: 0.25, Trial: 1, Learner: "linear", Predictor: linear},
		},
		Leaderboard: []trials.Row{{Rank: 1, Trial: 3, Learner: "gbdt"}},
		Importance:  []Importance{{Column: "age", Drop: &drop}, {Column: "city"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table, m
}

func bundle(t testing.TB, m *Model) []byte {
	t.Helper()
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSaveAndLoadGiveTheSameModel(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	path := filepath.Join(t.TempDir(), "m.automl")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(m.Info(), loaded.Info()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(m.Importance(), loaded.Importance()); d != "" {
		t.Error(d)
	}
	if !bytes.Equal(bundle(t, m), bundle(t, loaded)) {
		t.Error("saving a loaded model gives other bytes")
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestSaveToAFolderThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	if err := m.Save(filepath.Join(t.TempDir(), "no", "m.automl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestEveryFlippedByteIsNoticed flips one byte after the other.
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	good := bundle(t, m)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := Read(bytes.NewReader(bad), int64(len(bad))); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
			t.Fatalf("byte %d of %d flipped: got %v", i, len(good), err)
		}
	}
}

func TestTruncatedBundles(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	good := bundle(t, m)
	for _, n := range []int{0, 1, 7, 8, 63, 64, 100, len(good) / 2, len(good) - 1} {
		if _, err := Read(bytes.NewReader(good[:n]), int64(n)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: got %v", n, len(good), err)
		}
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	b := bundle(t, m)
	binary.LittleEndian.PutUint32(b[8:], FormatVersion+1)
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	if _, err := Read(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNewer) {
		t.Errorf("got %v", err)
	}
}

func TestRowsAgreeWithTables(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	want, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, r := range sampleRows() {
				one, err := m.PredictRow(&r)
				if err != nil {
					t.Error(err)
					return
				}
				if one.Label != want.Label(i) || one.Probabilities[1] != want.Probability(i, 1) {
					t.Errorf("row %d: %v alone, %v in the table", i, one, want.Probability(i, 1))
				}
			}
		})
	}
	wg.Wait()
	if _, err := m.PredictRow(map[string]any{"age": 30}); err == nil {
		t.Error("a row without a needed column is accepted")
	}
	if _, err := m.PredictRow(7); err == nil {
		t.Error("a number is taken for a row")
	}
}

func BenchmarkPredictRow(b *testing.B) {
	_, m := sample(b)
	row := sampleRows()[3]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.PredictRow(&row); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEvaluateSkipsUnknownAnswers(t *testing.T) {
	t.Parallel()
	rows := sampleRows()
	rows[0].Out, rows[1].Out = "", "perhaps"
	table, err := data.FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	_, m := sample(t)
	e, err := m.Evaluate(table)
	if err != nil {
		t.Fatal(err)
	}
	if e.Rows != 58 || e.Skipped != 2 {
		t.Errorf("%d rows, %d skipped", e.Rows, e.Skipped)
	}
	if len(e.Scores) != len(metrics.ForTask(metrics.Binary)) {
		t.Errorf("scores %v, undefined %v", e.Scores, e.Undefined)
	}
	if _, err := m.Evaluate(table.Drop("out")); err == nil {
		t.Error("evaluates without answers")
	}
}

func TestBuildRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	for name, change := range map[string]func(*Spec){
		"no member": func(s *Spec) { s.Members = nil },
		"weights":   func(s *Spec) { s.Members = s.Members[:1] },
		"negative":  func(s *Spec) { s.Members = []Member{{Weight: -1, Predictor: s.Members[0].Predictor}} },
		"width":     func(s *Spec) { s.Info.Task, s.Info.Classes = metrics.Multiclass, []string{"a", "b", "c"} },
	} {
		s := m.spec
		change(&s)
		if _, err := Build(s); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestPermuteFindsWhatMatters(t *testing.T) {
	t.Parallel()
	table, m := sample(t)
	y := make([]float32, table.Rows())
	for i := range y {
		if table.Column("age").Floats[i] > 30 {
			y[i] = 1
		}
	}
	all := make([]int32, len(y))
	for i := range all {
		all[i] = int32(i)
	}
	metric, err := metrics.Lookup("roc_auc")
	if err != nil {
		t.Fatal(err)
	}
	o := OutOfFold{
		Table: table, Pipeline: m.spec.Pipeline, Metric: metric, Task: metrics.Binary, Classes: 2, Y: y,
		Folds: [][]int32{all[:30], all[30:]}, Seed: 1,
		Members: []FoldMember{{1, 0, m.spec.Members[0].Predictor}, {1, 1, m.spec.Members[0].Predictor}},
	}
	imp, err := Permute(o, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if imp[0].Column != "age" || *imp[0].Drop < 0.2 {
		t.Errorf("%+v", imp[0])
	}
	for _, i := range imp[1:] {
		if *i.Drop != 0 {
			t.Errorf("%s matters by %v, but no member reads it", i.Column, *i.Drop)
		}
	}
	imp, err = Permute(o, time.Now().Add(-time.Second))
	if err != nil || imp[0].Drop != nil {
		t.Errorf("measured out of time: %+v, %v", imp[0], err)
	}
}

// FuzzRead: whatever the bytes, Read answers with a model or a typed error, and
// a model that it accepts predicts without harm.
func FuzzRead(f *testing.F) {
	table, m := sample(f)
	good := bundle(f, m)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, bytes := range [][]byte{b, reseal(b)} {
			tryBundle(t, table, bytes)
		}
	})
}

func tryBundle(t *testing.T, table *data.Table, b []byte) {
	m, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	if _, err := m.Predict(table); err != nil && err.Error() == "" {
		t.Error("an error without words")
	}
}

// reseal makes all checksums of a damaged bundle right, so that the fuzzer gets
// behind them.
func reseal(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) < headerSize {
		return b
	}
	count := int(min(binary.LittleEndian.Uint32(b[12:]), maxSections))
	if headerSize+count*entrySize > len(b) {
		return b
	}
	table := b[headerSize : headerSize+count*entrySize]
	for e := table; len(e) > 0; e = e[entrySize:] {
		offset, size := binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:])
		if offset <= uint64(len(b)) && size <= uint64(len(b))-offset {
			binary.LittleEndian.PutUint32(e[48:], crc32.Checksum(b[offset:offset+size], castagnoli))
		}
	}
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b)))
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(table, castagnoli))
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}
