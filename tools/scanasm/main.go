// Command scanasm writes the AVX-512 kernels of algos/gbdt's split search with avo:
//
//	go generate ./algos/gbdt
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	orderedGreater = 30 // predicate of VCMPPD
	greater        = 6  // predicate of VPCMPQ
)

func main() {
	ConstraintExpr("!purego")
	pass()
	subtract()
	Generate()
}

// pass computes eight cuts at a time as leafScan.thresholds does one.
func pass() {
	TEXT("passAVX512", NOSPLIT, "func(cells *int64, blocks int, acc int64, l2 *float64) (passed int, after int64)")
	Pragma("noescape")
	Doc("passAVX512 passes blocks of eight cells that have no cut above top, nor one whose Hessian is above maxH.",
		"acc is the sum before them, l2 the first field of a ridge.")
	cells := Load(Param("cells"), GP64())
	blocks := Load(Param("blocks"), GP64())
	r := Load(Param("l2"), GP64())
	field := func(offset int) reg.VecVirtual {
		z := ZMM()
		VBROADCASTSD(Mem{Base: r, Disp: offset}, z)
		return z
	}
	l2, sum, slope, top := field(0), field(8), field(16), field(24)
	mask, maxH := field(40), field(48)
	shift := XMM()
	VMOVQ(Mem{Base: r, Disp: 56}, shift)
	acc, zero, last := ZMM(), ZMM(), ZMM()
	before, err := Param("acc").Resolve()
	if err != nil {
		panic(err)
	}
	VPBROADCASTQ(before.Addr, acc)
	VPXORQ(zero, zero, zero)
	seven := GP64()
	MOVQ(U32(7), seven)
	VPBROADCASTQ(seven, last)
	passed := GP64()
	XORQ(passed, passed)

	Label("block")
	CMPQ(passed, blocks)
	JGE(LabelRef("done"))
	sums, next := ZMM(), ZMM()
	VMOVDQU64(Mem{Base: cells}, sums)
	for _, lanes := range []uint64{1, 2, 4} { // running sums
		moved := ZMM()
		VALIGNQ(Imm(8-lanes), zero, sums, moved)
		VPADDQ(moved, sums, sums)
	}
	VPERMQ(sums, last, next)
	VPADDQ(acc, next, next)
	VPADDQ(acc, sums, sums)
	hessian, dl, u, limit := ZMM(), ZMM(), ZMM(), ZMM()
	VPANDQ(mask, sums, hessian)
	VCVTQQ2PD(hessian, dl)
	VADDPD(l2, dl, dl)
	VPSRAQ(shift, sums, u)
	VCVTQQ2PD(u, u)
	due := ZMM()
	VMULPD(slope, dl, due)
	VSUBPD(due, u, u)
	VMULPD(u, u, u)
	VSUBPD(dl, sum, limit)
	VMULPD(dl, limit, limit)
	VMULPD(top, limit, limit)
	better, beyond := K(), K()
	VCMPPD(Imm(orderedGreater), limit, u, better)
	VPCMPQ(Imm(greater), maxH, hessian, beyond)
	KORTESTB(better, beyond)
	JNE(LabelRef("done"))
	VMOVDQA64(next, acc)
	ADDQ(Imm(64), cells)
	INCQ(passed)
	JMP(LabelRef("block"))

	Label("done")
	Store(passed, ReturnIndex(0))
	after := GP64()
	VMOVQ(acc.AsX(), after)
	VZEROUPPER()
	Store(after, ReturnIndex(1))
	RET()
}

// subtract takes eight cells at a time off others.
func subtract() {
	TEXT("subtractAVX512", NOSPLIT, "func(rest, cells *int64, blocks int)")
	Pragma("noescape")
	Doc("subtractAVX512 takes blocks of eight cells off those of rest.")
	rest := Load(Param("rest"), GP64())
	cells := Load(Param("cells"), GP64())
	blocks := Load(Param("blocks"), GP64())
	SHLQ(Imm(6), blocks)
	at := GP64()
	XORQ(at, at)

	Label("cells")
	CMPQ(at, blocks)
	JGE(LabelRef("end"))
	z := ZMM()
	VMOVDQU64(Mem{Base: rest, Index: at, Scale: 1}, z)
	VPSUBQ(Mem{Base: cells, Index: at, Scale: 1}, z, z)
	VMOVDQU64(z, Mem{Base: rest, Index: at, Scale: 1})
	ADDQ(Imm(64), at)
	JMP(LabelRef("cells"))

	Label("end")
	VZEROUPPER()
	RET()
}
