// Package gemm multiplies float32 matrices and does the loops over slices that
// neural nets spend their time in.
//
// There are two sets of kernels, chosen when the program starts and named by
// [Kernels]: "avx2", assembly for amd64 processors with AVX2 and FMA, written by
// tools/gemmasm with avo; and "go" for all others, under the build tag purego
// and with GODEBUG=cpu.avx2=off. They differ in the last bits of their results.
// Within a set an element of a product is the same for any number of rows that
// are computed together, so that work can be split by rows at will.
//
// Matrices are row-major. Columns come in groups of [Lanes]; whoever has fewer
// pads with zeros, see [Pad]. The package starts no goroutine and persists
// nothing.
package gemm
