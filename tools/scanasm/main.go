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
	accumulate()
	subtract()
	partRows()
	Generate()
}

// place is where a parameter is.
func place(param string) Mem {
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// pass computes eight cuts at a time as leafScan.thresholds does one.
func pass() {
	TEXT("passAVX512", NOSPLIT, "func(sums *int64, n int, before int64, l2 *float64) (passed int)")
	Pragma("noescape")
	Doc("passAVX512 passes stretches of eight sums, the last one shorter, that have no cut above top.",
		"before is added to each sum, l2 is the first field of a ridge.")
	sums, n := Load(Param("sums"), GP64()), Load(Param("n"), GP64())
	r := Load(Param("l2"), GP64())
	field := func(offset int) reg.VecVirtual {
		z := ZMM()
		VBROADCASTSD(Mem{Base: r, Disp: offset}, z)
		return z
	}
	l2, sum, slope, top, mask := field(0), field(8), field(16), field(24), field(40)
	shift, before := XMM(), ZMM()
	VMOVQ(Mem{Base: r, Disp: 48}, shift)
	VPBROADCASTQ(place("before"), before)
	at := GP64()
	XORQ(at, at)
	// better says of the sums in left which are cuts above top.
	better := func(left reg.VecVirtual) reg.OpmaskVirtual {
		dl, u, due, limit, is := ZMM(), ZMM(), ZMM(), ZMM(), K()
		VPANDQ(mask, left, dl)
		VCVTQQ2PD(dl, dl)
		VADDPD(l2, dl, dl)
		VPSRAQ(shift, left, u)
		VCVTQQ2PD(u, u)
		VMULPD(slope, dl, due)
		VSUBPD(due, u, u)
		VMULPD(u, u, u)
		VSUBPD(dl, sum, limit)
		VMULPD(dl, limit, limit)
		VMULPD(top, limit, limit)
		VCMPPD(Imm(orderedGreater), limit, u, is)
		return is
	}
	whole := GP64()
	MOVQ(n, whole)
	ANDQ(I32(-8), whole)

	Label("stretch")
	CMPQ(at, whole)
	JGE(LabelRef("rest"))
	left := ZMM()
	VPADDQ(Mem{Base: sums, Index: at, Scale: 8}, before, left)
	is := better(left)
	KORTESTB(is, is)
	JNE(LabelRef("done"))
	ADDQ(Imm(8), at)
	JMP(LabelRef("stretch"))

	Label("rest")
	few, ones := GP64(), GP32()
	MOVQ(n, few)
	SUBQ(at, few)
	JEQ(LabelRef("done"))
	MOVL(I32(-1), ones)
	BZHIL(few.As32(), ones, ones)
	some := K()
	KMOVB(ones, some)
	VPADDQ_Z(Mem{Base: sums, Index: at, Scale: 8}, before, some, left)
	is = better(left)
	KTESTB(is, some)
	JNE(LabelRef("done"))
	MOVQ(n, at)

	Label("done")
	VZEROUPPER()
	Store(at, ReturnIndex(0))
	RET()
}

// accumulate makes running sums, eight at a time.
func accumulate() {
	TEXT("accumulateAVX512", NOSPLIT, "func(to, from *int64, blocks int)")
	Pragma("noescape")
	Doc("accumulateAVX512 makes running sums of blocks of eight cells.")
	to, from, blocks := Load(Param("to"), GP64()), Load(Param("from"), GP64()), Load(Param("blocks"), GP64())
	acc, zero, last := ZMM(), ZMM(), ZMM()
	VPXORQ(acc, acc, acc)
	VPXORQ(zero, zero, zero)
	seven := GP64()
	MOVQ(U32(7), seven)
	VPBROADCASTQ(seven, last)

	Label("block")
	sums, all := ZMM(), ZMM()
	VMOVDQU64(Mem{Base: from}, sums)
	for _, lanes := range []uint64{1, 2, 4} {
		moved := ZMM()
		VALIGNQ(Imm(8-lanes), zero, sums, moved)
		VPADDQ(moved, sums, sums)
	}
	VPERMQ(sums, last, all)
	VPADDQ(acc, sums, sums)
	VPADDQ(all, acc, acc)
	VMOVDQU64(sums, Mem{Base: to})
	ADDQ(Imm(64), from)
	ADDQ(Imm(64), to)
	DECQ(blocks)
	JNE(LabelRef("block"))
	VZEROUPPER()
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

// partRows parts 64 rows at a time as partTile does one.
func partRows() {
	TEXT("partAVX512", NOSPLIT, "func(idx, tmp *int32, blocks int, tile *uint64, half, shift int, table *[256]uint8) (left int)")
	Pragma("noescape")
	Doc("partAVX512 parts blocks of 64 rows by the byte at shift of the lower or upper half of their words.",
		"Sixteen places are written for either side of a block's quarter, the first of which hold.")
	idx, tmp := Load(Param("idx"), GP64()), Load(Param("tmp"), GP64())
	blocks, tile := Load(Param("blocks"), GP64()), Load(Param("tile"), GP64())
	left, right := Load(Param("idx"), GP64()), tmp
	half := Load(Param("half"), GP64())
	LEAQ(Mem{Base: tile, Index: half, Scale: 4}, tile)
	shift := XMM()
	VMOVQ(place("shift"), shift)
	sides := Load(Param("table"), GP64())
	var table [4]reg.VecVirtual
	for i := range table {
		table[i] = ZMM()
		VMOVDQU64(Mem{Base: sides, Disp: 64 * i}, table[i])
	}

	Label("rows")
	var rows [4]reg.VecVirtual
	bytes := ZMM()
	for i := range rows {
		rows[i] = ZMM()
		VMOVDQU64(Mem{Base: idx, Disp: 64 * i}, rows[i])
		words, all := ZMM(), K()
		VPXORQ(words, words, words)
		KXNORW(reg.K0, reg.K0, all)
		VPGATHERDD(Mem{Base: tile, Index: rows[i], Scale: 8}, all, words)
		VPSRLD(shift, words, words)
		if i == 0 {
			VPMOVDB(words, bytes.AsX())
			continue
		}
		part := XMM()
		VPMOVDB(words, part)
		VINSERTI32X4(Imm(uint64(i)), part, bytes, bytes)
	}
	high, goes := K(), K()
	VPMOVB2M(bytes, high)
	below, above := ZMM(), ZMM()
	VMOVDQA64(bytes, below)
	VPERMI2B(table[1], table[0], below)
	VMOVDQA64(bytes, above)
	VPERMI2B(table[3], table[2], above)
	VMOVDQU8(above, high, below)
	VPTESTMB(below, below, goes)
	sent := GP64()
	KMOVQ(goes, sent)
	for i := range rows {
		l, r, n := K(), K(), GP64()
		KMOVW(sent.As32(), l)
		KNOTW(l, r)
		to := ZMM()
		VPCOMPRESSD_Z(rows[i], l, to)
		VMOVDQU32(to, Mem{Base: left})
		VPCOMPRESSD_Z(rows[i], r, to)
		VMOVDQU32(to, Mem{Base: right})
		MOVWLZX(sent.As16(), n.As32())
		POPCNTL(n.As32(), n.As32())
		LEAQ(Mem{Base: left, Index: n, Scale: 4}, left)
		NEGQ(n)
		LEAQ(Mem{Base: right, Index: n, Scale: 4, Disp: 64}, right)
		SHRQ(Imm(16), sent)
	}
	ADDQ(U32(256), idx)
	DECQ(blocks)
	JNE(LabelRef("rows"))
	first := Load(Param("idx"), GP64())
	SUBQ(first, left)
	SHRQ(Imm(2), left)
	VZEROUPPER()
	Store(left, ReturnIndex(0))
	RET()
}
