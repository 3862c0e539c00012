package data

import (
	"slices"
	"strings"
	"time"
)

// timeLayouts are the layouts tried on a column of text, in order; the first
// one that reads every cell is taken. So day and month are told apart by the
// whole column; where a column leaves it open, slashes mean month first and
// dashes and dots day first.
var timeLayouts = makeLayouts()

func makeLayouts() []string {
	const fraction = ".999999999"
	clock := []string{" 15:04:05" + fraction, " 15:04", " 3:04:05 PM", " 3:04 PM", ""}
	list := []string{""} // RFC 3339
	for _, zone := range []string{"Z07:00", "Z0700", " Z07:00", " -0700", " UTC", " GMT", "Z07", ""} {
		list = append(list, "2006-01-02T15:04:05"+fraction+zone, "2006-01-02 15:04:05"+fraction+zone)
	}
	list = append(list, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00")
	for _, date := range []string{
		"2006-01-02", "2006/01/02", "2006.01.02", "2006-1-2", "2006/1/2",
		"01/02/2006", "1/2/2006", "02/01/2006", "2/1/2006",
		"02-01-2006", "2-1-2006", "01-02-2006", "1-2-2006",
		"02.01.2006", "2.1.2006", "1/2/06", "2/1/06",
		"02-Jan-2006", "2-Jan-2006", "2-Jan-06", "02 Jan 2006", "2 Jan 2006", "2 January 2006",
		"Jan 2, 2006", "January 2, 2006", "2006-Jan-02", "02Jan2006",
	} {
		for _, c := range clock {
			list = append(list, date+c)
		}
	}
	return append(list, "Mon, 02 Jan 2006 15:04:05 -0700", "Mon, 02 Jan 2006 15:04:05 GMT",
		"Mon Jan _2 15:04:05 2006", "2006-01", "2006/01")
}

// The whole years that int64 nanoseconds can hold.
const (
	minYear = 1678
	maxYear = 2261
)

// TimeLayouts returns the layouts tried on a column of text, in order.
func TimeLayouts() []string { return slices.Clone(timeLayouts) }

// ParseTime parses a cell in a Go layout ("" is RFC 3339) and returns
// nanoseconds since 1970 UTC; a cell without zone is taken as UTC. Times that
// int64 nanoseconds cannot hold (before 1678 or after 2261) are refused.
func ParseTime(s string, layout string) (int64, bool) {
	if layout == "" {
		layout = time.RFC3339Nano
	}
	t, err := time.Parse(layout, trim(s))
	if err != nil {
		return 0, false
	}
	if y := t.UTC().Year(); y < minYear || y > maxYear {
		return 0, false
	}
	return t.UnixNano(), true
}

// formatTime is the inverse of ParseTime.
func formatTime(ns int64, layout string) string {
	if layout == "" {
		layout = time.RFC3339Nano
	}
	return time.Unix(0, ns).UTC().Format(layout)
}

// inferTimes finds the first layout that reads all texts.
func inferTimes(texts []string) (times []int64, layout string, ok bool) {
	if len(texts) == 0 || !mayBeTime(texts[0]) {
		return nil, "", false
	}
	times = make([]int64, len(texts))
	for _, layout := range timeLayouts {
		if parseAll(times, texts, layout) {
			return times, layout, true
		}
	}
	return nil, "", false
}

func parseAll(times []int64, texts []string, layout string) bool {
	for i, s := range texts {
		ns, ok := ParseTime(s, layout)
		if !ok {
			return false
		}
		times[i] = ns
	}
	return true
}

// mayBeTime is a cheap test that spares words the trial of every layout.
func mayBeTime(s string) bool {
	return len(s) >= 6 && len(s) <= 64 && strings.ContainsAny(s, "0123456789")
}
