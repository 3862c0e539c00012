package featurize

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// maxClasses is the largest number of classes of a classification problem.
const maxClasses = 1000

// Target says what problem a target column makes.
type Target struct {
	Name string       `json:"name"`
	Task metrics.Task `json:"task"`
	// Classes in order: numbers as numbers if all are, else by text. Of two the
	// second is the positive one. None for regression.
	Classes []string `json:"classes,omitempty"`
	// Why is the reason for the task, in one sentence.
	Why      string   `json:"why"`
	Warnings []string `json:"warnings,omitempty"`
}

// InferTarget looks at the first rows rows (0 or more than there are: all) of
// the target. task "" means infer; positive "" means the later of two classes.
//
// It fails if the column holds dates, no value or one value, does not suit the
// task, has more than 1,000 classes, or lacks the positive class.
func InferTarget(c *data.Column, rows int, task metrics.Task, positive string) (*Target, error) {
	if rows <= 0 || rows > c.Len() {
		rows = c.Len()
	}
	if task != "" {
		if _, err := metrics.ParseTask(string(task)); err != nil {
			return nil, err
		}
	}
	p := profileOf(c, rows)
	switch {
	case p.present == 0:
		return nil, fmt.Errorf("target %q: every value is missing", c.Name)
	case c.Kind == data.Time:
		return nil, fmt.Errorf("target %q holds dates or times: derive a number or a class from them first", c.Name)
	}
	var ls []level
	n := p.distinct
	if c.Kind == data.String || n <= maxClasses { // words may be one class: 1 and 1.0
		ls = levels(Fitting{col: c, rows: rows})
		n = len(ls)
	}
	if n == 1 {
		return nil, fmt.Errorf("target %q: every row has the same value, %q; there is nothing to learn", c.Name, shorten(ls[0].key))
	}
	t := &Target{Name: c.Name, Task: task, Why: "as you said"}
	if task == "" {
		t.Task, t.Why = inferTask(p, n, ls)
	}
	if t.Task == metrics.Regression {
		if err := t.regression(p, positive); err != nil {
			return nil, err
		}
		return t, nil
	}
	if n > maxClasses {
		return nil, fmt.Errorf("target %q has %d classes, more than %d; if it is a number to predict, use --task regression", t.Name, n, maxClasses)
	}
	if err := t.classes(ls, positive); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Target) regression(p *profile, positive string) error {
	if positive != "" {
		return fmt.Errorf("target %q is a number to predict and has no positive class; --task binary makes it classes", t.Name)
	}
	if p.col.Kind != data.String {
		return nil
	}
	bad, examples := p.test(isNumber)
	if float64(bad) > maxBadShare*float64(p.present) {
		return fmt.Errorf("target %q holds words such as %s: regression needs numbers", t.Name, some(examples))
	}
	if bad > 0 {
		t.Warnings = append(t.Warnings, fmt.Sprintf("target %q: %s without a number taken as missing, such as %s", t.Name, cells(bad), some(examples)))
	}
	return nil
}

func (t *Target) classes(ls []level, positive string) error {
	if t.Task == metrics.Binary && len(ls) != 2 {
		return fmt.Errorf("target %q has %d classes, not two: use --task multiclass", t.Name, len(ls))
	}
	if t.Task == metrics.Multiclass && len(ls) == 2 {
		t.Task, t.Why = metrics.Binary, "two classes make a binary problem"
	}
	for _, l := range ls {
		t.Classes = append(t.Classes, l.key)
	}
	sortClasses(t.Classes)
	var single []string
	for _, l := range ls {
		if l.count == 1 {
			single = append(single, shorten(l.key))
		}
	}
	if len(single) > 0 {
		slices.Sort(single)
		t.Warnings = append(t.Warnings, fmt.Sprintf("target %q: %d classes have a single row, which is used for training only: %s", t.Name, len(single), some(single)))
	}
	if positive == "" {
		return nil
	}
	if t.Task != metrics.Binary {
		return fmt.Errorf("target %q has %d classes: a positive class needs two", t.Name, len(t.Classes))
	}
	switch wordCell(positive).key(nil) {
	case t.Classes[0]:
		slices.Reverse(t.Classes)
	case t.Classes[1]:
	default:
		return fmt.Errorf("target %q has no class %q: its classes are %s", t.Name, positive, some(t.Classes))
	}
	return nil
}

// some names up to ten things, in quotes.
func some(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return upToTen(quoted)
}

func upToTen(names []string) string {
	if more := len(names) - 10; more > 0 {
		names = append(slices.Clone(names[:10]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// sortClasses sorts numbers as numbers if all are numbers, else by text.
func sortClasses(classes []string) {
	values := make(map[string]float64, len(classes))
	for _, c := range classes {
		v, ok := data.ParseNumber(c)
		if !ok {
			slices.Sort(classes)
			return
		}
		values[c] = v
	}
	slices.SortFunc(classes, func(a, b string) int {
		return cmp.Or(cmp.Compare(values[a], values[b]), cmp.Compare(a, b))
	})
}

// inferTask decides by the values, and for a few integers by the name and then
// by the shape of their distribution. n counts the distinct values, ls lists
// them if they are at most 1,000 or words.
func inferTask(p *profile, n int, ls []level) (metrics.Task, string) {
	if n == 2 {
		return metrics.Binary, "two distinct values: treated as binary classification"
	}
	if p.col.Kind == data.String {
		if bad, _ := p.test(isNumber); float64(bad) <= maxBadShare*float64(p.present) && n > 20 {
			if label, _ := p.test(keepsValue); label == 0 {
				return metrics.Regression, "nearly all values are numbers: treated as regression; use --task multiclass to change"
			}
		}
		return metrics.Multiclass, fmt.Sprintf("%d distinct words: treated as multiclass classification", n)
	}
	if !p.whole {
		return metrics.Regression, "values with decimals: treated as regression; use --task multiclass to change"
	}
	const toClasses, toNumbers = "; use --task multiclass to change", "; use --task regression to change"
	few := n <= 20 && (n*20 <= p.present || n <= 4)
	switch {
	case hasPart(p.name, "class", "classes", "label", "category", "type", "species") && n <= 100 && n*5 <= p.present,
		hasPart(p.name, "target") && few:
		return metrics.Multiclass, fmt.Sprintf("%d integer values in a column named as a class: treated as multiclass classification%s", n, toNumbers)
	case n > 2 && hasPart(p.name, "quality", "rating", "ratings", "score", "stars", "rings", "age", "price", "count", "num", "number", "amount", "value", "year"):
		return metrics.Regression, fmt.Sprintf("%d integer values in a column named as a quantity: treated as regression%s", n, toClasses)
	case !few:
		return metrics.Regression, fmt.Sprintf("%d distinct integers: treated as regression%s", n, toClasses)
	case n >= 5 && oneHump(ls):
		return metrics.Regression, fmt.Sprintf("%d ordered integer values: treated as regression%s", n, toClasses)
	}
	return metrics.Multiclass, fmt.Sprintf("%d distinct integers: treated as multiclass classification%s", n, toNumbers)
}

// oneHump reports counts that rise to one mode inside the range and fall after
// it, as those of ratings and small counts do; small wobbles are let pass.
func oneHump(ls []level) bool {
	counts := map[string]int{}
	keys := make([]string, 0, len(ls))
	total := 0
	for _, l := range ls {
		counts[l.key] = l.count
		keys = append(keys, l.key)
		total += l.count
	}
	sortClasses(keys)
	mode := 0
	for i, k := range keys {
		if counts[k] > counts[keys[mode]] {
			mode = i
		}
	}
	if mode == 0 || mode == len(keys)-1 {
		return false
	}
	wobble := max(1, total/200)
	for i := 1; i < len(keys); i++ {
		step := counts[keys[i]] - counts[keys[i-1]]
		if i <= mode && step < -wobble || i > mode && step > wobble {
			return false
		}
	}
	return true
}

// Class finds a class by any writing of its name, -1 if there is none.
func (t *Target) Class(name string) int {
	return slices.Index(t.Classes, wordCell(name).key(nil))
}

// Encode makes class indices or values of a column, which may be stored in
// another way than in training. known is false where the value is missing, was
// no class in training, or is no number; y is 0 there.
func (t *Target) Encode(c *data.Column) (y []float32, known []bool, err error) {
	if c.Kind == data.Time {
		return nil, nil, fmt.Errorf("target %q holds dates or times", c.Name)
	}
	codes := make(map[string]float32, len(t.Classes))
	for i, k := range t.Classes {
		codes[k] = float32(i)
	}
	value := func(cell Cell) float32 {
		if t.Task != metrics.Regression {
			return find(codes, cell.key(nil), float32(math.NaN()))
		}
		v, _ := cell.number()
		return clamp(v)
	}
	y, known = make([]float32, c.Len()), make([]bool, c.Len())
	var words []float32
	if c.Kind == data.String {
		words = make([]float32, len(c.Dict))
		for k, s := range c.Dict {
			words[k] = value(wordCell(s))
		}
	}
	numbers := map[float64]float32{}
	for i := range y {
		v := float32(math.NaN())
		switch {
		case c.Missing(i):
		case c.Kind == data.String:
			v = words[c.Codes[i]]
		case t.Task == metrics.Regression:
			v = value(numberCell(c.Floats[i]))
		default:
			var seen bool
			if v, seen = numbers[c.Floats[i]]; !seen {
				v = value(numberCell(c.Floats[i]))
				if len(numbers) < maxClasses {
					numbers[c.Floats[i]] = v
				}
			}
		}
		if v == v {
			y[i], known[i] = v, true
		}
	}
	return y, known, nil
}

// Weights reads a weight column: numbers from 0, not all 0.
func Weights(c *data.Column) ([]float32, error) {
	w := make([]float32, c.Len())
	positive := false
	for i := range w {
		v, ok := cellAt(c, i).number()
		switch {
		case !ok || v != v:
			return nil, fmt.Errorf("weight column %q: row %d has no number", c.Name, i+1)
		case v < 0:
			return nil, fmt.Errorf("weight column %q: row %d is negative (%v)", c.Name, i+1, v)
		}
		w[i] = clamp(v)
		positive = positive || w[i] > 0
	}
	if !positive {
		return nil, fmt.Errorf("weight column %q: every weight is zero", c.Name)
	}
	return w, nil
}
