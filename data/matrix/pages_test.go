package matrix

import "testing"

// TestLarge: slices around the size of a large page are empty and can be written.
func TestLarge(t *testing.T) {
	for _, n := range []int{0, 1, 1 << 10, 1 << 18, 1<<18 + 1, 1 << 20} {
		s := Large[uint64](n)
		if len(s) != n {
			t.Fatalf("%d elements instead of %d", len(s), n)
		}
		for i := range s {
			if s[i] != 0 {
				t.Fatalf("element %d of %d is %d", i, n, s[i])
			}
			s[i] = uint64(i)
		}
	}
}
