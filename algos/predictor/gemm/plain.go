package gemm

import "math"

// plain are the kernels in Go. Products are rounded before they are added, on
// every processor.
var plain = kernels{
	name: "go", rows: 4, tile: tilePlain, add: addPlain, mul: mulPlain,
	selu: seluPlain, mish: mishPlain, wave: wavePlain, adam: adamPlain,
}

func tilePlain(rows int, c []float32, ldc int, a []float32, rs, ks int, b []float32, k int, add bool) {
	for i := range rows {
		to := (*[Lanes]float32)(c[i*ldc:])
		var sum [Lanes]float32
		if add {
			sum = *to
		}
		for p := range k {
			v, line := a[i*rs+p*ks], (*[Lanes]float32)(b[p*Lanes:])
			for j := range sum {
				sum[j] += float32(v * line[j])
			}
		}
		*to = sum
	}
}

func addPlain(dst, src []float32) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] += v
	}
}

func mulPlain(dst, src []float32) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] *= v
	}
}

const (
	seluScale = 1.0507009873554805
	seluAlpha = 1.6732632423543772
)

// expPlain is the exponential of min(x, 80), by the polynomial of Cephes' expf.
func expPlain(x float32) float32 {
	x = min(max(x, -80), 80)
	n := float32(math.RoundToEven(float64(x * 1.44269504088896341)))
	x -= float32(n * 0.693359375)
	x += float32(n * 2.12194440e-4)
	p := float32(1.9875691500e-4)
	for _, c := range [...]float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		p = float32(p*x) + c
	}
	p = float32(p*float32(x*x)) + x + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func seluPlain(z, d []float32) {
	d = d[:len(z)]
	for i, v := range z {
		if v > 0 {
			z[i], d[i] = seluScale*v, seluScale
			continue
		}
		d[i] = seluScale * seluAlpha * expPlain(v)
		z[i] = d[i] - seluScale*seluAlpha
	}
}

func mishPlain(z, d []float32) {
	d = d[:len(z)]
	for i, v := range z {
		e := expPlain(min(v, 20))
		t := e * (e + 2)
		t /= t + 2
		z[i] = v * t
		d[i] = t + float32(float32(v*(e/(e+1)))*(1-float32(t*t)))
	}
}

// cosPlain is cos 2πz.
func cosPlain(z float32) float32 {
	z -= float32(math.RoundToEven(float64(z)))
	q := 0.25 - max(z, -z)
	s, p := q*q, float32(-15.0946425)
	for _, c := range [...]float32{42.0586939, -76.7058597, 81.6052493, -41.3417022, 6.28318531} {
		p = float32(p*s) + c
	}
	return p * q
}

func wavePlain(z, d []float32) {
	d = d[:len(z)]
	for i, v := range z {
		v -= float32(math.RoundToEven(float64(v)))
		z[i], d[i] = cosPlain(v), cosPlain(v+0.25)
	}
}

func adamPlain(w, m, v, g []float32, s *Step) {
	w, m, v = w[:len(g)], m[:len(g)], v[:len(g)]
	for i, x := range g {
		m[i] = float32(s.Beta1*m[i]) + float32(s.Rest1*x)
		v[i] = float32(s.Beta2*v[i]) + float32(s.Rest2*float32(x*x))
		w[i] = float32(s.Keep*w[i]) - float32(s.Rate*(m[i]/(float32(math.Sqrt(float64(v[i])))+s.Epsilon)))
	}
}
