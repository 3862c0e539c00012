//go:build !purego

package predictor

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../tools ./treeasm -out ../algos/predictor/masks_amd64.s -stubs ../algos/predictor/masks_amd64.go -pkg predictor

var hasMasks = cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VBMI

// part finds the leaves of the rows in s.slots, stride bytes a span.
func (m *maskTree) part(s *maskScratch, stride int) {
	partAVX512(m.sets, m.branches, &s.slots[0], stride, len(s.leaves)/span, &s.leaves[0], &s.reach[0])
}

// add adds the values of leaves to the sums of as many rows, a multiple of span.
func (m *maskTree) add(leaves []byte, sum []float64) {
	addAVX512(&leaves[0], &m.values[0], &sum[0], len(leaves))
}
