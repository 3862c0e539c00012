package matrix

const (
	// openBundles bounds the bundles that a feature is tried with.
	openBundles = 64
	// bundleCodes bounds the bins that are stored in a bundle's byte beside 0.
	bundleCodes = MaxBins - 1
)

// open is a bundle that may take more features.
type open struct {
	group int
	used  []uint64 // a bit a row
	codes int
}

// bundle groups the features that are in lists so that no two of a group are
// non-zero in the same row, first fit in the order of the features; the last
// bundles opened are tried. It answers the groups, each ascending, and the
// share of rows that have an entry in each.
func bundle(cols []column, rows int) (groups [][]int, density []float64) {
	var opened []open
	for j := range cols {
		l := cols[j].list
		if l == nil {
			continue
		}
		share := float64(len(l.Rows)) / float64(max(rows, 1))
		codes := stored(&cols[j].spec)
		at := -1
		for k := range opened {
			if o := &opened[k]; o.codes+codes <= bundleCodes && o.takes(l) {
				at = k
				break
			}
		}
		if at < 0 {
			opened, at = openNext(opened, len(groups), rows)
			groups, density = append(groups, nil), append(density, 0)
		}
		o := &opened[at]
		o.add(l)
		o.codes += codes
		groups[o.group] = append(groups[o.group], j)
		density[o.group] += share
	}
	return groups, density
}

// openNext opens a bundle, in place of the oldest one where there are enough.
func openNext(opened []open, group, rows int) ([]open, int) {
	if len(opened) < openBundles {
		return append(opened, open{group: group, used: make([]uint64, (rows+63)/64)}), len(opened)
	}
	at := group % openBundles
	clear(opened[at].used)
	opened[at] = open{group: group, used: opened[at].used}
	return opened, at
}

// takes says that no row of the list is taken.
func (o *open) takes(l *List) bool {
	for _, r := range l.Rows {
		if o.used[r>>6]>>(r&63)&1 == 1 {
			return false
		}
	}
	return true
}

func (o *open) add(l *List) {
	for _, r := range l.Rows {
		o.used[r>>6] |= 1 << (r & 63)
	}
}
