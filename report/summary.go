package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

// Summary is what a search found, in sentences for people.
type Summary struct {
	// Tried says how many trials there were of what, and what ended the search.
	Tried string `json:"tried"`
	// Won says what the model is and its validation score.
	Won string `json:"won"`
	// Distilled compares the one model that was asked for with the ensemble that it stands
	// for, or says why there is none.
	Distilled string `json:"distilled,omitempty"`
	// Margin says by how much the best learner is ahead of the next one, and how sure
	// that is.
	Margin string `json:"margin,omitempty"`
	// Drives says which columns matter most.
	Drives string `json:"drives,omitempty"`
	// Next is what may be worth doing, the most important first.
	Next []string `json:"next,omitempty"`
}

// Summarize tells of the search that made a model. Of an imported model nothing is
// known but where it comes from.
func Summarize(m *model.Model) Summary {
	info := m.Info()
	if info.Imported != "" {
		return Summary{Tried: "nothing: the model was imported from " + info.Imported}
	}
	board := m.Leaderboard()
	return Summary{
		Tried: tried(info, board), Won: won(m), Distilled: distilled(info), Margin: margin(board, info.Metric),
		Drives: drives(m.Importance(), info.Metric), Next: next(m),
	}
}

// most is how many things a sentence lists.
const most = 5

func tried(info model.Info, board []trials.Row) string {
	learners := map[string]int{}
	states := map[trials.State]int{}
	for _, r := range board {
		learners[r.Learner]++
		states[r.State]++
	}
	names := slices.SortedFunc(maps.Keys(learners), func(a, b string) int {
		return cmp.Or(cmp.Compare(learners[b], learners[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", learners[name], name)
	}
	text := fmt.Sprintf("%s of %s in %s: %s", count(len(board), "trial"), count(len(names), "learner"), duration(info.Seconds), strings.Join(parts, ", "))
	for _, s := range []struct {
		state trials.State
		words string
	}{{trials.Pruned, "given up early"}, {trials.Failed, "failed"}, {trials.Cancelled, "cut off by the end"}} {
		if n := states[s.state]; n > 0 {
			text += fmt.Sprintf("; %d %s", n, s.words)
		}
	}
	return text + "; ended: " + info.Ended
}

// won says what the model is made of.
func won(m *model.Model) string {
	info := m.Info()
	weights, members := map[string]float64{}, map[int]bool{}
	for _, member := range m.Members() {
		weights[member.Learner] += member.Weight
		members[member.Trial] = true
	}
	names := slices.SortedFunc(maps.Keys(weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	})
	score := fmt.Sprintf("%s %s", info.Metric, number(info.Score))
	if info.StdErr > 0 {
		score += " ± " + number(info.StdErr)
	}
	if info.StdErr > 0 {
		score = fmt.Sprintf("%s %s", info.Metric, plusMinus(&info.Score, &info.StdErr))
	}
	if info.Split != "" {
		score += " by " + info.Split
	}
	if d := info.Distilled; d != nil && d.Learner != "" {
		return fmt.Sprintf("one model of %s, distilled from an ensemble: %s", d.Learner, score)
	}
	best := m.Leaderboard()
	if len(members) == 1 || len(best) == 0 || best[0].Score == nil {
		single := ""
		if len(best) > 0 && best[0].StdErr != nil && info.StdErr == 0 && members[best[0].Trial] {
			single = fmt.Sprintf(" (standard error %s)", number(*best[0].StdErr))
		}
		return fmt.Sprintf("%s alone: %s%s", names[0], score, single)
	}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %.0f %%", name, 100*weights[name])
	}
	return fmt.Sprintf("an ensemble of %s (%s): %s; the best trial alone, of %s, has %s", count(len(members), "trial"), strings.Join(parts, ", "), score, best[0].Learner, plusMinus(best[0].Score, best[0].StdErr))
}

// distilled compares the one model with the ensemble.
func distilled(info model.Info) string {
	d := info.Distilled
	switch {
	case d == nil:
		return ""
	case d.Learner == "":
		return "not done, the ensemble stays: " + d.Why
	}
	text := fmt.Sprintf("%s %s, the ensemble of %s %s", info.Metric, number(d.Score), count(d.Members, "model"), number(d.Ensemble))
	if d.RowSeconds > 0 && d.EnsembleSeconds > 0 {
		text += fmt.Sprintf("; %s µs a row in place of %s", micros(d.RowSeconds), micros(d.EnsembleSeconds))
	}
	return text
}

// micros writes seconds in microseconds with two significant digits.
func micros(seconds float64) string {
	us := 1e6 * seconds
	digits := max(0, 1-int(math.Floor(math.Log10(us))))
	return strconv.FormatFloat(us, 'f', digits, 64)
}

// margin compares the best learner with the next one over the folds that they share.
func margin(board []trials.Row, metric string) string {
	if len(board) == 0 || board[0].Rank == 0 {
		return ""
	}
	best := board[0]
	i := slices.IndexFunc(board, func(r trials.Row) bool { return r.Rank > 0 && r.Learner != best.Learner })
	if i < 0 {
		return "no other learner has a score to compare with"
	}
	rival := board[i]
	if rival.Behind == nil || rival.BehindErr == nil {
		return fmt.Sprintf("%s is ahead of the next learner, %s (%s %s); from one hold-out it cannot be told how sure that is", best.Learner, rival.Learner, metric, optional(rival.Score))
	}
	gap, se := *rival.Behind, *rival.BehindErr
	if gap <= 0 {
		return fmt.Sprintf("%s and the next learner, %s, are level: over the folds they differ by %s ± %s (standard error)", best.Learner, rival.Learner, number(math.Abs(gap)), number(se))
	}
	sure := "which is within noise"
	switch {
	case gap >= 2*se:
		sure = "which is clear"
	case gap >= se:
		sure = "which is likely but not sure"
	}
	return fmt.Sprintf("%s is ahead of the next learner, %s, by %s ± %s (standard error over the folds), %s", best.Learner, rival.Learner, number(gap), number(se), sure)
}

// used are the columns whose shuffling was measured, the most important first.
func used(columns []model.Importance) []model.Importance {
	var out []model.Importance
	for _, c := range columns {
		if c.Drop != nil {
			out = append(out, c)
		}
	}
	return out
}

// idle reports whether a column's importance is not above noise.
func idle(c model.Importance) bool { return *c.Drop <= 2*c.StdErr }

func drives(columns []model.Importance, metric string) string {
	measured := used(columns)
	if len(measured) == 0 {
		return "not measured: the time was up"
	}
	var parts []string
	for _, c := range measured {
		if len(parts) < most && !idle(c) {
			parts = append(parts, fmt.Sprintf("%s (%s)", c.Column, number(*c.Drop)))
		}
	}
	if len(parts) == 0 {
		return "no column by itself: shuffling any of them changes nothing"
	}
	return strings.Join(parts, ", ") + ": what " + metric + " loses when the column is shuffled"
}

// What makes a sentence: the shares of the search's time that had passed when the best
// trial ended, the share of the importance that one column has, and how many trials are
// too few to say that more are of no use.
const (
	late     = 0.7
	early    = 0.5
	dominant = 0.7
	few      = 20
)

func next(m *model.Model) []string {
	info := m.Info()
	var out []string
	if n := len(info.Warnings); n > 0 {
		out = append(out, fmt.Sprintf("read the %s", count(n, "warning")))
	}
	measured := used(m.Importance())
	total, none := 0.0, []string{}
	for _, c := range measured {
		total += max(0, *c.Drop)
		if idle(c) {
			none = append(none, c.Column)
		}
	}
	if len(measured) > 1 && total > 0 && *measured[0].Drop > dominant*total {
		out = append(out, fmt.Sprintf("make sure that %s is known when predictions are made: the model rests on it", measured[0].Column))
	}
	if text := more(m.Leaderboard()); text != "" {
		out = append(out, text)
	}
	if n := len(none); n > 0 && n < len(measured) {
		listed := strings.Join(none[:min(most, n)], ", ")
		if n > most {
			listed += fmt.Sprintf(" and %d more", n-most)
		}
		out = append(out, fmt.Sprintf("try without columns that show no use: %s", listed))
	}
	return append(out, "score it on rows that were not used here: automl evaluate")
}

// more says whether more time looks worthwhile, by when the best trial came.
func more(board []trials.Row) string {
	end := 0.0
	for _, r := range board {
		end = max(end, r.EndSeconds)
	}
	if end == 0 || len(board) == 0 || board[0].Rank == 0 {
		return ""
	}
	ended := 0
	for _, r := range board {
		ended += min(1, r.Rank)
	}
	switch {
	case board[0].EndSeconds >= late*end:
		return "give it more time: the best trial came late"
	case ended < few:
		return fmt.Sprintf("give it more time: only %s came to an end", count(ended, "trial"))
	case board[0].EndSeconds > early*end:
		return ""
	}
	return fmt.Sprintf("more time is unlikely to help much: no trial has been better since %s of %s", duration(board[0].EndSeconds), duration(end))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// number writes a measured value with four significant digits.
func number(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "-"
	}
	if a := math.Abs(x); a >= 1000 && a < 1e7 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return number(*x)
}

func plusMinus(x, se *float64) string {
	if se == nil {
		return optional(x)
	}
	return optional(x) + " ± " + number(*se)
}
