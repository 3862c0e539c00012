package matrix

// Large makes a slice of n zeros that is read all over at random, such as the tiles
// of a matrix by the rows of a small leaf. On Linux it asks for large pages, where
// the slice spans some: a page of 4 KiB for every other row takes as long to find as
// the row itself. T must not have pointers.
func Large[T any](n int) []T {
	s := make([]T, n)
	useLargePages(s)
	return s
}
