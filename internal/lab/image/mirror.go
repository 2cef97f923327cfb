package image

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// mirrorVariable names a mirror of Debian for machines whose apt knows none.
const mirrorVariable = "LAB_DEBIAN_MIRROR"

// mirror is where Debian's packages come from while an image is built.
type mirror struct {
	debian   string
	security string
	// proxy is apt's own setting on the building machine; empty for none.
	proxy string
}

// findMirror reads the mirrors and the proxy from apt's configuration on the
// building machine, because that is what is known to be reachable from it. On
// one that is no Debian, the user names a mirror in the environment.
func findMirror(ctx context.Context) (mirror, error) {
	// The proxy and the targets are hints: a machine without apt has neither.
	targets, _ := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages").Output()
	proxy, _ := exec.CommandContext(ctx, "apt-config", "shell", "P", "Acquire::http::Proxy").Output()
	found := parseTargets(string(targets))
	found.proxy = parseProxy(string(proxy))
	if named := os.Getenv(mirrorVariable); named != "" {
		found.debian, found.security = strings.TrimSuffix(named, "/"), ""
	}
	if found.debian == "" {
		return mirror{}, fmt.Errorf("cannot build a machine: apt here knows no mirror of Debian; name one in %s", mirrorVariable)
	}
	return found, nil
}

func parseTargets(targets string) mirror {
	var found mirror
	for line := range strings.Lines(targets) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 3 || fields[0] != "Debian" {
			continue
		}
		switch uri := strings.TrimSuffix(fields[2], "/"); fields[1] {
		case "Debian":
			found.debian = uri
		case "Debian-Security":
			found.security = uri
		}
	}
	return found
}

// parseProxy reads the answer of "apt-config shell": P='http://…' or nothing.
func parseProxy(answer string) string {
	value, found := strings.CutPrefix(strings.TrimSpace(answer), "P=")
	if !found {
		return ""
	}
	return strings.Trim(value, `'"`)
}

func (m mirror) sourcesList(suite string) string {
	list := "deb " + m.debian + " " + suite + " main\n" +
		"deb " + m.debian + " " + suite + "-updates main\n"
	if m.security != "" {
		list += "deb " + m.security + " " + suite + "-security main\n"
	}
	return list
}

func (m mirror) aptConf() string {
	conf := "Acquire::Retries \"3\";\nAcquire::Languages \"none\";\n"
	if m.proxy != "" {
		conf += "Acquire::http::Proxy \"" + m.proxy + "\";\n"
	}
	return conf
}
