package disk_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// local runs commands on the machine that the test itself runs on.
type local struct{}

func (local) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	command := exec.CommandContext(ctx, "/bin/sh", "-c", c.Line())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return shell.Result{}, &shell.ExitError{Node: "local", Command: c, Status: exit.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	}
	return shell.Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, err
}

const deviceSize = 16 << 20

// device returns a block device of zeros.
func device(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes block devices")
	}
	image := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, deviceSize); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", image).Output()
	if err != nil {
		t.Skipf("this system makes no loop devices: %v", err)
	}
	loop := strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.CommandContext(context.WithoutCancel(t.Context()), "losetup", "--detach", loop).Run() })
	return loop
}

func look(t *testing.T, d disk.Disk) disk.State {
	t.Helper()
	answers, err := host.New("db1", local{}).Ask(t.Context(), d.Ask("disk"))
	if err != nil {
		t.Fatal(err)
	}
	return d.Parse(answers["disk"], nil, nil)
}

// run runs a program that not every system has.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("this system has no %s", program)
	}
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// write leaves a word on a device.
func write(t *testing.T, device string, at int64) {
	t.Helper()
	file, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteAt([]byte("somebody's"), at)
		err = errors.Join(err, file.Sync(), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnlyABlankDeviceIsFormatted has real devices in every state that must not be
// taken for blank.
func TestOnlyABlankDeviceIsFormatted(t *testing.T) {
	for name, test := range map[string]struct {
		set      func(t *testing.T, device string)
		evidence string
	}{
		"blank":           {func(*testing.T, string) {}, ""},
		"ext4":            {func(t *testing.T, device string) { run(t, "mkfs.ext4", "-q", device) }, "ext4"},
		"swap":            {func(t *testing.T, device string) { run(t, "mkswap", device) }, "swap"},
		"a raid's end":    {func(t *testing.T, device string) { write(t, device, deviceSize-4096) }, "not empty"},
		"unknown content": {func(t *testing.T, device string) { write(t, device, 4000) }, "not empty"},
		"partition table": {func(t *testing.T, device string) {
			sector := make([]byte, 512)
			copy(sector[446:], []byte{0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0})
			sector[510], sector[511] = 0x55, 0xaa
			if err := os.WriteFile(device, sector, 0); err != nil {
				t.Fatal(err)
			}
		}, "dos"},
		"remains of ext4": {func(t *testing.T, device string) {
			run(t, "mkfs.ext4", "-q", device)
			run(t, "wipefs", "-q", "-a", device)
		}, "not empty"},
	} {
		t.Run(name, func(t *testing.T) {
			d := disk.Disk{Kind: "galera", Cluster: "shop", Node: "db1", Device: device(t), Directory: filepath.Join(t.TempDir(), "data")}
			test.set(t, d.Device)
			seen := look(t, d)
			verdict := d.Diff(seen)
			if seen.Resolved != d.Device || seen.Bytes != deviceSize || !seen.Empty || seen.Occupied || len(seen.Mounted) > 0 {
				t.Errorf("seen %+v", seen)
			}
			switch {
			case test.evidence == "" && (verdict.Refused != nil || !seen.Blank):
				t.Errorf("a blank device: %v, seen %+v", verdict.Refused, seen)
			case test.evidence != "" && verdict.Refused == nil:
				t.Errorf("it would be formatted: %+v", seen)
			case test.evidence != "" && !strings.Contains(verdict.Refused.Error(), test.evidence):
				t.Errorf("the evidence: %v", verdict.Refused)
			}
			if test.evidence == "" {
				return
			}
			// What became of the device between the look and the act counts.
			before := digest(t, d.Device)
			blank := seen
			blank.Blank, blank.Signatures, blank.UUID, blank.Label, blank.Tools = true, nil, "", "", true
			hosts := host.Hosts{"db1": host.New("db1", local{})}
			if err := d.Diff(blank).Steps[0].Do(t.Context(), hosts); err == nil || !strings.Contains(err.Error(), "not blank any more") {
				t.Errorf("the step says %v", err)
			}
			if digest(t, d.Device) != before {
				t.Error("the device was written to")
			}
		})
	}
}

func digest(t *testing.T, device string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sha256sum", device).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestADeviceInUseIsNotTaken has devices that are mounted, and one that is not there.
func TestADeviceInUseIsNotTaken(t *testing.T) {
	d := disk.Disk{Kind: "galera", Cluster: "shop", Node: "db1", Device: device(t), Directory: t.TempDir()}
	run(t, "mkfs.ext4", "-q", d.Device)
	elsewhere := t.TempDir()
	mount := func(at string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "mount", d.Device, at).CombinedOutput(); err != nil {
			t.Skipf("this system does not let the test mount: %s", out)
		}
		t.Cleanup(func() { _ = exec.CommandContext(context.WithoutCancel(t.Context()), "umount", at).Run() })
	}
	mount(elsewhere)
	if verdict := d.Diff(look(t, d)); verdict.Refused == nil || !strings.Contains(verdict.Refused.Error(), "mounted at "+elsewhere) {
		t.Errorf("mounted elsewhere: %+v", verdict)
	}
	mount(d.Directory)
	if verdict := d.Diff(look(t, d)); verdict.Refused == nil || !strings.Contains(verdict.Refused.Error(), "somebody else") {
		t.Errorf("mounted by somebody else: %+v", verdict)
	}
	d.Device = "/dev/disk/by-id/none"
	if seen := look(t, d); seen.Resolved != "" || !seen.Occupied {
		t.Errorf("no such device: %+v", seen)
	}
}
