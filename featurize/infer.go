package featurize

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-09a2cce4/automl/data"
)

const (
	// maxBadShare: a column with more cells that are no numbers is not numeric.
	maxBadShare = 0.05
	// maxWarnings bounds a plan's warnings.
	maxWarnings = 100
)

// Infer says what every column of the training rows means and how it becomes
// features. It fails if the target, the weight or an overridden column is not
// there, if an override fits no cell, or if no column is left to learn from.
func Infer(t *data.Table, o Options) (*Plan, error) {
	if err := checkOptions(t, o); err != nil {
		return nil, err
	}
	p := &Plan{Version: planVersion, Target: o.Target, Weight: o.Weight, Rows: trainingRows(t, o.Rows)}
	var cols []*data.Column
	for _, c := range t.Columns() {
		if c.Name != o.Target && c.Name != o.Weight {
			cols = append(cols, c)
		}
	}
	p.Columns = make([]ColumnPlan, len(cols))
	err := each(len(cols), runtime.GOMAXPROCS(0), func(i int) error {
		var err error
		p.Columns[i], err = inferColumn(cols[i], p.Rows, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.dropTwins(cols, o)
	p.warn("")
	return p, p.usable()
}

// dropTwins ignores columns that say what an earlier one says, unless the user
// gave their type.
func (p *Plan) dropTwins(cols []*data.Column, o Options) {
	for i, j := range duplicates(cols, p.Rows) {
		c := &p.Columns[i]
		if _, forced := o.Types[c.Name]; j >= 0 && !forced && c.used() && p.Columns[j].used() {
			c.Ignored, c.Transforms, c.SameAs = true, nil, cols[j].Name
			c.Why = fmt.Sprintf("the same cells as column %q; --type %s=%s keeps it", cols[j].Name, c.Name, c.Type)
		}
	}
}

// warn makes the warnings, with one more first unless it is "".
func (p *Plan) warn(first string) {
	p.Warnings = nil
	if first != "" {
		p.Warnings = append(p.Warnings, first)
	}
	if unused := p.unused(); unused != "" {
		p.Warnings = append(p.Warnings, unused)
	}
	for i := range p.Columns {
		p.Warnings = append(p.Warnings, p.Columns[i].warnings()...)
	}
	if n := len(p.Warnings); n > maxWarnings {
		p.Warnings = append(p.Warnings[:maxWarnings], fmt.Sprintf("%d more warnings of this kind", n-maxWarnings))
	}
}

// unused is a sentence about the identifiers, constants and duplicates among the
// columns, which make no features though nobody said so; "" for none.
func (p *Plan) unused() string {
	var names []string
	for _, c := range p.Columns {
		switch {
		case !c.Ignored && !c.used():
			names = append(names, fmt.Sprintf("%q (%s)", c.Name, c.Type))
		case c.Ignored && c.SameAs != "":
			names = append(names, fmt.Sprintf("%q (the same as %q)", c.Name, c.SameAs))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "columns that are not used: " + upToTen(names)
}

func trainingRows(t *data.Table, rows int) int {
	if rows <= 0 || rows > t.Rows() {
		return t.Rows()
	}
	return rows
}

// Find returns the column of that name, or an error with the nearest name.
func Find(t *data.Table, name string) (*data.Column, error) {
	if c := t.Column(name); c != nil {
		return c, nil
	}
	names := make([]string, 0, len(t.Columns()))
	for _, c := range t.Columns() {
		names = append(names, c.Name)
	}
	return nil, fmt.Errorf("there is no column %q%s", name, hint(name, names))
}

// hint suggests the nearest name.
func hint(name string, names []string) string {
	if near := data.NearestName(name, names); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}

func checkOptions(t *data.Table, o Options) error {
	if o.Target != "" {
		if _, err := Find(t, o.Target); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	}
	if o.Weight != "" {
		if _, err := Find(t, o.Weight); err != nil {
			return fmt.Errorf("weight column: %w", err)
		}
		if o.Weight == o.Target {
			return fmt.Errorf("column %q cannot be both target and weight", o.Target)
		}
	}
	names := make([]string, 0, len(o.Types))
	for name := range o.Types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, err := Find(t, name); err != nil {
			return fmt.Errorf("--type %s=%s: %w", name, o.Types[name], err)
		}
		if _, err := ParseType(string(o.Types[name])); err != nil {
			return fmt.Errorf("--type %s=%s: %w", name, o.Types[name], err)
		}
	}
	for _, name := range o.Ignore {
		if _, err := Find(t, name); err != nil {
			return fmt.Errorf("--ignore %s: %w", name, err)
		}
		if name == o.Target {
			return fmt.Errorf("--ignore %s: it is the target", name)
		}
	}
	for _, c := range t.Columns() {
		if !utf8.ValidString(c.Name) {
			return fmt.Errorf("column name %q is not valid UTF-8: rename it", c.Name)
		}
	}
	return nil
}

// usable reports a plan without features.
func (p *Plan) usable() error {
	var left []string
	for _, c := range p.Columns {
		if len(c.Transforms) > 0 {
			return nil
		}
		if !c.Ignored {
			left = append(left, fmt.Sprintf("%q (%s)", c.Name, c.Type))
		}
	}
	if len(left) == 0 {
		return fmt.Errorf("the table has no column to learn from beside the target")
	}
	if n := len(left); n > 3 {
		left = append(left[:3], fmt.Sprintf("%d more", n-3))
	}
	return fmt.Errorf("no column is left to learn from: %s; --type COLUMN=numeric or =categorical keeps one", strings.Join(left, ", "))
}

func (c *ColumnPlan) warnings() (list []string) {
	if c.Ignored {
		return nil
	}
	if c.Bad > 0 {
		list = append(list, fmt.Sprintf("column %q is %s; %s taken as missing, such as %s", c.Name, c.Type, cells(c.Bad), some(c.BadExamples)))
	}
	if c.Infinite > 0 {
		list = append(list, fmt.Sprintf("column %q: %s with an infinite number taken as missing", c.Name, cells(c.Infinite)))
	}
	return list
}

func cells(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}

func inferColumn(c *data.Column, rows int, o Options) (ColumnPlan, error) {
	p := profileOf(c, rows)
	cp := ColumnPlan{Name: c.Name, Missing: p.missing(), Distinct: p.distinct, Infinite: p.infinite}
	layout := ""
	if forced, ok := o.Types[c.Name]; ok {
		cp.Type, cp.Why = forced, "as you said"
		if err := p.force(&cp, &layout); err != nil {
			return cp, fmt.Errorf("--type %s=%s: %w", cp.Name, cp.Type, err)
		}
	} else {
		switch c.Kind {
		case data.Number:
			p.inferNumber(&cp)
		case data.Time:
			p.inferTime(&cp)
		default:
			p.inferWords(&cp, &layout)
		}
	}
	if slices.Contains(o.Ignore, c.Name) {
		cp.Ignored, cp.Transforms = true, nil
		cp.Why = "left out, as you said"
		return cp, nil
	}
	if cp.Transforms == nil {
		cp.Transforms = steps(cp.Type, p.distinct, layout)
	}
	return cp, nil
}

// steps are the transforms of a type.
func steps(t Type, distinct int, layout string) []Step {
	switch t {
	case Numeric:
		return []Step{{Kind: "numeric"}}
	case Boolean:
		return []Step{{Kind: "boolean"}}
	case Categorical:
		if distinct > manyLevels {
			return []Step{{Kind: "category"}, {Kind: "frequency"}}
		}
		return []Step{{Kind: "category"}}
	case Datetime:
		if layout == "" {
			return []Step{{Kind: "datetime"}}
		}
		params, err := json.Marshal(datedParams{Layout: layout})
		if err != nil { // a layout is text, which marshals
			params = nil
		}
		return []Step{{Kind: "datetime", Params: params}}
	case Text:
		return []Step{{Kind: "text"}}
	}
	return nil
}

func (cp *ColumnPlan) is(t Type, why string, args ...any) {
	cp.Type, cp.Why = t, fmt.Sprintf(why, args...)
}

// constant handles columns that cannot say anything.
func (p *profile) constant(cp *ColumnPlan) bool {
	switch {
	case p.present == 0:
		cp.is(Constant, "every cell is missing")
	case p.distinct == 1 && p.missing() == 0:
		cp.is(Constant, "every row has the same value")
	default:
		return false
	}
	return true
}

func (p *profile) inferTime(cp *ColumnPlan) {
	if !p.constant(cp) {
		cp.is(Datetime, "dates or times")
	}
}

func (p *profile) inferNumber(cp *ColumnPlan) {
	code := codeName(p.name)
	switch {
	case p.constant(cp):
	case p.zeroOne && p.distinct == 2:
		cp.is(Boolean, "only 0 and 1")
	case p.rowNumber():
		cp.is(Identifier, "integers that number the rows; --type %s=numeric keeps it", p.name)
	case p.whole && idName(p.name) && p.present >= 20 && p.share() >= 0.98:
		cp.is(Identifier, "named as an identifier, and nearly every row has its own value")
	case p.whole && p.distinct > 2 && p.share() <= 0.5 && (code || idName(p.name)):
		cp.is(Categorical, "%d integers that are codes, by the name; --type %s=numeric takes them as numbers", p.distinct, p.name)
	case p.whole:
		cp.is(Numeric, "%d integers", p.distinct)
	default:
		cp.is(Numeric, "numbers")
	}
}

// rowNumber reports integers that run up by one, or that are all distinct and
// fill at least half of their range: row numbers, maybe shuffled or sampled.
// So many numbers without a repetition are no measurement.
func (p *profile) rowNumber() bool {
	if !p.whole || p.present < 20 || p.missing() > 0 {
		return false
	}
	if p.rising {
		return true
	}
	return p.present >= 100 && p.distinct == p.seen && p.high-p.low+1 <= 2*float64(p.present)
}

func (p *profile) inferWords(cp *ColumnPlan, layout *string) {
	if p.constant(cp) {
		return
	}
	if p.distinct == 2 && truthOf(p.values[0])+truthOf(p.values[1]) == 1 {
		cp.is(Boolean, "two values that mean true and false")
		return
	}
	if p.inferDirtyNumbers(cp) || p.inferDirtyTimes(cp, layout) {
		return
	}
	words, share := p.mean(wordCount), p.share()
	switch {
	case p.inferLists(cp):
	case words >= 4 && share > 0.2 && p.distinct > 20,
		words >= 3 && share > 0.5 && p.present > 100:
		cp.is(Text, "%.0f words a row, %.0f %% of them distinct", words, 100*share)
	case share >= 0.95 && p.present >= 20:
		cp.is(Identifier, "nearly every row has its own value; --type %s=categorical or =text keeps it", p.name)
	default:
		cp.is(Categorical, "%d distinct values", p.distinct)
	}
}

// truthOf is 0 or 1 for a word that means false or true, else NaN.
func truthOf(s string) float64 {
	if v, _ := wordCell(s).boolean(); v == 0 || v == 1 {
		return v
	}
	return math.NaN()
}

func isNumber(s string) bool {
	v, ok := data.ParseNumber(s)
	return ok && !math.IsInf(v, 0)
}

// inferDirtyNumbers takes words as numbers if few are none. Numbers that would
// lose digits (00501, identifiers beyond 2^53) are left as they are.
func (p *profile) inferDirtyNumbers(cp *ColumnPlan) bool {
	bad, examples := p.test(isNumber)
	if bad == 0 || float64(bad) > maxBadShare*float64(p.present) {
		return false
	}
	if label, _ := p.test(keepsValue); label > 0 {
		return false
	}
	cp.is(Numeric, "numbers but for %s", cells(bad))
	cp.Bad, cp.BadExamples = bad, examples
	return true
}

// keepsValue reports whether a word that is a number is the only writing of it.
func keepsValue(s string) bool {
	v, ok := data.ParseNumber(s)
	return !ok || math.IsInf(v, 0) || data.Key(s) == data.NumberKey(v)
}

// inferDirtyTimes takes words as dates if few are none.
func (p *profile) inferDirtyTimes(cp *ColumnPlan, layout *string) bool {
	if bad, _ := p.test(mayBeTime); float64(bad) > maxBadShare*float64(p.present) {
		return false
	}
	found, ok := p.bestLayout()
	if !ok {
		return false
	}
	bad, examples := p.test(func(s string) bool { _, ok := data.ParseTime(s, found); return ok })
	if float64(bad) > maxBadShare*float64(p.present) {
		return false
	}
	cp.is(Datetime, "dates or times but for %s", cells(bad))
	cp.Bad, cp.BadExamples, *layout = bad, examples, found
	return true
}

// bestLayout is the first layout that reads most of the values looked at.
func (p *profile) bestLayout() (string, bool) {
	const looked = 200
	step := max(1, len(p.values)/looked)
	best, most, n := "", 0, 0
	for _, l := range data.TimeLayouts() {
		hits := 0
		n = 0
		for i := 0; i < len(p.values); i += step {
			n++
			if _, ok := data.ParseTime(p.values[i], l); ok {
				hits++
			}
		}
		if hits > most {
			best, most = l, hits
		}
	}
	return best, 2*most >= n && most > 0
}

// force checks a type that the user chose and counts the cells that do not fit. Where
// layout says how dates are written it is kept, or else found.
func (p *profile) force(cp *ColumnPlan, layout *string) error {
	var fits func(c Cell) bool
	switch cp.Type {
	case Numeric:
		fits = func(c Cell) bool { v, ok := c.number(); return ok && v == v }
	case Boolean:
		fits = func(c Cell) bool { v, _ := c.boolean(); return v == 0 || v == 1 }
	case Datetime:
		if *layout == "" {
			*layout = p.col.Layout
			if found, ok := p.bestLayout(); ok {
				*layout = found
			}
		}
		layouts := layoutsAfter(*layout)
		fits = func(c Cell) bool { _, ok := c.time(layouts); return ok }
	default:
		return nil
	}
	p.eachCell(func(c Cell, n int) {
		if fits(c) {
			return
		}
		cp.Bad += n
		if len(cp.BadExamples) < 3 {
			cp.BadExamples = append(cp.BadExamples, shorten(c.text(nil)))
		}
	})
	if p.present > 0 && cp.Bad == p.present {
		return fmt.Errorf("no cell fits, such as %s", some(cp.BadExamples))
	}
	return nil
}

// eachCell calls do with every cell that has a value, or with every distinct
// word and its number of rows.
func (p *profile) eachCell(do func(c Cell, n int)) {
	if p.col.Kind == data.String {
		for i, s := range p.values {
			do(wordCell(s), p.counts[i])
		}
		return
	}
	for i := range p.rows {
		if c := cellAt(p.col, i); c.kind != missing {
			do(c, 1)
		}
	}
}

// nameParts splits a column name into lower-case words: at anything but letters
// and digits, and where a capital follows a small letter or digit.
func nameParts(name string) []string {
	var parts []string
	var part []rune
	flush := func() {
		if len(part) > 0 {
			parts = append(parts, strings.ToLower(string(part)))
			part = nil
		}
	}
	var last rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)):
			flush()
			part = append(part, r)
		default:
			part = append(part, r)
		}
		last = r
	}
	flush()
	return parts
}

func hasPart(name string, words ...string) bool {
	return slices.ContainsFunc(nameParts(name), func(p string) bool { return slices.Contains(words, p) })
}

// idName reports a name that ends as an identifier's does.
func idName(name string) bool {
	parts := nameParts(name)
	return len(parts) > 0 && slices.Contains([]string{"id", "ids", "uuid", "guid", "key", "index", "rowid"}, parts[len(parts)-1])
}

// codeName reports a name that says that its numbers are codes.
func codeName(name string) bool {
	return hasPart(name, "code", "cd", "zip", "zipcode", "postcode", "postal")
}
