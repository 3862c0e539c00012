//go:build !linux

package matrix

func useLargePages[T any]([]T) {}
