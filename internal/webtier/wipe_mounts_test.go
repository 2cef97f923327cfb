package webtier

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestWipingEndsAtOtherFileSystems has another file system, and a directory of the same
// one from elsewhere, mounted in the document root, in a namespace of the test's own.
func TestWipingEndsAtOtherFileSystems(t *testing.T) {
	h := newHostile(t)
	if out, err := exec.CommandContext(t.Context(), "unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody mount: %v: %s", err, out)
	}
	s := h.spec
	elsewhere := filepath.Join(filepath.Dir(s.DocumentRoot), "elsewhere")
	must(t, os.Mkdir(elsewhere, 0o755))
	wipe := shell.Script(wipeRootScript, append([]string{s.DocumentRoot, "", s.state()}, s.guarded()...)...).Line()
	for name, mount := range map[string]string{
		"another file system":    `mount -t tmpfs none "$1"`,
		"a directory, from here": `mount --bind "$2" "$1"`,
	} {
		t.Run(name, func(t *testing.T) {
			must(t, prepareRoot(s, Identity{})(t.Context(), h.host))
			below := filepath.Join(s.DocumentRoot, "media/shop")
			must(t, os.MkdirAll(below, 0o755))
			must(t, os.WriteFile(filepath.Join(s.DocumentRoot, "index.php"), nil, 0o644))
			out, err := exec.CommandContext(t.Context(), "unshare", "-m", "--propagation", "private", "/bin/sh", "-c",
				mount+` && echo precious >"$1/file" || exit 9
/bin/sh -c "$3"; status=$?
cat "$1/file"
exit $status`, "sh", below, elsewhere, wipe).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "would be wiped as well; unmount them first: "+below) || !strings.HasSuffix(string(out), "precious\n") {
				t.Errorf("%v: %s", err, out)
			}
			if _, err := os.Stat(filepath.Join(s.DocumentRoot, "index.php")); err != nil {
				t.Errorf("the site was wiped in part: %v", err)
			}
			must(t, wipeRoot(s)(t.Context(), h.host))
			if _, err := os.Stat(s.DocumentRoot); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("without it the site is still there: %v", err)
			}
		})
	}
}
