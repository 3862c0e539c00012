package automl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/model/lightgbm"
	"github.com/seed-09a2cce4/automl/model/xgboost"
)

// Format names a model format of another library.
type Format string

// The formats: LightGBM's text and XGBoost's JSON.
const (
	LightGBM Format = "lightgbm"
	XGBoost  Format = "xgboost"
)

// ParseFormat reads a format as a user writes it.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case LightGBM, XGBoost:
		return f, nil
	}
	return "", usageError("unknown model format %q: use lightgbm or xgboost", s)
}

// ImportOptions say what a file does not.
type ImportOptions struct {
	// Format is that of the file; "" means to tell it by the content.
	Format Format
	// Target names what is predicted, "target" by default.
	Target string
	// Classes names the classes in the order of their numbers; by default they are
	// called 0, 1 and so on.
	Classes []string
	// Columns names the inputs in the order of the model's features, instead of
	// the names in the file.
	Columns []string
}

// imported is what both formats say of a model.
type imported struct {
	trees    *predictor.Trees
	columns  []featurize.Exact
	classes  int // 0 for numbers
	about    string
	warnings []string
}

// Import makes a model of a file of another library: gradient boosted trees
// as text of LightGBM (versions 2 to 4) or JSON of XGBoost. It predicts what the
// library itself does, probabilities for objectives that have them, and
// otherwise behaves like any other model; Info().Warnings says what a user should
// know. The file need not be trusted. Errors satisfy [IsUserError].
func Import(r io.Reader, o ImportOptions) (*Model, error) {
	m, err := importModel(r, o)
	if err != nil {
		return nil, &UserError{fmt.Errorf("import: %w", err)}
	}
	return m, nil
}

func importModel(r io.Reader, o ImportOptions) (*Model, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if o.Format == "" {
		var err error
		if o.Format, err = detect(in); err != nil {
			return nil, err
		}
	}
	var made *imported
	var err error
	switch o.Format {
	case LightGBM:
		made, err = readLightGBM(in)
	case XGBoost:
		made, err = readXGBoost(in)
	default:
		_, err = ParseFormat(string(o.Format))
	}
	if err != nil {
		return nil, err
	}
	return made.build(o)
}

// detect tells the format by the first bytes.
func detect(in *bufio.Reader) (Format, error) {
	head, err := in.Peek(512)
	if len(head) == 0 {
		if err == io.EOF {
			return "", fmt.Errorf("the file is empty")
		}
		return "", err
	}
	text := bytes.TrimLeft(head, " \t\r\n\ufeff")
	switch {
	case bytes.HasPrefix(text, []byte("tree")):
		return LightGBM, nil
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")),
		bytes.HasPrefix(text, []byte("binf")), bytes.HasPrefix(text, []byte("bs64")):
		return XGBoost, nil
	case bytes.HasPrefix(text, []byte("AUTOML")):
		return "", fmt.Errorf("this is a model of automl already")
	}
	return "", fmt.Errorf("neither LightGBM's text, which begins with tree, nor XGBoost's JSON, which begins with {: save the model with save_model")
}

func readXGBoost(r io.Reader) (*imported, error) {
	m, err := xgboost.Read(r)
	if err != nil {
		return nil, err
	}
	im := &imported{
		trees: m.Predictor(), classes: m.Classes, warnings: m.Warnings,
		about: "XGBoost, objective " + m.Objective,
	}
	for _, f := range m.Features {
		im.columns = append(im.columns, featurize.Exact{Column: f.Name, Single: true, Categorical: f.Categorical, Levels: f.Levels})
	}
	return im, nil
}

func readLightGBM(r io.Reader) (*imported, error) {
	m, err := lightgbm.Read(r)
	if err != nil {
		return nil, err
	}
	im := &imported{trees: m.Trees, about: "LightGBM, objective " + m.Objective}
	objective, _, _ := strings.Cut(m.Objective, " ")
	switch objective {
	case "":
		im.about = "LightGBM, no objective: predictions are sums"
	case "binary":
		im.classes = 2
	case "multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr":
		im.classes = m.Trees.Width()
	}
	named := false
	for _, f := range m.Features {
		c := featurize.Exact{Column: f.Name, Categorical: f.Categories != nil || f.Levels != nil}
		if f.Levels != nil {
			named = true
			c.Levels = levelNames(f.Levels)
		}
		im.columns = append(im.columns, c)
	}
	if len(m.PandasCategorical) > 0 && !named {
		im.warnings = append(im.warnings, "the file names categories of more columns than the trees tell apart: give codes instead of names")
	}
	return im, nil
}

// levelNames are categories of pandas as the cells of a table have them.
func levelNames(levels []any) []string {
	names := make([]string, len(levels))
	for i, level := range levels {
		switch v := level.(type) {
		case string:
			names[i] = v
		case json.Number:
			names[i] = v.String()
		case bool:
			names[i] = map[bool]string{true: "True", false: "False"}[v]
		}
	}
	return names
}

// build makes the bundle.
func (im *imported) build(o ImportOptions) (*Model, error) {
	if err := im.rename(o.Columns); err != nil {
		return nil, err
	}
	info := model.Info{
		Version: Version, Created: time.Now().UTC().Truncate(time.Second), Target: "target", Imported: im.about,
		Task: metrics.Regression, Why: "as its objective says", Folds: 1, Ended: "imported", Warnings: im.warnings,
		Data: "names of columns, categories and classes, and the trees; no rows",
	}
	if o.Target != "" {
		info.Target = o.Target
	}
	if err := im.setClasses(&info, o.Classes); err != nil {
		return nil, err
	}
	info.Metric = metrics.Default(info.Task).Name
	plan, pl, err := featurize.PassThrough(im.columns)
	if err != nil {
		return nil, err
	}
	plan.Target = info.Target
	info.Columns = pl.Columns()
	return model.Build(model.Spec{
		Info: info, Plan: plan, Pipeline: pl,
		Members: []model.Member{{Weight: 1, Learner: "imported", Predictor: im.trees}},
	})
}

func (im *imported) rename(names []string) error {
	if len(names) == 0 {
		return nil
	}
	if len(names) != len(im.columns) {
		return fmt.Errorf("%d names of columns for a model of %d features", len(names), len(im.columns))
	}
	for i, name := range names {
		im.columns[i].Column = name
	}
	return nil
}

func (im *imported) setClasses(info *model.Info, names []string) error {
	if im.classes == 0 {
		if im.trees.Width() > 1 {
			return fmt.Errorf("the model (%s) predicts %d numbers a row, and a model here predicts one", im.about, im.trees.Width())
		}
		if len(names) > 0 {
			return fmt.Errorf("the model (%s) predicts numbers and has no classes", im.about)
		}
		return nil
	}
	info.Task = metrics.Multiclass
	if im.classes == 2 && im.trees.Width() == 1 {
		info.Task = metrics.Binary
	}
	if names == nil {
		for k := range im.classes {
			names = append(names, strconv.Itoa(k))
		}
	}
	if len(names) != im.classes {
		return fmt.Errorf("%d names for %d classes", len(names), im.classes)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("two classes are called %q", name)
		}
		seen[name] = true
	}
	info.Classes = names
	return nil
}
