package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/trials"
)

// Size of the drawing in its own units, with the room for the axes' labels.
const (
	width, height = 640, 240
	left, bottom  = 70, 24
	top, right    = 10, 10
)

// curve is the best score so far over the time of a search, ready to be drawn.
type curve struct {
	Width, Height            int
	Left, Right, Top, Bottom int // of the frame
	Line                     string
	Dots                     []dot
	Low, High, End           string // labels
}

type dot struct {
	X, Y  string
	Title string
}

// point is a trial with a score.
type point struct {
	at, score float64
	row       trials.Row
}

// newCurve draws the trials of a leaderboard; nil if fewer than two have a score.
// Trials that are far worse than most are left out, so that the rest can be told apart.
func newCurve(board []trials.Row, greater bool) *curve {
	points := scored(board)
	if len(points) < 2 {
		return nil
	}
	better := func(a, b float64) bool { return a != b && (a > b) == greater }
	scores := make([]float64, len(points))
	for i, p := range points {
		scores[i] = p.score
	}
	slices.Sort(scores)
	low, high := scores[0], scores[len(scores)-1]
	if middle := scores[len(scores)/2]; greater {
		low = max(low, high-3*(high-middle))
	} else {
		high = min(high, low+3*(middle-low))
	}
	if low == high {
		low, high = low-0.5, high+0.5
	}
	end := points[len(points)-1].at
	c := &curve{
		Width: width, Height: height, Left: left, Right: width - right, Top: top, Bottom: height - bottom,
		Low: number(low), High: number(high), End: duration(end),
	}
	x := func(at float64) float64 { return left + at/end*(width-left-right) }
	y := func(s float64) float64 {
		return top + (high-min(high, max(low, s)))/(high-low)*(height-top-bottom)
	}
	var line strings.Builder
	best := points[0]
	for i, p := range points {
		if i == 0 || better(p.score, best.score) {
			if i > 0 { // a step: level until now
				fmt.Fprintf(&line, "%.1f,%.1f ", x(p.at), y(best.score))
			}
			best = p
			fmt.Fprintf(&line, "%.1f,%.1f ", x(p.at), y(p.score))
		}
		if p.score >= low && p.score <= high {
			c.Dots = append(c.Dots, dot{
				fmt.Sprintf("%.1f", x(p.at)), fmt.Sprintf("%.1f", y(p.score)),
				fmt.Sprintf("trial %d, %s: %s", p.row.Trial, p.row.Learner, number(p.score)),
			})
		}
	}
	fmt.Fprintf(&line, "%.1f,%.1f", x(end), y(best.score))
	c.Line = line.String()
	return c
}

// scored are the ranked trials in the order of their ends.
func scored(board []trials.Row) []point {
	var out []point
	for _, r := range board {
		if r.Rank > 0 && r.Score != nil && r.EndSeconds > 0 {
			out = append(out, point{r.EndSeconds, *r.Score, r})
		}
	}
	slices.SortStableFunc(out, func(a, b point) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return a.row.Trial - b.row.Trial
	})
	return out
}
