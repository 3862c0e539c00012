package gbdt

// mix is the output function of splitmix64 (Steele et al. 2014): every stream of
// random numbers here is mix of a seed and a counter, so that no state is kept
// and round r is the same however the fit came to it.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// derive makes a seed for a purpose out of another.
func derive(seed uint64, parts ...uint64) uint64 {
	for _, p := range parts {
		seed = mix(seed ^ mix(p))
	}
	return seed
}

// below draws a number below n from 64 random bits; n is small, so the bias is
// not worth a loop.
func below(bits uint64, n int) int { return int((bits >> 32) * uint64(n) >> 32) }

// unit draws a number in [0, 1).
func unit(bits uint64) float64 { return float64(bits>>11) / (1 << 53) }
