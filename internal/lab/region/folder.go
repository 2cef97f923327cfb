package region

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
)

// Folder is where everything that a lab leaves on this computer lies, besides
// the containers and networks in the engine.
type Folder struct {
	// Path is absolute.
	Path string
	// Name is the lab's name, which its containers and networks carry.
	Name string
}

// Settings are what a lab keeps from its first start to its end.
type Settings struct {
	// Name is the lab's name.
	Name string `json:"name"`
	// Listen is the address of the API on this computer.
	Listen string `json:"listen"`
	// Token is what the API accepts.
	Token string `json:"token"`
	// Subnet holds the public addresses.
	Subnet netip.Prefix `json:"subnet"`
	// Debian is the number of the release of Debian that its balancers have, and its
	// machines where nothing else is asked for.
	Debian string `json:"debian"`
}

// Release is the lab's release of Debian.
func (s Settings) Release() (image.Release, error) {
	if s.Debian == "" {
		return image.SiteRelease()
	}
	return image.ReleaseOf(s.Debian)
}

// URL is where the API answers.
func (s Settings) URL() string { return "http://" + s.Listen }

// NewFolder returns the folder at a path. Without a name the lab is named after
// the path, so that two checkouts have two labs.
func NewFolder(path, name string) (Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Folder{}, fmt.Errorf("cannot find the lab's folder: %w", err)
	}
	f := Folder{Path: path, Name: name}
	if known, err := f.Settings(); err == nil && name == "" {
		f.Name = known.Name
	}
	if f.Name == "" {
		sum := sha256.Sum256([]byte(path))
		f.Name = "lab-" + hex.EncodeToString(sum[:3])
	}
	return f, nil
}

func (f Folder) file(name string) string { return filepath.Join(f.Path, name) }

// LogFile is where the API writes what it does.
func (f Folder) LogFile() string { return f.file("api.log") }

// KeyFile is the private key that opens the lab's machines.
func (f Folder) KeyFile() string { return f.file("id_ed25519") }

// StateFile is where the API keeps the region's objects.
func (f Folder) StateFile() string { return f.file("region.json") }

func (f Folder) settingsFile() string { return f.file("lab.json") }

func (f Folder) lockFile() string { return f.file("api.pid") }

// balancerDelayFile says how long the lab's NodeBalancers take to act.
func (f Folder) balancerDelayFile() string { return f.file("balancer-delay") }

// SetBalancerDelay makes the lab's NodeBalancers act on every change that much
// later, from the next change on, also where the lab runs. A real one takes up
// to 60 seconds, says its documentation; 0 is the lab's own, a fraction of a
// second.
func (f Folder) SetBalancerDelay(delay time.Duration) error {
	if delay < 0 || delay > longestBalancerDelay {
		return fmt.Errorf("cannot delay NodeBalancers by %s: it must be 0s to %s", delay, longestBalancerDelay)
	}
	// Renamed into place, because the API may read at any time.
	next := f.balancerDelayFile() + ".new"
	err := os.WriteFile(next, []byte(delay.String()+"\n"), 0o600)
	if err == nil {
		err = os.Rename(next, f.balancerDelayFile())
	}
	if err != nil {
		return fmt.Errorf("cannot keep the delay of NodeBalancers: %w", err)
	}
	return nil
}

const longestBalancerDelay = 10 * time.Minute

// BalancerDelay is what SetBalancerDelay has set, else 0.
func (f Folder) BalancerDelay() (time.Duration, error) {
	content, err := os.ReadFile(f.balancerDelayFile())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	var delay time.Duration
	if err == nil {
		delay, err = time.ParseDuration(strings.TrimSpace(string(content)))
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read the delay of NodeBalancers: %w", err)
	}
	return delay, nil
}

// own are the files that a lab makes and that its end removes.
func (f Folder) own() []string {
	return []string{f.LogFile(), f.KeyFile(), f.KeyFile() + ".pub", f.StateFile(), f.settingsFile(), f.lockFile(), f.balancerDelayFile()}
}

// ErrNoLab says that no lab was started in a folder.
var ErrNoLab = errors.New("there is no lab here: start one with \"make demo\", or an empty one with \"lab up\"")

// Settings returns what the lab in this folder was started with, or [ErrNoLab].
func (f Folder) Settings() (Settings, error) {
	content, err := os.ReadFile(f.settingsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, ErrNoLab
	}
	var settings Settings
	if err == nil {
		err = json.Unmarshal(content, &settings)
	}
	if err == nil && f.Name != "" && settings.Name != f.Name {
		err = fmt.Errorf("the lab in %s is named %s, not %s", f.Path, settings.Name, f.Name)
	}
	if err != nil {
		return Settings{}, fmt.Errorf("cannot read the lab's settings: %w", err)
	}
	return settings, nil
}

func (f Folder) save(settings Settings) error {
	content, err := json.MarshalIndent(settings, "", "  ")
	if err == nil {
		err = os.WriteFile(f.settingsFile(), append(content, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot keep the lab's settings: %w", err)
	}
	return nil
}

// release is the release of Debian of the lab in this folder, or of one that is to be made.
func (f Folder) release() (image.Release, error) {
	settings, err := f.Settings()
	if err != nil && !errors.Is(err, ErrNoLab) {
		return image.Release{}, err
	}
	return settings.Release()
}

// newSettings chooses what a new lab is reached by.
func newSettings(ctx context.Context, name string, subnet netip.Prefix, release image.Release) (Settings, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Settings{}, fmt.Errorf("cannot find a free port for the lab's API: %w", err)
	}
	defer listener.Close()
	return Settings{Name: name, Listen: listener.Addr().String(), Token: rand.Text(), Subnet: subnet, Debian: release.Number}, nil
}

// remove takes away what the lab has made in its folder, and nothing else.
func (f Folder) remove() error {
	var failed []error
	for _, file := range f.own() {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
