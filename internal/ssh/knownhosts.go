package ssh

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net"
	"path"
	"strconv"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// known is what a known_hosts file says about one machine, and which keys it
// revokes for all (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
type known struct {
	keys        []xssh.PublicKey
	authorities []xssh.PublicKey
	revoked     []xssh.PublicKey
}

// readKnownHosts reads line by line: OpenSSH skips lines that it cannot read
// (keys of types to come, or long gone), and so do we, except for lines with a
// marker, because a revocation that is skipped is a hole.
func readKnownHosts(content, host string, port int) (known, error) {
	var found known
	name, read, given := knownName(host, port), 0, 0
	for _, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		given++
		marker, patterns, key, _, _, err := xssh.ParseKnownHosts([]byte(line))
		if err == nil && marker != "" && marker != "revoked" && marker != "cert-authority" {
			err = errors.New("unknown marker @" + marker)
		}
		if err != nil {
			if line[0] == '@' {
				return known{}, err
			}
			continue
		}
		read++
		found.add(marker, key, matchesAny(patterns, name))
	}
	if given > 0 && read == 0 {
		return known{}, errors.New("no line of it is an entry")
	}
	return found, nil
}

// Vouched reports whether a key of the machine, or an authority for it, is pinned or
// among the known hosts, so that no other machine can take its place unnoticed.
func (h Hop) Vouched() bool {
	if len(h.HostKey.Pinned) > 0 {
		return true
	}
	found, err := readKnownHosts(h.HostKey.KnownHosts, h.Host, h.port())
	return err == nil && len(found.keys)+len(found.authorities) > 0
}

// KnownHostsName is how a known_hosts file names the machine: "host", or
// "[host]:port" where the port is not 22.
func (h Hop) KnownHostsName() string { return knownName(h.Host, h.port()) }

func (k *known) add(marker string, key xssh.PublicKey, ofThisHost bool) {
	switch {
	case marker == "revoked":
		k.revoked = append(k.revoked, key)
	case !ofThisHost:
	case marker == "cert-authority":
		k.authorities = append(k.authorities, key)
	default:
		k.keys = append(k.keys, key)
	}
}

func knownName(host string, port int) string {
	host = strings.ToLower(host)
	if port == defaultPort {
		return host
	}
	return "[" + host + "]:" + strconv.Itoa(port)
}

// matchesAny is false as soon as a negated pattern matches, wherever it stands.
func matchesAny(patterns []string, name string) bool {
	matched := false
	for _, pattern := range patterns {
		if negated, ok := strings.CutPrefix(pattern, "!"); ok {
			if matches(negated, name) {
				return false
			}
			continue
		}
		matched = matched || matches(pattern, name)
	}
	return matched
}

func matches(pattern, name string) bool {
	if strings.HasPrefix(pattern, "|1|") {
		return matchesHash(pattern, name)
	}
	pattern = strings.ToLower(pattern)
	if host, port, err := net.SplitHostPort(pattern); err == nil && port == strconv.Itoa(defaultPort) && pattern[0] == '[' {
		pattern = host
	}
	// Only * and ? are special in this file; path.Match knows classes too, and
	// its * stops at a slash, which no name has.
	escaped := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(pattern)
	ok, err := path.Match(escaped, name)
	return err == nil && ok
}

// matchesHash compares a name of the form |1|salt|HMAC-SHA1(salt, name).
func matchesHash(pattern, name string) bool {
	parts := strings.Split(pattern, "|")
	if len(parts) != 4 {
		return false
	}
	salt, saltErr := base64.StdEncoding.DecodeString(parts[2])
	sum, sumErr := base64.StdEncoding.DecodeString(parts[3])
	if saltErr != nil || sumErr != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return hmac.Equal(mac.Sum(nil), sum)
}
