package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// The registries that Terraform and OpenTofu mean where a source names none.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

const (
	haVersion = "0.1.0"
	// linodeVersion is a number that the real provider will hardly ever have.
	linodeVersion = "3.99.0"
)

func (d Demo) mirrorPath() string { return filepath.Join(d.Folder.Path, "mirror") }

// mirror puts the providers where Terraform installs them from.
func (d Demo) mirror(ctx context.Context) error {
	built := filepath.Join(d.Folder.Path, "bin")
	ha := filepath.Join(built, "terraform-provider-ha")
	flags := "-s -w -X main.version=" + haVersion
	if err := d.build(ctx, ha, ".", flags); err != nil {
		return err
	}
	linode := linodeChoice()
	if linode != "" {
		fmt.Fprintln(d.Progress, "demo: Linode's own provider:", linode)
	} else {
		linode = filepath.Join(built, "terraform-provider-linode")
		if err := d.build(ctx, linode, "./internal/lab/cmd/terraform-provider-linode", "-s -w"); err != nil {
			return err
		}
	}
	for _, registry := range registries {
		if err := d.publish(ha, registry, "terraform-ha", "ha", haVersion); err != nil {
			return err
		}
		if linode == fromRegistry {
			continue
		}
		if err := d.publish(linode, registry, "linode", "linode", linodeVersion); err != nil {
			return err
		}
	}
	return d.writeConfig()
}

// build is quick where nothing has changed: the compiler keeps its results. Without
// C, as what is released.
func (d Demo) build(ctx context.Context, to, pkg, flags string) error {
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", flags, "-o", to, pkg)
	build.Dir, build.Env = d.Root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// publish copies a binary to its place in the mirror where it differs.
func (d Demo) publish(binary, registry, namespace, name, version string) error {
	folder := filepath.Join(d.mirrorPath(), registry, namespace, name, version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("cannot publish provider %s: %w", name, err)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("cannot publish provider %s: %w", name, err)
	}
	target := filepath.Join(folder, "terraform-provider-"+name+"_v"+version)
	known, err := os.ReadFile(target)
	if err == nil && bytes.Equal(known, content) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot publish provider %s: %w", name, err)
	}
	// Renamed into place: the old one may be running.
	if err := os.WriteFile(target+".new", content, 0o755); err == nil {
		err = os.Rename(target+".new", target)
		if err == nil {
			return nil
		}
		return fmt.Errorf("cannot publish provider %s: %w", name, err)
	}
	return fmt.Errorf("cannot publish provider %s: %w", name, err)
}

func (d Demo) configFile() string { return filepath.Join(d.Folder.Path, "terraform.rc") }

// writeConfig writes Terraform's own configuration: these providers come from
// the mirror and are asked for nowhere else.
func (d Demo) writeConfig() error {
	sources := []string{"*/terraform-ha/ha"}
	if linodeChoice() != fromRegistry {
		sources = append(sources, "*/linode/linode")
	}
	var list bytes.Buffer
	for n, source := range sources {
		if n > 0 {
			io.WriteString(&list, ", ")
		}
		for m, registry := range registries {
			if m > 0 {
				io.WriteString(&list, ", ")
			}
			fmt.Fprintf(&list, "%q", registry+source[1:])
		}
	}
	config := fmt.Sprintf(`disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%s]
  }
  direct {
    exclude = [%s]
  }
}
`, d.mirrorPath(), &list, &list)
	if err := os.WriteFile(d.configFile(), []byte(config), 0o644); err != nil {
		return fmt.Errorf("cannot configure Terraform: %w", err)
	}
	return nil
}
