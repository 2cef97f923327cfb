package region

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ensureKey makes the lab's key pair where there is none.
func (f Folder) ensureKey() error {
	if _, err := os.Stat(f.KeyFile()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make the lab's key: %w", err)
	}
	comment := "lab " + f.Name
	blob := publicBlob(public)
	line := "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob) + " " + comment + "\n"
	if err := os.WriteFile(f.KeyFile()+".pub", []byte(line), 0o644); err != nil {
		return fmt.Errorf("cannot keep the lab's key: %w", err)
	}
	block := &pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: privateBlob(blob, public, private, comment)}
	if err := os.WriteFile(f.KeyFile(), pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("cannot keep the lab's key: %w", err)
	}
	return nil
}

const keyType = "ssh-ed25519"

func publicBlob(public ed25519.PublicKey) []byte {
	return field(field(nil, []byte(keyType)), public)
}

// privateBlob is an unencrypted key in OpenSSH's own format. It is written here
// because only the ssh package may import a library that could.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
func privateBlob(blob []byte, public ed25519.PublicKey, private ed25519.PrivateKey, comment string) []byte {
	// The two equal check words tell a wrong passphrase; there is none.
	secret := []byte{0, 0, 0, 1, 0, 0, 0, 1}
	secret = field(field(field(field(secret, []byte(keyType)), public), private), []byte(comment))
	for pad := byte(1); len(secret)%8 != 0; pad++ {
		secret = append(secret, pad)
	}
	out := []byte("openssh-key-v1\x00")
	out = field(field(field(out, []byte("none")), []byte("none")), nil)
	out = binary.BigEndian.AppendUint32(out, 1)
	return field(field(out, blob), secret)
}

// field appends a string with its length, as SSH writes them.
func field(to, content []byte) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(content))), content...)
}
