package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// status is how far a job has come.
type status struct {
	phase  string
	trials int      // ended
	best   *float64 // nil before the first score
	metric string
}

// progress shows a status on standard error while a job runs: a bar on a
// terminal; elsewhere a line when there is a first model, and every few
// seconds. All methods are safe for concurrent use and for a nil receiver,
// which shows nothing.
type progress struct {
	mu     sync.Mutex // of all below, and of drawing
	status status

	w      io.Writer
	bar    *progressbar.ProgressBar // nil for lines
	start  time.Time
	budget time.Duration // 0 for none
	total  int           // trials, 0 for no bound
	last   string

	stop chan struct{}
	done chan struct{}
}

// Intervals between two looks at a bar and between two lines.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 5 * time.Second
)

// newProgress starts to show the progress of a job that began at start and has
// a budget of time, of trials or both. nil is returned where nothing is to be
// shown.
func newProgress(con *console, start time.Time, budget time.Duration, trials int) *progress {
	if con.quiet {
		return nil
	}
	p := &progress{
		w: con.err, start: start, budget: budget, total: trials,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	every := lineEvery
	if isTerminal(con.err) && !con.verbose {
		p.bar, every = newBar(con.err, budget, trials), barEvery
	}
	go p.run(every)
	return p
}

// newBar makes a bar that fills with the time, or with the trials if there is
// no time limit.
func newBar(w io.Writer, budget time.Duration, trials int) *progressbar.ProgressBar {
	full := int64(trials)
	if budget > 0 {
		full = budget.Milliseconds()
	}
	return progressbar.NewOptions64(max(full, 1),
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false), progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
}

// isTerminal reports whether w is a character device, which the null device
// also is; a bar does no harm there.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// update replaces what is shown next.
func (p *progress) update(s status) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.status.best == nil && s.best != nil
	p.status = s
	if first && p.bar == nil {
		p.draw(time.Now())
	}
}

// say prints a sentence between two states of the bar.
func (p *progress) say(text string) {
	if p == nil || text == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintln(p.w, "automl: "+oneLine(text))
}

// close stops showing and clears the bar.
func (p *progress) close() {
	if p == nil {
		return
	}
	close(p.stop)
	<-p.done
}

func (p *progress) run(every time.Duration) {
	defer close(p.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.show(time.Now())
		case <-p.stop:
			if p.bar != nil {
				p.bar.Clear()
			}
			return
		}
	}
}

func (p *progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(now)
}

func (p *progress) draw(now time.Time) {
	elapsed := now.Sub(p.start)
	text := p.status.text(elapsed, p.budget, p.total)
	if p.bar == nil {
		if text != p.last {
			fmt.Fprintln(p.w, "automl: "+text)
		}
		p.last = text
		return
	}
	position := int64(p.status.trials)
	if p.budget > 0 {
		position = elapsed.Milliseconds()
	}
	p.bar.Describe(text)
	// A full bar would take itself for finished.
	p.bar.Set64(min(position, p.bar.GetMax64()-1))
}

// text is the status in words.
func (s status) text(elapsed, budget time.Duration, total int) string {
	var parts []string
	if s.phase != "" {
		parts = append(parts, s.phase)
	}
	switch {
	case total > 0:
		parts = append(parts, fmt.Sprintf("%d of %d trials", s.trials, total))
	case s.trials == 1:
		parts = append(parts, "1 trial")
	default:
		parts = append(parts, fmt.Sprintf("%d trials", s.trials))
	}
	if s.best != nil && !math.IsNaN(*s.best) {
		parts = append(parts, strings.TrimSpace("best "+s.metric)+" "+number(*s.best))
	}
	if budget > 0 {
		parts = append(parts, max(0, budget-elapsed).Round(time.Second).String()+" left")
	} else {
		parts = append(parts, elapsed.Round(time.Second).String())
	}
	return strings.Join(parts, ", ")
}
