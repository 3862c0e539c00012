package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number, "optional": optional, "seconds": duration, "params": parameters,
}).Parse(pageText))

// maxRows bounds the trials that the page lists.
const maxRows = 500

// page is what the template shows.
type page struct {
	Info       model.Info
	Summary    Summary
	Board      []trials.Row
	More       int // trials that are not listed
	Curve      *curve
	Importance []bar
	Unmeasured int // columns
	Members    []member
}

// bar is a column's importance with the length of its bar in percent.
type bar struct {
	Column, Drop, StdErr string
	Percent              float64
}

type member struct {
	Learner string
	Trial   int
	Percent string
}

// WriteHTML writes the report of a model as one page that needs nothing else: the
// summary, score over time, leaderboard, importance of columns and the warnings.
func WriteHTML(w io.Writer, m *model.Model) error {
	info, board := m.Info(), m.Leaderboard()
	p := page{Info: info, Summary: Summarize(m), Board: board[:min(maxRows, len(board))], More: max(0, len(board)-maxRows)}
	if metric, err := metrics.Lookup(info.Metric); err == nil {
		p.Curve = newCurve(board, metric.Greater)
	}
	measured := used(m.Importance())
	p.Unmeasured = len(m.Importance()) - len(measured)
	for _, c := range measured {
		b := bar{Column: c.Column, Drop: number(*c.Drop), StdErr: number(c.StdErr)}
		if top := *measured[0].Drop; top > 0 {
			b.Percent = 100 * min(1, max(0, *c.Drop/top))
		}
		p.Importance = append(p.Importance, b)
	}
	for _, e := range m.Members() {
		if n := len(p.Members); n > 0 && p.Members[n-1].Trial == e.Trial {
			continue
		}
		p.Members = append(p.Members, member{e.Learner, e.Trial, ""})
	}
	for i := range p.Members {
		weight := 0.0
		for _, e := range m.Members() {
			if e.Trial == p.Members[i].Trial {
				weight += e.Weight
			}
		}
		p.Members[i].Percent = fmt.Sprintf("%.1f %%", 100*weight)
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// parameters writes a configuration in the order of its names.
func parameters(p search.Params) string {
	parts := strings.Fields(search.Key("", p))
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		if x, err := strconv.ParseFloat(value, 64); err == nil {
			parts[i] = name + "=" + number(x)
		}
	}
	return strings.Join(parts, " ")
}
