package algos

import "math"

// Exp is e^x to about 1e-8, x cut to ±700. 2^(k+f) with |f| <= 1/2 is a
// polynomial in f with k added to the exponent bits; adding 1.5·2^52 rounds to
// an integer and leaves k in the low bits.
func Exp(x float64) float64 {
	const magic = 3 << 51
	x = max(-700, min(700, x))
	t := x * math.Log2E
	k := t + magic
	f := t - (k - magic)
	// The Taylor coefficients ln(2)^n/n!.
	p := 1.5252733804059840e-05
	p = float64(p*f) + 1.5403530393381610e-04
	p = float64(p*f) + 1.3333558146428443e-03
	p = float64(p*f) + 9.6181291076284772e-03
	p = float64(p*f) + 5.5504108664821580e-02
	p = float64(p*f) + 2.4022650695910072e-01
	p = float64(p*f) + 6.9314718055994531e-01
	p = float64(p*f) + 1
	return math.Float64frombits(math.Float64bits(p) + math.Float64bits(k)<<52)
}
