package folds

// rng is splitmix64 (Steele, Lea, Flood 2014): small, seedable with any number,
// and fixed for ever, which the standard library's shuffles do not promise.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// shuffle is Fisher and Yates'. The modulo's bias is below 2^-32 for row counts
// that fit an int32.
func (r *rng) shuffle(rows []int32) {
	for i := len(rows) - 1; i > 0; i-- {
		j := int(r.next() % uint64(i+1))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// Mix derives an independent seed for part k of something seeded by seed.
func Mix(seed uint64, k int) uint64 {
	r := rng(seed ^ uint64(k+1)*0xd1342543de82ef95)
	return r.next()
}
