package galera

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what MariaDB's plugin is made of
	"crypto/sha256"
	"fmt"
	"strings"
)

// identified returns the clause that sets a password by its hash. A password in a
// statement would stay in clear in the write-set cache of every node, and go to
// the others in clear.
func (e Engine) identified(password string) string {
	if e == Percona {
		return "IDENTIFIED WITH caching_sha2_password AS " + literal(cachingSHA2(password, rand.Text()[:cachingSHA2Salt]))
	}
	return "IDENTIFIED VIA mysql_native_password USING " + literal(nativePassword(password))
}

// nativePassword is what mysql_native_password keeps of a password: the hash of
// its hash (MariaDB manual, "Authentication Plugin - mysql_native_password"). It
// has no salt, so only a long password is safe from guessing; every client of
// MariaDB knows this plugin, which is not so of ed25519.
func nativePassword(password string) string {
	first := sha1.Sum([]byte(password)) //nolint:gosec // see above
	second := sha1.Sum(first[:])        //nolint:gosec // see above
	return fmt.Sprintf("*%X", second)
}

const (
	// cachingSHA2Salt is the length of the salt, and cachingSHA2Rounds the default
	// number of rounds, in thousands, of caching_sha2_password.
	cachingSHA2Salt   = 20
	cachingSHA2Rounds = 5
)

// cachingSHA2 is what caching_sha2_password keeps of a password: the type A, the
// rounds in thousands as three hexadecimal digits, the salt, and SHA-256 crypt
// with all of the salt (MySQL's documentation of the source, "Caching SHA-2
// pluggable authentication").
func cachingSHA2(password, salt string) string {
	return fmt.Sprintf("$A$%03X$%s%s", cachingSHA2Rounds, salt, sha256Crypt(password, salt, 1000*cachingSHA2Rounds))
}

// sha256Crypt is the digest of U. Drepper, "Unix crypt using SHA-256 and
// SHA-512", whose steps are numbered there, with a salt of any length.
func sha256Crypt(password, salt string, rounds int) string {
	sum := func(parts ...[]byte) []byte {
		h := sha256.New()
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	key, seed := []byte(password), []byte(salt)
	alternate := sum(key, seed, key) // 4 to 8
	first := [][]byte{key, seed, stretched(alternate, len(key))}
	for n := len(key); n > 0; n >>= 1 { // 11
		if n&1 == 1 {
			first = append(first, alternate)
		} else {
			first = append(first, key)
		}
	}
	digest := sum(first...)
	p := stretched(sum(repeated(key, len(key))...), len(key))            // 13 to 16
	s := stretched(sum(repeated(seed, 16+int(digest[0]))...), len(seed)) // 17 to 20
	for round := range rounds {                                          // 21
		var parts [][]byte
		if round%2 == 1 {
			parts = append(parts, p)
		} else {
			parts = append(parts, digest)
		}
		if round%3 != 0 {
			parts = append(parts, s)
		}
		if round%7 != 0 {
			parts = append(parts, p)
		}
		if round%2 == 1 {
			parts = append(parts, digest)
		} else {
			parts = append(parts, p)
		}
		digest = sum(parts...)
	}
	return cryptText(digest)
}

// stretched repeats a digest up to a length.
func stretched(digest []byte, length int) []byte {
	out := make([]byte, 0, length+len(digest))
	for len(out) < length {
		out = append(out, digest...)
	}
	return out[:length]
}

func repeated(text []byte, times int) [][]byte {
	parts := make([][]byte, times)
	for i := range parts {
		parts[i] = text
	}
	return parts
}

// cryptText writes a digest in the alphabet and the order of crypt(3) (step 22).
func cryptText(digest []byte) string {
	const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b strings.Builder
	write := func(word uint, length int) {
		for range length {
			b.WriteByte(alphabet[word&0x3f])
			word >>= 6
		}
	}
	a, m, z := 0, 10, 20
	for range 10 {
		write(uint(digest[a])<<16|uint(digest[m])<<8|uint(digest[z]), 4)
		a, m, z = z+1, a+1, m+1
	}
	write(uint(digest[31])<<8|uint(digest[30]), 3)
	return b.String()
}
