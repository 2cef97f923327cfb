package image

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
)

const (
	repository    = "terraform-ha-lab"
	baseLabel     = "terraform-ha.lab.base-image"
	machineLabel  = "terraform-ha.lab.machine-image"
	balancerLabel = "terraform-ha.lab.balancer-image"
)

// Images names the images that a lab starts containers from.
type Images struct {
	// Machine boots systemd and is what a Linode instance becomes.
	Machine string
	// Balancer runs HAProxy and is what a NodeBalancer becomes.
	Balancer string
}

// Ensure returns the images of a release of Debian, after building those that do not
// exist yet. It writes a line to progress for each step of a build and nothing when both
// images are there. Several processes may call it at once: one builds.
func Ensure(ctx context.Context, client docker.CLI, release Release, progress io.Writer) (Images, error) {
	b := &builder{docker: client, release: release, progress: progress, started: time.Now()}
	plan, err := b.plan()
	if err != nil {
		return Images{}, err
	}
	if images, err := b.present(ctx, plan); err != nil || images.complete() {
		return images, err
	}
	unlock, err := lockBuild(ctx)
	if err != nil {
		return Images{}, fmt.Errorf("cannot wait for another build of the lab's images: %w", err)
	}
	defer unlock()
	images, err := b.present(ctx, plan)
	if err != nil {
		return Images{}, err
	}
	if images.Machine == "" {
		if images.Machine, err = b.machine(ctx, plan.machine); err != nil {
			return Images{}, fmt.Errorf("cannot build the machine image: %w", err)
		}
	}
	if images.Balancer == "" {
		if images.Balancer, err = b.balancer(ctx, images.Machine, plan.balancer); err != nil {
			return Images{}, fmt.Errorf("cannot build the balancer image: %w", err)
		}
	}
	return images, nil
}

func (i Images) complete() bool { return i.Machine != "" && i.Balancer != "" }

// plan is the hashes by which the images are known.
type plan struct {
	machine  string
	balancer string
}

type builder struct {
	docker   docker.CLI
	release  Release
	progress io.Writer
	started  time.Time
}

func (b *builder) plan() (plan, error) {
	machine, err := hashOf(b.release.Suite, b.release.machineInputs()...)
	if err != nil {
		return plan{}, err
	}
	balancer, err := hashOf(machine, "build/balancer")
	return plan{machine: machine, balancer: balancer}, err
}

func (b *builder) present(ctx context.Context, p plan) (Images, error) {
	var images Images
	var err error
	if images.Machine, err = b.find(ctx, "machine", machineLabel, p.machine); err != nil {
		return Images{}, err
	}
	images.Balancer, err = b.find(ctx, "balancer", balancerLabel, p.balancer)
	return images, err
}

// find returns the identifier of an image by its name and hash, or nothing. The
// label alone would not do: images that are made from this one inherit it.
func (b *builder) find(ctx context.Context, name, label, hash string) (string, error) {
	ids, err := b.docker.Names(ctx, "images", "--quiet", "--no-trunc",
		"--filter", "reference="+repository+"/"+name+":"+hash, "--filter", "label="+label+"="+hash)
	if err != nil {
		return "", fmt.Errorf("cannot look for the lab's images: %w", err)
	}
	if len(ids) == 0 {
		return "", nil
	}
	return ids[0], nil
}

func (b *builder) exists(ctx context.Context, reference string) bool {
	_, err := b.docker.Run(ctx, "image", "inspect", "--format", "{{.Id}}", reference)
	return err == nil
}

func (b *builder) machine(ctx context.Context, hash string) (string, error) {
	b.say("building the machine image %s of Debian %s (minutes, once)", hash, b.release.Number)
	base, err := b.base(ctx)
	if err != nil {
		return "", err
	}
	source, err := findMirror(ctx)
	if err != nil {
		return "", err
	}
	packages, err := b.release.archive()
	if err != nil {
		return "", err
	}
	return b.build(ctx, recipe{
		name: "machine", hash: hash, from: base, folder: "build/machine",
		extra: map[string][]byte{
			archiveList:    packages,
			"sources.list": []byte(source.sourcesList(b.release.Suite)),
			"apt.conf":     []byte(source.aptConf()),
		},
		changes: []string{
			`ENTRYPOINT ["/usr/local/lib/lab/init"]`, "CMD []", "ENV container=docker",
			"LABEL " + machineLabel + "=" + hash,
		},
	})
}

func (b *builder) balancer(ctx context.Context, machine, hash string) (string, error) {
	b.say("building the balancer image %s", hash)
	return b.build(ctx, recipe{
		name: "balancer", hash: hash, from: machine, folder: "build/balancer",
		changes: []string{
			`ENTRYPOINT ["/usr/local/lib/lab/balancer"]`, "CMD []",
			"LABEL " + balancerLabel + "=" + hash,
		},
	})
}

// recipe is how one image is made from another.
type recipe struct {
	name    string
	hash    string
	from    string
	folder  string
	extra   map[string][]byte
	changes []string
}

// build runs a folder's install.sh in a container and commits the container
// only when the script has succeeded.
func (b *builder) build(ctx context.Context, r recipe) (string, error) {
	archive, err := archiveOf(r.folder, r.extra)
	if err != nil {
		return "", err
	}
	container := repository + "-build-" + r.name
	// A name that is left from a crashed build belongs to nobody: builds are
	// serialized by the lock.
	_, _ = b.docker.Run(ctx, "rm", "--force", "--volumes", container)
	_, err = b.docker.Run(ctx, "create", "--name", container, "--network", "host",
		"--entrypoint", "/bin/sh", r.from, "/lab-build/install.sh")
	if err != nil {
		return "", err
	}
	defer func() {
		_, _ = b.docker.Run(context.WithoutCancel(ctx), "rm", "--force", "--volumes", container)
	}()
	if _, err := b.docker.Feed(ctx, bytes.NewReader(archive), "cp", "-", container+":/"); err != nil {
		return "", err
	}
	log := &tail{}
	if err := b.docker.Stream(ctx, nil, &steps{say: b.say, log: log}, "start", "--attach", container); err != nil {
		return "", fmt.Errorf("%w\n%s", err, log)
	}
	return b.commit(ctx, container, r)
}

func (b *builder) commit(ctx context.Context, container string, r recipe) (string, error) {
	args := []string{"commit"}
	for _, change := range r.changes {
		args = append(args, "--change", change)
	}
	id, err := b.docker.Run(ctx, append(args, container, repository+"/"+r.name+":"+r.hash)...)
	if err != nil {
		return "", err
	}
	b.say("%s image %s is ready", r.name, r.hash)
	return id, nil
}

func (b *builder) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "lab image: %4.0fs %s\n", time.Since(b.started).Seconds(), fmt.Sprintf(format, args...))
}
