package region

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// Up makes sure that a lab runs: the engine, the images, the network, the key
// and the API. The API is a process of its own, started by serve, a command
// that ends up in [Serve] for the same folder. Up says on progress what takes
// time.
func Up(ctx context.Context, client docker.CLI, folder Folder, serve []string, progress io.Writer) (Settings, error) {
	release, err := folder.release()
	if err != nil {
		return Settings{}, err
	}
	if err := Prepare(ctx, client, folder, progress, release); err != nil {
		return Settings{}, err
	}
	if err := folder.clean(ctx, client, progress); err != nil {
		return Settings{}, err
	}
	settings, err := folder.ensureSettings(ctx, client, release)
	if err != nil {
		return Settings{}, err
	}
	if err := folder.ensureKey(); err != nil {
		return Settings{}, err
	}
	running, err := folder.Process()
	if err != nil {
		return Settings{}, err
	}
	if running != 0 {
		if err := answers(ctx, settings); err != nil {
			return Settings{}, fmt.Errorf("cannot use the lab's API, process %d: %w (\"lab down\" ends it)", running, err)
		}
		return settings, nil
	}
	started := time.Now()
	if err := folder.start(ctx, serve, settings); err != nil {
		return Settings{}, err
	}
	fmt.Fprintf(progress, "lab: the API answers at %s after %.1fs\n", settings.URL(), time.Since(started).Seconds())
	return settings, nil
}

// Prepare makes sure that labs can run here: that there is an engine, and that
// the images of releases of Debian are built.
func Prepare(ctx context.Context, client docker.CLI, folder Folder, progress io.Writer, releases ...image.Release) error {
	if err := os.MkdirAll(folder.Path, 0o700); err != nil {
		return fmt.Errorf("cannot make the lab's folder: %w", err)
	}
	if err := client.Ensure(ctx, folder.Path, progress); err != nil {
		return err
	}
	for _, release := range releases {
		if _, err := image.Ensure(ctx, client, release, progress); err != nil {
			return err
		}
	}
	return nil
}

// clean removes the lab's machines where nothing is known of them any more: the
// folder was lost, or a run has crashed in its first moments.
func (f Folder) clean(ctx context.Context, client docker.CLI, progress io.Writer) error {
	if _, err := os.Stat(f.settingsFile()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	left, err := machine.List(ctx, client, f.Name)
	if err != nil || len(left) == 0 {
		return err
	}
	fmt.Fprintf(progress, "lab: removing %d leftovers of an earlier lab %s\n", len(left), f.Name)
	return machine.Down(ctx, client, f.Name)
}

func (f Folder) ensureSettings(ctx context.Context, client docker.CLI, release image.Release) (Settings, error) {
	settings, err := f.Settings()
	if err == nil || !errors.Is(err, ErrNoLab) {
		return settings, err
	}
	hardware, err := machine.Up(ctx, client, machine.Config{Name: f.Name})
	if err != nil {
		return Settings{}, err
	}
	if settings, err = newSettings(ctx, f.Name, hardware.Subnet(), release); err != nil {
		return Settings{}, err
	}
	return settings, f.save(settings)
}

// Hardware returns the machines of a lab that runs, for what only somebody
// beside them can do.
func Hardware(ctx context.Context, client docker.CLI, folder Folder) (*machine.Region, error) {
	settings, err := folder.Settings()
	if err != nil {
		return nil, err
	}
	return machine.Up(ctx, client, machine.Config{Name: settings.Name, Subnet: settings.Subnet, Volumes: true})
}

// Down ends a lab: its API, everything that it has in the engine, and its files.
func Down(ctx context.Context, client docker.CLI, folder Folder) error {
	if err := folder.stop(ctx); err != nil {
		return err
	}
	if err := machine.Down(ctx, client, folder.Name); err != nil {
		return err
	}
	if err := folder.remove(); err != nil {
		return fmt.Errorf("cannot remove the lab's files: %w", err)
	}
	return nil
}
