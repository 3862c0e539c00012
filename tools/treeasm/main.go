// Command treeasm writes the AVX-512 kernel of algos/predictor that takes 64 rows
// through a tree side by side, with avo:
//
//	go generate ./algos/predictor
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	less  = 1 // predicate of VPCMPUB
	rows  = 64
	word  = 8
	lanes = 8 // rows whose sums one instruction adds to
)

func main() {
	ConstraintExpr("!purego")
	part()
	add()
	Generate()
}

func part() {
	TEXT("partAVX512", NOSPLIT, "func(sets, branches []uint64, x *byte, stride, spans int, leaves *byte, w *uint64)")
	Pragma("noescape")
	Doc("partAVX512 finds the leaves of a maskTree for spans of 64 rows, whose slots begin stride bytes apart.")
	x, stride, spans := param("x"), param("stride"), param("spans")
	leaves, w := param("leaves"), param("w")
	all := GP64()
	MOVQ(I32(-1), all)
	MOVQ(all, Mem{Base: w})

	Label("span")
	askSets(x)
	branch(x, w, leaves)
	ADDQ(stride, x)
	ADDQ(Imm(rows), leaves)
	DECQ(spans)
	JNE(LabelRef("span"))
	VZEROUPPER()
	RET()
}

func param(name string) reg.GPVirtual { return load(Param(name)) }

func load(c gotypes.Component) reg.GPVirtual {
	r := GP64()
	Load(c, r)
	return r
}

// loop repeats body, which has a pointer to the next of a slice's elements of some words.
func loop(slice string, words uint64, body func(element reg.GPVirtual)) {
	element, left := load(Param(slice).Base()), load(Param(slice).Len())
	TESTQ(left, left)
	JE(LabelRef(slice + "End"))
	Label(slice)
	body(element)
	ADDQ(Imm(words*word), element)
	SUBQ(Imm(words), left)
	JNE(LabelRef(slice))
	Label(slice + "End")
}

// field is an element's field of 16 bits.
func field(element reg.GPVirtual, offset int) reg.GPVirtual {
	r := GP64()
	MOVWQZX(Mem{Base: element, Disp: offset}, r)
	return r
}

// slot is that of 64 rows which a field of an element names.
func slot(x, element reg.GPVirtual, offset int) Mem {
	at := field(element, offset)
	SHLQ(Imm(6), at)
	return Mem{Base: x, Index: at, Scale: 1}
}

// askSets answers the questions about categories, in slots of their own: each code is
// looked up among 128 codes' answers, and in those for codes above.
func askSets(x reg.GPVirtual) {
	loop("sets", 5, func(element reg.GPVirtual) {
		codes, high := ZMM(), K()
		VMOVDQU64(slot(x, element, 0), codes)
		VPMOVB2M(codes, high)
		answers := func(first int) reg.VecVirtual {
			out, low, upper := ZMM(), ZMM(), ZMM()
			VMOVDQA64(codes, out)
			for i, table := range []reg.VecVirtual{low, upper} {
				right := K()
				KMOVQ(Mem{Base: element, Disp: (1 + first + i) * word}, right)
				VPMOVM2B(right, table)
			}
			VPERMI2B(upper, low, out)
			return out
		}
		below, above := answers(0), answers(2)
		VMOVDQU8(above, high, below)
		VMOVDQU64(below, slot(x, element, 2))
	})
}

// branch tells the rows of each node that go left from those that go right, and
// counts the leaves to the left of each row's.
func branch(x, w, leaves reg.GPVirtual) {
	leaf := ZMM()
	VPXORQ(leaf, leaf, leaf)
	loop("branches", 1, func(element reg.GPVirtual) {
		rank, passed := ZMM(), ZMM()
		here, left, right := K(), K(), K()
		KMOVQ(Mem{Base: w, Index: field(element, 4), Scale: word}, here)
		VPBROADCASTB(Mem{Base: element, Disp: 2}, rank)
		VPCMPUB(Imm(less), slot(x, element, 0), rank, here, right)
		KXORQ(here, right, left)
		next := field(element, 6)
		KMOVQ(left, Mem{Base: w, Index: next, Scale: word})
		KMOVQ(right, Mem{Base: w, Index: next, Scale: word, Disp: word})
		VPBROADCASTB(Mem{Base: element, Disp: 3}, passed)
		VPADDB(passed, leaf, right, leaf)
	})
	VMOVDQU64(leaf, Mem{Base: leaves})
}

func add() {
	TEXT("addAVX512", NOSPLIT, "func(leaves *byte, values, sum *float64, rows int)")
	Pragma("noescape")
	Doc("addAVX512 adds the values of rows' leaves to their sums, 8 rows at a time.")
	leaves, values, sum, left := param("leaves"), param("values"), param("sum"), param("rows")
	Label("rows")
	number, value, all := YMM(), ZMM(), K()
	VPMOVZXBD(Mem{Base: leaves}, number)
	KXNORB(reg.K0, reg.K0, all)
	VPXORQ(value, value, value)
	VGATHERDPD(Mem{Base: values, Index: number, Scale: word}, all, value)
	VADDPD(Mem{Base: sum}, value, value)
	VMOVUPD(value, Mem{Base: sum})
	ADDQ(Imm(lanes), leaves)
	ADDQ(Imm(lanes*word), sum)
	SUBQ(Imm(lanes), left)
	JNE(LabelRef("rows"))
	VZEROUPPER()
	RET()
}
