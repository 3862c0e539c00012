//go:build !amd64 || purego

package gemm

// available are the sets of kernels that run here, the best first.
func available() []kernels { return []kernels{plain} }
