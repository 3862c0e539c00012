package featurize

import (
	"encoding/json"
	"math"
	"strings"
)

// readsLists reports transforms that make something of a list: those of texts and of users.
// To others it would be an unknown word, or no number.
func readsLists(t Transform) bool {
	switch t := t.(type) {
	case *tags, *text, *chars, *svd, *foreign:
		return true
	case *chain:
		return readsLists(t.stages[0][0])
	}
	return false
}

// What makes a column one of lists, not of words with commas in them.
const (
	listsLooked  = 5000 // values
	listsLeast   = 20   // rows
	listsShared  = 5    // cells that have an item, on average
	listsWords   = 3    // of an item, on average
	listsLetters = 40   // of an item, on average
)

// separators of lists that are not written in brackets.
var separators = []string{",", ";", "|"}

// inferLists finds lists of items that many rows share, in brackets (JSON, or as Python
// prints them) or with a separator; each item becomes a feature (tags) in place of each
// list a category.
func (p *profile) inferLists(cp *ColumnPlan) bool {
	if p.present < listsLeast {
		return false
	}
	for _, s := range append([]string{""}, separators...) {
		n, items, ok := p.listsBy(s)
		if !ok {
			continue
		}
		cp.is(Categorical, "lists of %d items, %.1f a row; --type %s=text takes them as text", items, n, p.name)
		step := Step{Kind: "tags"}
		if s != "" && s != separators[0] {
			step.Params, _ = json.Marshal(map[string]string{"separator": s}) // of text, which marshals
		}
		cp.Transforms = []Step{step}
		return true
	}
	return false
}

// listsBy counts the items a row, and the different items, of lists in brackets (separator
// "") or with a separator; ok is false if the column is none of such lists.
func (p *profile) listsBy(separator string) (mean float64, items int, ok bool) {
	read := tags{Separator: separator}
	if separator == "" {
		read.Separator = separators[0]
	}
	rows, lists, cells, words, letters := 0, 0, 0, 0.0, 0
	shortest, longest := math.MaxInt, 0
	seen := map[string]bool{}
	step := (len(p.values) + listsLooked - 1) / listsLooked
	for i := 0; i < len(p.values); i += step {
		s, n := p.values[i], p.counts[i]
		rows += n
		bracketed := strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
		if separator == "" && !bracketed || separator != "" && bracketed {
			continue
		}
		if bracketed || strings.Contains(s, separator) {
			lists += n
		}
		parts := strings.Count(s, read.Separator) // that items repeat does not make a date a list
		shortest, longest = min(shortest, parts), max(longest, parts)
		list := read.list(s)
		for _, item := range list {
			seen[item] = true
			words += float64(n) * wordCount(item)
			letters += n * len(item)
		}
		cells += n * len(list)
	}
	least := 0.5 // a list of one item has no separator
	if separator == "" {
		least = 1 - maxBadShare
	}
	mean = float64(cells) / float64(max(1, rows))
	return mean, len(seen), float64(lists) >= least*float64(rows) &&
		shortest < longest && len(p.values) > len(seen) && cells >= listsShared*len(seen) && len(seen) > 1 &&
		words <= listsWords*float64(cells) && letters <= listsLetters*cells
}
