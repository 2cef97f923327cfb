package machine

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVolumeIsValidated(t *testing.T) {
	valid := Volume{ID: 1, Label: "shop-db1", Bytes: 1}
	if err := valid.validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Volume){
		"identifier":   func(v *Volume) { v.ID = 0 },
		"empty label":  func(v *Volume) { v.Label = "" },
		"long label":   func(v *Volume) { v.Label = strings.Repeat("a", 33) },
		"path":         func(v *Volume) { v.Label = "../sda" },
		"second line":  func(v *Volume) { v.Label = "a\n2" },
		"without size": func(v *Volume) { v.Bytes = 0 },
	} {
		broken := valid
		change(&broken)
		if broken.validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOnlyMachinesThatMayHaveVolumesUseLoopDevices(t *testing.T) {
	for volumes, want := range map[bool]bool{true: true, false: false} {
		r := &Region{config: Config{Name: "x", Volumes: volumes}}
		args := strings.Join(r.createArguments(MachineSpec{ID: 1, Label: "one"}), " ")
		if got := strings.Contains(args, "--device-cgroup-rule b 7:* rmw"); got != want {
			t.Errorf("volumes %t: %s", volumes, args)
		}
	}
}

// fakeLosetup keeps devices, each a line with name, AUTOCLEAR and file, in $LOOPS.
// Loop device 0 is somebody else's, and 1 is taken in the moment between being
// found free and being used.
const fakeLosetup = `#!/bin/sh
set -eu
last() { for each; do :; done; echo "$each"; }
case $* in
"--noheadings --list --output NAME,AUTOCLEAR --associated "*)
    awk -v file="$(realpath "$(last "$@")")" '$3 == file { print $1, $2 }' "$LOOPS" ;;
--find) n=0; while grep -q "^/dev/loop$n " "$LOOPS"; do n=$((n + 1)); done; echo "/dev/loop$n" ;;
"--set-capacity "*) grep "^$2 " "$LOOPS" | while read -r _ _ file; do stat -c %s "$file" >> "$LOOPS.sizes"; done ;;
"--detach "*) sed -i "\\,^$2 ,s/ 0 / $BUSY /" "$LOOPS"; sed -i "/ gone /d" "$LOOPS" ;;
"/dev/loop1 "*) [ -e "$LOOPS.raced" ] || { echo "/dev/loop1 0 /other" >> "$LOOPS"; touch "$LOOPS.raced"; exit 1; }; exit 1 ;;
"/dev/loop"*) echo "$1 0 $(realpath "$2")" >> "$LOOPS" ;;
*) echo "unknown: losetup $*" >&2; exit 99 ;;
esac
`

func TestVolumeScript(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	loops := write("loops", "/dev/loop0 0 /other\n", 0o644)
	write("bin/losetup", fakeLosetup, 0o755)
	write("bin/mknod", "#!/bin/sh\n", 0o755)
	for _, name := range []string{"volumes/7", "volumes/8"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	busy := "gone"
	run := func(folders string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "sh", append([]string{"-c", volumeScript, "sh", filepath.Join(folder, folders)}, args...)...)
		command.Env = append(os.Environ(), "PATH="+filepath.Join(folder, "bin")+":"+os.Getenv("PATH"), "LOOPS="+loops, "BUSY="+busy)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	// A folder with one volume alone.
	const one = "one"
	if err := os.Mkdir(filepath.Join(folder, one), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(folder, "volumes", "7"), filepath.Join(folder, one, "7")); err != nil {
		t.Fatal(err)
	}
	check := func(what, got, want string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	size := func(id string) int64 {
		info, err := os.Stat(filepath.Join(folder, "volumes", id, "disk"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}

	run("volumes", "size", "4096")
	run(one, "size", "1024")
	if size("7") != 4096 || size("8") != 4096 {
		t.Errorf("sizes %d and %d", size("7"), size("8"))
	}
	check("nothing is attached", run("volumes", "list", "1001"), "")
	check("attached", run(one, "attach", "1001", "data"), "7 2 data")
	check("listed again", run("volumes", "list", "1001"), "7 2 data")
	check("nothing of another machine", run("volumes", "list", "1002"), "")
	run(one, "size", "8192")
	if grown, err := os.ReadFile(loops + ".sizes"); err != nil || string(grown) != "8192\n" {
		t.Errorf("the device was told %q, %v", grown, err)
	}
	// What is still in use keeps its device, which nobody gets again.
	busy = "1"
	run(one, "detach")
	check("detached", run("volumes", "list", "1001"), "")
	check("attached to another", run(one, "attach", "1002", "data"), "7 3 data")
	busy = "gone"
	run(one, "detach")
}
