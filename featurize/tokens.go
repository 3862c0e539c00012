package featurize

import (
	"unicode"
	"unicode/utf8"
)

// Tokens are runs of letters and digits in lower case, two runes or more, as
// scikit-learn's default pattern has them; in scripts that write no spaces
// every rune is a token. A token is known by the hash of its bytes, an n-gram
// by that of its tokens' hashes.
//
// The hash is 64-bit FNV-1a over the lower-cased UTF-8 bytes, finished with
// MurmurHash3's fmix64. It is part of the model format and never changes.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fmix64 is MurmurHash3's 64-bit finaliser (Appleby, public domain).
func fmix64(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h
}

// pairHash is the hash of the bigram of two tokens.
func pairHash(a, b uint64) uint64 { return fmix64(a*fnvPrime ^ (b + fnvOffset)) }

// span is a token's place in its text.
type span struct {
	hash     uint64
	from, to int
}

// tokenise calls emit with every token of s, in order.
func tokenise(s string, emit func(t span)) {
	for i := 0; i < len(s); {
		from, runes := i, 0
		h := uint64(fnvOffset)
		for i < len(s) {
			c := s[i]
			if c < utf8.RuneSelf {
				class := ascii[c]
				if class == 0 {
					break
				}
				h = (h ^ uint64(class)) * fnvPrime
				i++
				runes++
				continue
			}
			r, n := utf8.DecodeRuneInString(s[i:])
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				break
			}
			if alone(r) {
				if runes == 0 {
					h = hashRune(h, r)
					i += n
					runes = 2
				}
				break
			}
			h = hashRune(h, unicode.ToLower(r))
			i += n
			runes++
		}
		if runes >= 2 {
			emit(span{fmix64(h), from, i})
		}
		if runes == 0 { // not part of a token: step over it
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
		}
	}
}

// alone reports scripts in which a rune is about a word.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

func hashRune(h uint64, r rune) uint64 {
	var b [utf8.UTFMax]byte
	for _, c := range b[:utf8.EncodeRune(b[:], r)] {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// ascii maps letters to lower case, digits to themselves, the rest to 0.
var ascii = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z':
			t[c] = byte(c)
		case c >= 'A' && c <= 'Z':
			t[c] = byte(c) + 'a' - 'A'
		}
	}
	return t
}()
