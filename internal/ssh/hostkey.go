package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// policy decides about the key that a machine presents.
type policy struct {
	host         string
	pinned       []xssh.PublicKey
	fingerprints []string
	known        known
	acceptNew    bool
	remembered   xssh.PublicKey
}

// newPolicy reads a HostKey. A key learned earlier in this run counts as
// remembered: a machine does not change its key between two commands.
func newPolicy(hop Hop, learned xssh.PublicKey) (*policy, error) {
	p := &policy{host: hop.Host, acceptNew: hop.HostKey.AcceptNew, remembered: learned}
	for _, entry := range hop.HostKey.Pinned {
		if err := p.pin(strings.TrimSpace(entry)); err != nil {
			return nil, &HostKeyFormatError{What: "pinned host key of " + hop.label(), Err: err}
		}
	}
	var err error
	if p.known, err = readKnownHosts(hop.HostKey.KnownHosts, hop.Host, hop.port()); err != nil {
		return nil, &HostKeyFormatError{What: "known hosts of " + hop.label(), Err: err}
	}
	if remembered := strings.TrimSpace(hop.HostKey.Remembered); remembered != "" {
		if p.remembered, err = parsePublic(remembered); err != nil {
			return nil, &HostKeyFormatError{What: "remembered host key of " + hop.label(), Err: err}
		}
	}
	return p, nil
}

func (p *policy) pin(entry string) error {
	if strings.HasPrefix(entry, "SHA256:") {
		p.fingerprints = append(p.fingerprints, strings.TrimRight(entry, "="))
		return nil
	}
	if strings.HasPrefix(entry, "MD5:") {
		return errors.New("MD5 fingerprints are not accepted: use SHA256")
	}
	key, err := parsePublic(entry)
	if err != nil {
		return err
	}
	p.pinned = append(p.pinned, key)
	return nil
}

func parsePublic(line string) (xssh.PublicKey, error) {
	key, _, _, _, err := xssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, fmt.Errorf("neither a public key nor a SHA256 fingerprint: %w", err)
	}
	return key, nil
}

// check returns nil for an acceptable key. Node and address of the error are
// left to the caller.
func (p *policy) check(presented xssh.PublicKey) *HostKeyError {
	key := plain(presented)
	if contains(p.known.revoked, key) {
		return refusal(key, nil, "host key is revoked")
	}
	if certificate, ok := presented.(*xssh.Certificate); ok && p.checkCertificate(certificate) == nil {
		return nil
	}
	if expected := p.expected(); len(expected) > 0 {
		return p.checkExpected(key, expected)
	}
	switch {
	case !p.acceptNew:
		return refusal(key, nil, "unknown host key")
	case p.remembered != nil && !contains([]xssh.PublicKey{plain(p.remembered)}, key):
		return refusal(key, []string{describe(p.remembered)}, "host key changed since it was accepted as new")
	}
	return nil
}

func (p *policy) checkExpected(key xssh.PublicKey, expected []string) *HostKeyError {
	if contains(p.pinned, key) || contains(p.known.keys, key) || slices.Contains(p.fingerprints, xssh.FingerprintSHA256(key)) {
		return nil
	}
	return refusal(key, expected, "wrong host key")
}

func (p *policy) checkCertificate(certificate *xssh.Certificate) error {
	if certificate.CertType != xssh.HostCert || !contains(p.known.authorities, certificate.SignatureKey) {
		return errors.New("not signed by a known authority")
	}
	if contains(p.known.revoked, certificate.SignatureKey) {
		return errors.New("the authority is revoked")
	}
	checker := &xssh.CertChecker{}
	return checker.CheckCert(strings.ToLower(p.host), certificate)
}

// expected lists what would have been accepted, for the message.
func (p *policy) expected() []string {
	var expected []string
	for _, key := range slices.Concat(p.pinned, p.known.keys) {
		expected = append(expected, describe(key))
	}
	expected = append(expected, p.fingerprints...)
	for _, authority := range p.known.authorities {
		expected = append(expected, "a certificate by "+describe(authority))
	}
	return expected
}

// algorithms puts the types of the known keys first: a machine has keys of
// several types and presents the first that we ask for. The other types follow,
// so that a machine which lost its key shows the new one for the message;
// check refuses it all the same.
func (p *policy) algorithms(except []string) []string {
	var algorithms []string
	if len(p.known.authorities) > 0 {
		algorithms = append(algorithms, xssh.CertAlgoED25519v01, xssh.CertAlgoECDSA256v01, xssh.CertAlgoECDSA384v01,
			xssh.CertAlgoECDSA521v01, xssh.CertAlgoRSASHA512v01, xssh.CertAlgoRSASHA256v01)
	}
	keys := slices.Concat(p.pinned, p.known.keys)
	if len(keys) == 0 && p.remembered != nil {
		keys = []xssh.PublicKey{plain(p.remembered)}
	}
	for _, key := range keys {
		algorithms = append(algorithms, algorithmsOf(key.Type())...)
	}
	for _, kind := range []string{xssh.KeyAlgoED25519, xssh.KeyAlgoECDSA256, xssh.KeyAlgoECDSA384, xssh.KeyAlgoECDSA521, xssh.KeyAlgoRSA} {
		algorithms = append(algorithms, algorithmsOf(kind)...)
	}
	var wanted []string
	for _, algorithm := range algorithms {
		if !slices.Contains(wanted, algorithm) && !slices.Contains(except, algorithm) {
			wanted = append(wanted, algorithm)
		}
	}
	return wanted
}

// algorithmsOf leaves out ssh-rsa itself, which signs with SHA-1 (RFC 8332).
func algorithmsOf(keyType string) []string {
	if keyType == xssh.KeyAlgoRSA {
		return []string{xssh.KeyAlgoRSASHA512, xssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

func refusal(key xssh.PublicKey, expected []string, reason string) *HostKeyError {
	return &HostKeyError{
		Presented:   authorizedLine(key),
		Fingerprint: xssh.FingerprintSHA256(key),
		Expected:    expected,
		Reason:      reason,
	}
}

func describe(key xssh.PublicKey) string {
	return key.Type() + " " + xssh.FingerprintSHA256(key)
}

// plain is the key inside a certificate, or the key itself.
func plain(key xssh.PublicKey) xssh.PublicKey {
	if certificate, ok := key.(*xssh.Certificate); ok {
		return certificate.Key
	}
	return key
}

func contains(keys []xssh.PublicKey, wanted xssh.PublicKey) bool {
	return slices.ContainsFunc(keys, func(key xssh.PublicKey) bool {
		return bytes.Equal(plain(key).Marshal(), plain(wanted).Marshal())
	})
}
