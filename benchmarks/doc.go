// Package benchmarks measures the product as a whole; the benchmark of a kernel
// stands beside the kernel. It may import every room and owns nothing.
package benchmarks
