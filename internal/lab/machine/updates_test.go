package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Packages of one source depend on each other's very version, and the newer ones have to do
// so too: apt keeps back what needs a version that is not there.
func TestNewerPackagesNeedNewerOnes(t *testing.T) {
	const version = "1:10.11.19-0+deb12u1"
	script, err := updatesScript.ReadFile("scripts/updates.sh")
	if err != nil {
		t.Fatal(err)
	}
	root, bin := t.TempDir(), t.TempDir()
	write := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	control := func(name, depends string) string {
		return fmt.Sprintf("Package: %s\nSource: mariadb\nVersion: %s\nDepends: %s\n", name, version, depends)
	}
	packages := map[string]string{
		"mariadb-backup":      control("mariadb-backup", "mariadb-client-core (= "+version+"), libc6 (>= 2.34)"),
		"mariadb-client-core": control("mariadb-client-core", "mariadb-common (>= "+version+")"),
	}
	list := ""
	for name, of := range packages {
		list += of + "Filename: ./" + name + ".deb\n\n"
		write(root+"/var/lib/lab/apt/"+name+".control", of)
		write(root+"/var/lib/lab/apt/"+name+".deb", fmt.Sprintf("!<arch>\n%-16s%-12s%-6s%-6s%-8s%-10d`\n", "control.tar.xz", "0", "0", "0", "100644", 0))
	}
	write(root+"/var/lib/lab/apt/Packages", list)
	write(root+"/etc/os-release", "VERSION_ID=12\n")
	write(root+"/etc/apt/sources.list.d/empty", "")
	write(bin+"/dpkg-deb", `#!/bin/sh
[ "$1" = -e ] || exit 1
mkdir -p "$3" && cp "${2%.deb}.control" "$3/control"
`)
	write(bin+"/apt-ftparchive", "#!/bin/sh\n")
	write(bin+"/apt-get", "#!/bin/sh\n")

	text := strings.NewReplacer("/var/lib/lab/", root+"/var/lib/lab/", "/etc/", root+"/etc/").Replace(string(script))
	command := exec.CommandContext(t.Context(), "/bin/sh", "-s", "--", "security", "+lab1", "-", "mariadb-backup")
	command.Stdin = strings.NewReader(text)
	command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for name, want := range map[string]string{
		"mariadb-backup":      "Version: " + version + "+lab1\nDepends: mariadb-client-core (= " + version + "+lab1), libc6 (>= 2.34)\n",
		"mariadb-client-core": "Version: " + version + "+lab1\nDepends: mariadb-common (>= " + version + ")\n",
	} {
		made, err := os.ReadFile(root + "/var/lib/lab/updates-security/" + name + ".deb")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(made), want) {
			t.Errorf("%s does not have\n%s\nbut\n%s", name, want, made)
		}
	}
}
