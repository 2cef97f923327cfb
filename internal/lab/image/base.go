package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A registry that answers needs seconds; one that is filtered away would
// otherwise cost minutes before debootstrap gets its turn.
const pullLimit = 10 * time.Second

// registryImage is the reference of a registry's image of the release.
func (r Release) registryImage() string { return "debian:" + r.Suite }

// base returns a reference to a Debian minimal base: the registry's where it
// can be had, else one made with debootstrap and kept for later builds.
func (b *builder) base(ctx context.Context) (string, error) {
	if b.exists(ctx, b.release.registryImage()) {
		return b.release.registryImage(), nil
	}
	hash, err := hashOf(b.release.Suite, "build/base")
	if err != nil {
		return "", err
	}
	if id, err := b.find(ctx, "base", baseLabel, hash); err != nil || id != "" {
		return id, err
	}
	if b.pull(ctx) {
		return b.release.registryImage(), nil
	}
	return b.bootstrap(ctx, hash)
}

func (b *builder) pull(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	_, err := b.docker.Run(limited, "pull", "--quiet", b.release.registryImage())
	if err != nil {
		b.say("no %s from a registry, so it is made with debootstrap", b.release.registryImage())
	}
	return err == nil
}

func (b *builder) bootstrap(ctx context.Context, hash string) (string, error) {
	script, err := inputs.ReadFile("build/base/debootstrap.sh")
	if err != nil {
		return "", err
	}
	if err := b.ensureDebootstrap(ctx); err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "lab-debootstrap-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }() // what is left is in the system's temporary folder

	mirror, err := findMirror(ctx)
	if err != nil {
		return "", err
	}
	b.say("debootstrap %s from %s", b.release.Suite, mirror.debian)
	command := exec.CommandContext(ctx, "sh", "-s", "--", b.release.Suite, folder, mirror.debian)
	command.Stdin = bytes.NewReader(script)
	command.Env = append(os.Environ(), "http_proxy="+mirror.proxy)
	log := &tail{}
	command.Stdout, command.Stderr = log, log
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("cannot make a Debian base with debootstrap: %w: %s", err, log)
	}
	tag := repository + "/base:" + hash
	_, err = b.docker.Run(ctx, "import", "--change", "LABEL "+baseLabel+"="+hash,
		filepath.Join(folder, "base.tar"), tag)
	if err != nil {
		return "", fmt.Errorf("cannot import the Debian base: %w", err)
	}
	return tag, nil
}

// ensureDebootstrap installs debootstrap where this process may do so.
func (b *builder) ensureDebootstrap(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("cannot make a Debian base as an ordinary user: "+
			"run this once as root, or load the image %s into Docker", b.release.registryImage())
	}
	if _, err := exec.LookPath("debootstrap"); err == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("cannot make a Debian base: install debootstrap, or load the image " +
			b.release.registryImage() + " into Docker")
	}
	b.say("installing debootstrap")
	log := &tail{}
	command := exec.CommandContext(ctx, "apt-get", "-q", "-y", "--no-install-recommends", "install", "debootstrap")
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	command.Stdout, command.Stderr = log, log
	if err := command.Run(); err != nil {
		return fmt.Errorf("cannot install debootstrap (install it by hand: apt-get install debootstrap): %w: %s", err, log)
	}
	return nil
}
