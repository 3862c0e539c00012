package featurize

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/data"
)

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var nan32 = float32(math.NaN())

func checkFeature(t *testing.T, got, want []float32) {
	t.Helper()
	if !sameFloats(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNumeric(t *testing.T) {
	t.Parallel()
	train := table(t, numbers("x", 1.5, math.NaN(), 1e300, -1e300, math.Inf(1)), numbers("s", 1.6e9, 1.6e9+1, 1.6e9+2, 1.6e9+3, 1.6e9+5))
	pl := fit(t, train, Options{Types: map[string]Type{"s": Numeric}})
	f := frameOf(t, pl, train)
	checkFeature(t, feature(t, f, "x"), []float32{1.5, nan32, math.MaxFloat32, -math.MaxFloat32, nan32})
	// Seconds since 1970 stay apart, as the distance from the smallest.
	checkFeature(t, feature(t, f, "s"), []float32{0, 1, 2, 3, 5})
	// The same column as text, with a word and a null.
	again := table(t, numbers("s", 1, 1, 1, 1, 1), words("x", "1.50", "", "2e3", "many", "-4"))
	checkFeature(t, feature(t, frameOf(t, pl, again), "x"), []float32{1.5, nan32, 2000, nan32, -4})
}

func TestBoolean(t *testing.T) {
	t.Parallel()
	pl := fit(t, table(t, words("x", "Yes", "no", "no", "")), Options{})
	other := table(t, words("x", "TRUE", "false", "perhaps", "Y", "0", "", "2"))
	checkFeature(t, frameOf(t, pl, other).Cols[0], []float32{1, 0, nan32, 1, 0, nan32, 2})
	checkFeature(t, frameOf(t, pl, table(t, numbers("x", 1, 0))).Cols[0], []float32{1, 0})
}

func TestCategory(t *testing.T) {
	t.Parallel()
	train := table(t, numbers("x", 2, 3, 3, 1, 1, 7, math.NaN()))
	pl := fit(t, train, Options{Types: map[string]Type{"x": Categorical}})
	// 1 and 3 twice each, ties by key; then 2 and 7.
	checkFeature(t, frameOf(t, pl, train).Cols[0], []float32{2, 1, 1, 0, 0, 3, nan32})
	if got := pl.Features()[0].Levels; got != 4 {
		t.Errorf("%d levels", got)
	}
	other := table(t, words("x", "1.0", "7", "8", "", "word"))
	checkFeature(t, frameOf(t, pl, other).Cols[0], []float32{0, 3, nan32, nan32, nan32})

	codes := fit(t, table(t, words("x", "00501", "501", "501", "x")), Options{Types: map[string]Type{"x": Categorical}})
	checkFeature(t, frameOf(t, codes, table(t, words("x", "501", "00501", "0501"))).Cols[0], []float32{0, 1, nan32})

	truth := fit(t, table(t, words("x", "True", "False", "True", "other")), Options{})
	x := make([]float32, 1)
	for i, v := range []any{true, false, "True", "other"} {
		if _, err := truth.Row(map[string]any{"x": v}, x); err != nil || x[0] != []float32{0, 1, 0, 2}[i] {
			t.Errorf("%v has code %v (%v)", v, x[0], err)
		}
	}
}

func TestCategoryOfTimes(t *testing.T) {
	t.Parallel()
	train := table(t, times(t, "x", "02/01/2006", "03/04/2024", "03/04/2024", "05/06/2024"))
	pl := fit(t, train, Options{Types: map[string]Type{"x": Categorical}})
	checkFeature(t, frameOf(t, pl, train).Cols[0], []float32{0, 0, 1})
	checkFeature(t, frameOf(t, pl, table(t, words("x", "05/06/2024", "03/04/2024", "soon"))).Cols[0], []float32{1, 0, nan32})
	x := make([]float32, 1)
	if _, err := pl.Row(map[string]any{"x": time.Date(2024, 6, 5, 0, 0, 0, 0, time.UTC)}, x); err != nil || x[0] != 1 {
		t.Errorf("a time has code %v (%v)", x[0], err)
	}
}

func TestFrequency(t *testing.T) {
	t.Parallel()
	// v0 four times, v1 … v30 twice, then 10 once.
	cells := []string{"v0", "v0"}
	for i := range 31 {
		cells = append(cells, fmt.Sprint("v", i), fmt.Sprint("v", i))
	}
	for i := range 10 {
		cells = append(cells, fmt.Sprint("w", i))
	}
	pl := fit(t, table(t, words("x", cells...)), Options{})
	f := frameOf(t, pl, table(t, words("x", "v0", "v30", "w3", "new", "")))
	log := func(n float64) float32 { return float32(math.Log1p(n)) }
	checkFeature(t, feature(t, f, "x.count"), []float32{log(4), log(2), log(1), log(1), nan32})
	checkFeature(t, feature(t, f, "x")[:1], []float32{0})
}

func TestLevelsAreCapped(t *testing.T) {
	t.Parallel()
	cells := generate(2*maxLevels+2, func(i int) string { return fmt.Sprint("v", i/2) })
	pl := fit(t, table(t, words("x", cells...)), Options{})
	if got := pl.Features()[0].Levels; got != maxLevels {
		t.Errorf("%d levels", got)
	}
}

func TestDatetime(t *testing.T) {
	t.Parallel()
	train := table(t, times(t, "d", "2006-01-02 15:04", "2023-03-05 10:00", "2024-03-06 10:30", "", "2024-03-07 11:00"))
	pl := fit(t, train, Options{})
	var names []string
	for _, f := range pl.Features() {
		names = append(names, f.Name)
	}
	// The month never changes.
	want := []string{"d.year", "d.day", "d.weekday", "d.dayofyear", "d.hour", "d.minuteofday", "d.elapsed"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatal(diff)
	}
	other := table(t, words("d", "2024-03-06T10:30:00Z", "never", "", "2023-03-04"))
	f := frameOf(t, pl, other)
	for name, want := range map[string][]float32{
		"d.year":        {2024, nan32, nan32, 2023},
		"d.weekday":     {3, nan32, nan32, 6},
		"d.dayofyear":   {66, nan32, nan32, 63},
		"d.minuteofday": {630, nan32, nan32, 0},
		"d.elapsed":     {367 + 0.5/24, nan32, nan32, -1 - 10.0/24},
	} {
		checkFeature(t, feature(t, f, name), want)
	}
}

func TestDatetimeKeepsOrderOfDayAndMonth(t *testing.T) {
	t.Parallel()
	train := times(t, "d", "02/01/2006", "13/04/2024", "14/05/2024", "05/06/2024")
	pl := fit(t, table(t, train), Options{})
	// A reader that sees these alone takes them as month first.
	other := times(t, "d", "01/02/2006", "05/06/2024", "03/04/2024")
	checkFeature(t, feature(t, frameOf(t, pl, table(t, other)), "d.month"), []float32{6, 4})
	checkFeature(t, feature(t, frameOf(t, pl, table(t, words("d", "05/06/2024", "06/15/2024"))), "d.month"), []float32{6, nan32})
}

func TestDatesInNumbers(t *testing.T) {
	t.Parallel()
	pl := fit(t, table(t, numbers("d", 20240305, 20240406, 20240507)), Options{Types: map[string]Type{"d": Datetime}})
	other := table(t, numbers("d", 2024, 20241231, 1.7e9, 1.7e12, 5, 20241399))
	want := []float32{1, 12, 11, 11, nan32, nan32}
	checkFeature(t, feature(t, frameOf(t, pl, other), "d.month"), want)
}

// reviews are texts over a small vocabulary.
func reviews(n int) []string {
	r := rand.New(rand.NewPCG(3, 4))
	vocabulary := strings.Fields("good bad fine great awful the a of it is was Über nice élan plot 2nd film never again ever")
	return generate(n, func(i int) string {
		if i%37 == 5 {
			return ""
		}
		s := generate(4+r.IntN(12), func(int) string { return vocabulary[r.IntN(len(vocabulary))] })
		return strings.Join(s, " ") + strings.Repeat("!", r.IntN(3))
	})
}

// slowTFIDF is the definition, by maps.
func slowTFIDF(train []string, doc string) map[string]float64 {
	grams := func(s string) map[string]int {
		m := map[string]int{}
		last := ""
		for _, w := range strings.Fields(strings.ToLower(strings.ReplaceAll(s, "!", " "))) {
			if len([]rune(w)) < 2 {
				continue
			}
			m[w]++
			if last != "" {
				m[last+" "+w]++
			}
			last = w
		}
		return m
	}
	df := map[string]int{}
	for _, d := range train {
		for g := range grams(d) {
			df[g]++
		}
	}
	out, square := map[string]float64{}, 0.0
	for g, n := range grams(doc) {
		if df[g] >= 2 {
			v := (1 + math.Log(float64(n))) * (math.Log(float64(1+len(train))/float64(1+df[g])) + 1)
			out[g] = v
			square += v * v
		}
	}
	for g := range out {
		out[g] /= math.Sqrt(square)
	}
	return out
}

func gramHash(g string) uint64 {
	var h []uint64
	tokenise(g, func(s span) { h = append(h, s.hash) })
	if len(h) == 2 {
		return pairHash(h[0], h[1])
	}
	return h[0]
}

func TestTextAgreesWithDefinition(t *testing.T) {
	t.Parallel()
	docs := reviews(300)
	pl := fit(t, table(t, words("r", docs...)), Options{})
	f := frameOf(t, pl, table(t, words("r", docs[:60]...)))
	tr := pl.Transforms()[0].(*text)
	terms := map[string]bool{}
	for i, doc := range docs[:60] {
		want := slowTFIDF(docs, doc)
		lo, hi := f.Sparse.Start[i], f.Sparse.Start[i+1]
		if int(hi-lo) != len(want) {
			t.Fatalf("row %d has %d terms, not %d", i, hi-lo, len(want))
		}
		for g, v := range want {
			terms[g] = true
			k := tr.index.find(gramHash(g))
			found := false
			for at := lo; at < hi; at++ {
				if f.Sparse.Index[at] == k {
					found = math.Abs(float64(f.Sparse.Value[at])-v) < 1e-6
				}
			}
			if !found {
				t.Fatalf("row %d: no weight %v of %q", i, v, g)
			}
		}
		for at := lo + 1; at < hi; at++ {
			if f.Sparse.Index[at-1] >= f.Sparse.Index[at] {
				t.Fatalf("row %d: columns out of order", i)
			}
		}
	}
	if len(terms) < 100 {
		t.Errorf("only %d terms were compared", len(terms))
	}
}

func TestTextForTrees(t *testing.T) {
	t.Parallel()
	docs := generate(120, func(i int) string {
		return fmt.Sprintf("always here number%d and often%d more often%d", i, i%2, i%2)
	})
	docs[0] = "WOW 42 times: often0 OFTEN0!!"
	pl := fit(t, table(t, words("r", docs...)), Options{})
	f := frameOf(t, pl, table(t, words("r", docs[0], docs[2], "")))
	for name, want := range map[string][]float32{
		"r.words":        {5, 7, nan32},
		"r.chars":        {29, 42, nan32},
		"r.upper":        {8.0 / 18, 0, nan32},
		"r.digits":       {4, 3, nan32},
		"r.exclamations": {2, 0, nan32},
		"r:often0":       {2, 2, 0},
		"r:more often1":  {0, 0, 0},
	} {
		checkFeature(t, feature(t, f, name), want)
	}
	for _, ft := range f.Features {
		if !ft.TreeOnly {
			t.Errorf("feature %s is also in the dense view", ft.Name)
		}
		if strings.HasPrefix(ft.Name, "r:always") || strings.HasPrefix(ft.Name, "r:number") {
			t.Errorf("%s is in too many rows or in too few", ft.Name)
		}
	}
	if pl.Encoder().Cols() != 0 {
		t.Errorf("%d dense columns", pl.Encoder().Cols())
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		"Hello, wORLD":           {"hello", "world"},
		"a b cd":                 {"cd"},
		"don't 1st 2":            {"don", "1st"},
		"ÉTÉ naïve":              {"été", "naïve"},
		"日本 go語":                 {"日", "本", "go", "語"},
		"\xff\xfebroken\xffword": {"broken", "word"},
		"":                       nil,
		"snake_case-x9":          {"snake", "case", "x9"},
	} {
		var got []string
		tokenise(s, func(p span) {
			w := strings.ToLower(s[p.from:p.to])
			got = append(got, w)
			tokenise(w, func(q span) {
				if q.hash != p.hash {
					t.Errorf("%q: the hash of %q depends on its case or place", s, w)
				}
			})
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}

// The hashes are part of the model format; the numbers come from an independent
// program.
func TestHashesNeverChange(t *testing.T) {
	t.Parallel()
	if got := hashOf("great"); got != 0xe997e3eca2c46354 {
		t.Errorf("great: %#x", got)
	}
	if got := pairHash(hashOf("not"), hashOf("good")); got != 0x27de4393230980c0 {
		t.Errorf("not good: %#x", got)
	}
}

func hashOf(w string) (h uint64) {
	tokenise(w, func(s span) { h = s.hash })
	return h
}

func TestTwoTextsShareTheSparseBlock(t *testing.T) {
	t.Parallel()
	a, b := reviews(200), reviews(400)[200:]
	tab := table(t, words("a", a...), words("b", b...))
	pl := fit(t, tab, Options{})
	f := frameOf(t, pl, tab)
	fa := frameOf(t, fit(t, table(t, words("a", a...)), Options{}), tab)
	fb := frameOf(t, fit(t, table(t, words("b", b...)), Options{}), tab)
	if f.Sparse.Cols != fa.Sparse.Cols+fb.Sparse.Cols || pl.SparseCols() != f.Sparse.Cols {
		t.Fatalf("%d columns, not %d and %d", f.Sparse.Cols, fa.Sparse.Cols, fb.Sparse.Cols)
	}
	for i := range f.Rows {
		var want, got []string
		for at := fa.Sparse.Start[i]; at < fa.Sparse.Start[i+1]; at++ {
			want = append(want, fmt.Sprint(fa.Sparse.Index[at], fa.Sparse.Value[at]))
		}
		for at := fb.Sparse.Start[i]; at < fb.Sparse.Start[i+1]; at++ {
			want = append(want, fmt.Sprint(int(fb.Sparse.Index[at])+fa.Sparse.Cols, fb.Sparse.Value[at]))
		}
		for at := f.Sparse.Start[i]; at < f.Sparse.Start[i+1]; at++ {
			got = append(got, fmt.Sprint(f.Sparse.Index[at], f.Sparse.Value[at]))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("row %d: %s", i, diff)
		}
	}
}

func mixed(t testing.TB, n int) *data.Table {
	r := rand.New(rand.NewPCG(5, 6))
	return table(t,
		numbers("num", generate(n, func(i int) float64 {
			if i%11 == 0 {
				return math.NaN()
			}
			return r.NormFloat64() * 100
		})...),
		words("city", generate(n, func(int) string { return fmt.Sprint("city ", r.IntN(50)) })...),
		words("dirty", generate(n, func(i int) string {
			if i%60 == 7 {
				return "n.k."
			}
			return strconv.Itoa(r.IntN(500))
		})...),
		times(t, "when", "2006-01-02", generate(n, func(i int) string { return day(i * 7 % 500) })...),
		words("ok", generate(n, func(int) string { return []string{"yes", "no", ""}[r.IntN(3)] })...),
		words("review", reviews(n)...),
		numbers("y", generate(n, func(i int) float64 { return float64(i % 2) })...))
}

func TestPipelineSameBits(t *testing.T) {
	t.Parallel()
	tab := mixed(t, 700)
	p, err := Infer(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	one, err := p.Fit(tab, 600, 1)
	if err != nil {
		t.Fatal(err)
	}
	three, err := p.Fit(tab, 600, 3)
	if err != nil {
		t.Fatal(err)
	}
	if string(mustJSON(t, one)) != string(mustJSON(t, three)) {
		t.Error("three threads fit another pipeline than one")
	}
	want := frameOf(t, one, tab)
	again := roundTrip(t, one)
	if !same(want, frameOf(t, again, tab)) {
		t.Error("JSON changes the frame")
	}
	if diff := cmp.Diff(one.Features(), again.Features()); diff != "" {
		t.Error(diff)
	}
	if !sameFloats(denseCells(one.Encoder().Encode(want, 1)), denseCells(again.Encoder().Encode(want, 2))) {
		t.Error("JSON changes the dense view")
	}
	if single, err := one.Frame(tab, 1); err != nil || !same(want, single) {
		t.Errorf("one thread gives another frame than two (%v)", err)
	}
	// Other order, extra columns.
	cols := []*data.Column{numbers("extra", make([]float64, 700)...)}
	for i := len(tab.Columns()) - 2; i >= 0; i-- {
		cols = append(cols, tab.Columns()[i])
	}
	if !same(want, frameOf(t, one, table(t, cols...))) {
		t.Error("the order of columns matters")
	}
}

func TestPipelineErrors(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("price", 1.5, 2, 3), words("color", "a", "b", "a"))
	pl := fit(t, tab, Options{})
	_, err := pl.Frame(table(t, numbers("Price", 1), words("color", "a")), 1)
	wantError(t, err, `"price"`, `did you mean "Price"?`)
	_, err = pl.Frame(table(t, times(t, "price", "2006-01-02", "", day(1)), words("color", "a", "a")), 1)
	wantError(t, err, `column "price", row 2`, "dates")
	x := make([]float32, 2)
	_, err = pl.Row(map[string]any{"color": "a", "prize": 1}, x)
	wantError(t, err, `"price"`, `did you mean "prize"?`)
	_, err = pl.Row(map[string]any{"color": "a", "price": []int{1}}, x)
	wantError(t, err, `column "price"`, "[]int")
	_, err = pl.Row(map[string]any{"color": "a", "price": time.Now()}, x)
	wantError(t, err, `column "price"`, "dates")
	_, err = pl.Row(map[string]any{"color": "a", "price": 1}, x[:1])
	wantError(t, err, "room for 1 features")
	if f := frameOf(t, pl, table(t, times(t, "price", "2006-01-02", ""), words("color", "c"))); !math.IsNaN(float64(f.Cols[0][0])) {
		t.Errorf("a column of missing times gives %v", f.Cols[0])
	}
}

func TestFeatureNamesAreUnique(t *testing.T) {
	t.Parallel()
	tab := table(t,
		words("x", generate(100, func(i int) string { return fmt.Sprint("v", i%40) })...),
		numbers("x.count", generate(100, func(i int) float64 { return float64(i) / 3 })...))
	seen := map[string]bool{}
	for _, f := range fit(t, tab, Options{}).Features() {
		if seen[f.Name] {
			t.Errorf("two features %q", f.Name)
		}
		seen[f.Name] = true
	}
	if len(seen) != 3 {
		t.Errorf("features %v", seen)
	}
}

func TestPipelineRefusesBadJSON(t *testing.T) {
	t.Parallel()
	good := string(mustJSON(t, fit(t, mixed(t, 300), Options{Target: "y"})))
	for _, c := range []struct{ name, old, new string }{
		{"version", `"version":1`, `"version":9`},
		{"unknown field", `"version":1`, `"version":1,"more":1`},
		{"unknown kind", `"kind":"frequency"`, `"kind":"quantum"`},
		{"other kind", `"kind":"numeric"`, `"kind":"datetime"`},
		{"level twice", `"levels":["city `, `"levels":["a","a","city `},
		{"unknown part", `"dayofyear"`, `"century"`},
		{"part twice", `"dayofyear"`, `"month"`},
		{"counts", `"counts":[`, `"counts":[7,`},
		{"hashes", `"hashes":"`, `"hashes":"AAAA`},
		{"rows", `"rows":300,`, `"rows":1,`},
		{"encoder", `"encoder":{"features":`, `"encoder":{"features":1`},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Errorf("%s: %s is not in the JSON", c.name, c.old)
		}
		if err := json.Unmarshal([]byte(bad), &Pipeline{}); err == nil {
			t.Errorf("%s: accepted", c.name)
		}
	}
	wantError(t, json.Unmarshal([]byte(`{"version":1,"transforms":[]}`), &Pipeline{}), "no encoder")
}

// rowOf gives row i as a user may write it.
func rowOf(rt *rapid.T, tab *data.Table, i int) map[string]any {
	row := map[string]any{"extra": "ignored"}
	for _, c := range tab.Columns() {
		switch {
		case c.Missing(i):
			row[c.Name] = rapid.SampledFrom([]any{nil, "", "NA", math.NaN(), (*int)(nil)}).Draw(rt, "missing")
		case c.Kind == data.Number:
			v := c.Floats[i]
			forms := []any{v, json.Number(strconv.FormatFloat(v, 'g', -1, 64)), &v}
			if v == math.Trunc(v) && math.Abs(v) < 1e6 {
				forms = append(forms, int(v), int64(v), int32(v))
			}
			row[c.Name] = rapid.SampledFrom(forms).Draw(rt, "number")
		case c.Kind == data.Time:
			row[c.Name] = rapid.SampledFrom([]any{
				time.Unix(0, c.Times[i]), time.Unix(0, c.Times[i]).In(time.FixedZone("x", 3600)),
				c.Text(i),
			}).Draw(rt, "time")
		default:
			row[c.Name] = c.Dict[c.Codes[i]]
		}
	}
	return row
}

func randomColumn(rt *rapid.T, name string, n int) *data.Column {
	c := &data.Column{Name: name}
	hole := rapid.SampledFrom([]int{0, 3, 10}).Draw(rt, "hole") // about one in so many is missing
	gone := func() bool { return hole > 0 && rapid.IntRange(1, hole).Draw(rt, "gone") == 1 }
	switch shape := rapid.IntRange(0, 6).Draw(rt, "shape"); shape {
	case 0, 1, 2:
		value := []*rapid.Generator[float64]{
			rapid.Float64(),
			rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }),
			rapid.Float64Range(1e9, 1e9+50),
		}[shape]
		for range n {
			v := value.Draw(rt, "v")
			if gone() || math.IsInf(v, 0) {
				v = math.NaN()
			}
			c.Floats = append(c.Floats, v)
		}
	case 3:
		c.Kind = data.Time
		c.Layout = rapid.SampledFrom([]string{"", "2006-01-02 15:04", "2006-01-02"}).Draw(rt, "layout")
		for range n {
			minutes := rapid.Int64Range(0, 1e6).Draw(rt, "minutes")
			if c.Layout == "2006-01-02" {
				minutes -= minutes % 1440
			}
			ns := 1.6e9*int64(time.Second) - 1.6e9*int64(time.Second)%(24*int64(time.Hour)) + minutes*int64(time.Minute)
			if gone() {
				ns = data.MissingTime
			}
			c.Times = append(c.Times, ns)
		}
	default:
		value := []*rapid.Generator[string]{
			rapid.SampledFrom([]string{"a", "B", "yes", "no", "1", "1.0", "01", "2020-01-02", "NA", " ", "true"}),
			rapid.StringN(0, 12, -1),
			rapid.Map(rapid.SliceOfN(rapid.SampledFrom(strings.Fields("good bad Ugly été the of 42 !!")), 3, 9),
				func(w []string) string { return strings.Join(w, " ") }),
		}[shape-4]
		cells := generate(n, func(int) string {
			if gone() {
				return ""
			}
			return value.Draw(rt, "s")
		})
		return words(name, cells...)
	}
	return c
}

func TestRowHasTheBitsOfFrame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "rows")
		var cols []*data.Column
		types := map[string]Type{}
		for j := range rapid.IntRange(1, 4).Draw(rt, "cols") {
			name := fmt.Sprint("c", j)
			cols = append(cols, randomColumn(rt, name, n))
			if rapid.Bool().Draw(rt, "forced") {
				types[name] = rapid.SampledFrom([]Type{Numeric, Boolean, Categorical, Datetime, Text}).Draw(rt, "type")
			}
		}
		tab, err := data.NewTable(cols...)
		if err != nil {
			rt.Fatal(err)
		}
		p, err := Infer(tab, Options{Types: types, Rows: rapid.IntRange(0, n).Draw(rt, "train")})
		if err != nil {
			rt.Skip(err)
		}
		pl, err := p.Fit(tab, p.Rows, 2)
		if err != nil {
			if strings.Contains(err.Error(), "holds dates") {
				rt.Skip(err)
			}
			rt.Fatal(err)
		}
		f, err := pl.Frame(tab, 2)
		if err != nil {
			rt.Fatal(err)
		}
		x, want := make([]float32, len(f.Cols)), make([]float32, len(f.Cols))
		for i := range n {
			row := rowOf(rt, tab, i)
			sparse, err := pl.Row(row, x)
			if err != nil {
				rt.Fatalf("row %v: %v", row, err)
			}
			for j := range want {
				want[j] = f.Cols[j][i]
			}
			if !sameFloats(x, want) {
				rt.Fatalf("row %v gives %v, in the frame %v", row, x, want)
			}
			if (sparse == nil) != (f.Sparse == nil) {
				rt.Fatal("one has a sparse block, the other has none")
			}
			if sparse != nil {
				lo, hi := f.Sparse.Start[i], f.Sparse.Start[i+1]
				if !sameFloats(sparse.Value, f.Sparse.Value[lo:hi]) || fmt.Sprint(sparse.Index) != fmt.Sprint(f.Sparse.Index[lo:hi]) {
					rt.Fatalf("row %v gives %v, in the frame %v", row, sparse, f.Sparse.Value[lo:hi])
				}
			}
		}
	})
}

// Words that share a place in the counting filter are still counted apart.
func TestTermsInOneRowAreNoTerms(t *testing.T) {
	t.Parallel()
	docs := generate(10_000, func(i int) string { return fmt.Sprintf("ab%d cd%d", i, i) })
	docs[0], docs[1] = "both rows both rows", "both"
	terms := countTerms(docs, nil, 2)
	if diff := cmp.Diff([]uint64{hashOf("both")}, generate(len(terms), func(i int) uint64 { return terms[i].hash })); diff != "" {
		t.Error(diff)
	}
}
