package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keyring remembers parsed keys: opening a key with a passphrase costs about a
// tenth of a second by design, and a run has one key for many machines.
type keyring struct {
	mu   sync.Mutex
	keys map[Auth]*parsedAuth
}

type parsedAuth struct {
	once        sync.Once
	key         xssh.Signer
	certificate *xssh.Certificate
	err         error
}

func (k *keyring) parse(auth Auth) *parsedAuth {
	k.mu.Lock()
	parsed := k.keys[auth]
	if parsed == nil {
		parsed = &parsedAuth{}
		k.keys[auth] = parsed
	}
	k.mu.Unlock()
	parsed.once.Do(func() { parsed.key, parsed.certificate, parsed.err = readAuth(auth, time.Now()) })
	return parsed
}

// signers returns the keys to try, in order: the certificate, the key, the
// agent's. The returned function ends the talk with the agent.
func (k *keyring) signers(ctx context.Context, auth Auth) ([]xssh.Signer, func(), error) {
	parsed := k.parse(auth)
	if parsed.err != nil {
		return nil, nil, parsed.err
	}
	var signers []xssh.Signer
	if parsed.key != nil {
		signers = append(signers, parsed.key)
	}
	done := func() {}
	if auth.Agent {
		fromAgent, stop, err := agentSigners(ctx)
		if err != nil {
			return nil, nil, err
		}
		signers, done = append(signers, fromAgent...), stop
	}
	signers = withoutSHA1(signers)
	if parsed.certificate == nil {
		return signers, done, nil
	}
	certified, err := certify(parsed.certificate, signers)
	if err != nil {
		done()
		return nil, nil, err
	}
	return certified, done, nil
}

// withoutSHA1 keeps RSA keys from signing with SHA-1, which the library falls back to
// where a server does not say what it accepts (RFC 8332, 3.3).
func withoutSHA1(signers []xssh.Signer) []xssh.Signer {
	for i, signer := range signers {
		able, ok := signer.(xssh.AlgorithmSigner)
		if !ok || signer.PublicKey().Type() != xssh.KeyAlgoRSA {
			continue
		}
		if limited, err := xssh.NewSignerWithAlgorithms(able, algorithmsOf(xssh.KeyAlgoRSA)); err == nil {
			signers[i] = limited
		}
	}
	return signers
}

func certify(certificate *xssh.Certificate, signers []xssh.Signer) ([]xssh.Signer, error) {
	for _, signer := range signers {
		if !isFor(certificate, signer) {
			continue
		}
		certified, err := xssh.NewCertSigner(certificate, signer)
		if err != nil {
			return nil, fmt.Errorf("cannot use the certificate: %w", err)
		}
		return append([]xssh.Signer{certified}, signers...), nil
	}
	return nil, certificateError(certificate, "is for none of the keys")
}

func agentSigners(ctx context.Context) ([]xssh.Signer, func(), error) {
	path := os.Getenv("SSH_AUTH_SOCK")
	if path == "" {
		return nil, nil, errors.New("cannot ask the agent: SSH_AUTH_SOCK is not set")
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot ask the agent: %w", err)
	}
	// An agent that waits for a touch or a prompt must not outlive the attempt.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	done := func() { stop(); conn.Close() }
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("cannot ask the agent for its keys: %w", err)
	}
	return signers, done, nil
}
