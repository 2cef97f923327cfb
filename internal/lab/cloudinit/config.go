package cloudinit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MaxUserData is how much of it Linode takes, before base64.
const MaxUserData = 65535

// Config is what user data asks of a machine.
type Config struct {
	// HostKeys are files below /etc/ssh by their names. With any of them the
	// machine has no other host key.
	HostKeys map[string]string
}

// header begins user data in the format that the lab reads. Others are scripts,
// archives and lists of addresses.
const header = "#cloud-config"

// hostKeyFiles has the names below ssh_keys that a machine of the lab can use: its
// sshd has no other type of key.
var hostKeyFiles = map[string]string{
	"ed25519_private": "ssh_host_ed25519_key",
	"ed25519_public":  "ssh_host_ed25519_key.pub",
}

// Decode reads user data as the API takes it, in base64.
func Decode(encoded string) (Config, error) {
	if encoded == "" {
		return Config{}, nil
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Config{}, errors.New("user data is not base64")
	}
	if len(text) > MaxUserData {
		return Config{}, fmt.Errorf("user data has %d bytes, more than %d", len(text), MaxUserData)
	}
	return Parse(string(text))
}

// Parse reads a cloud-config. YAML is more than JSON; the lab reads JSON alone.
func Parse(text string) (Config, error) {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(first) != header {
		return Config{}, fmt.Errorf("the lab's machines take user data that begins with a line %s, and not %.20q", header, first)
	}
	if strings.TrimSpace(rest) == "" {
		return Config{}, nil
	}
	var config struct {
		Keys   map[string]string `json:"ssh_keys"`
		Delete *bool             `json:"ssh_deletekeys"`
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(rest)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return Config{}, fmt.Errorf("the lab's machines read a cloud-config in JSON with ssh_keys and ssh_deletekeys, and nothing else: %w", err)
	}
	if config.Delete != nil && !*config.Delete {
		return Config{}, errors.New("the lab's machines do not implement ssh_deletekeys: false")
	}
	read := Config{HostKeys: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(config.Keys)) {
		file, known := hostKeyFiles[name]
		if !known {
			return Config{}, fmt.Errorf("the lab's machines do not implement ssh_keys.%s", name)
		}
		read.HostKeys[file] = config.Keys[name]
	}
	// cloud-init derives a public key that is missing, and makes no private one.
	if len(read.HostKeys) == 1 {
		return Config{}, errors.New("the lab's machines take ssh_keys.ed25519_private and ed25519_public together")
	}
	return read, nil
}
