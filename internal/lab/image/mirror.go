package image

import (
	"context"
	"os/exec"
	"strings"
)

const (
	suite           = "bookworm"
	defaultMirror   = "http://mirror.example/debian"
	defaultSecurity = "http://mirror.example/debian-security"
)

// mirror is where Debian's packages come from while an image is built.
type mirror struct {
	debian   string
	security string
	// proxy is apt's own setting on the building machine; empty for none.
	proxy string
}

// findMirror reads the mirrors and the proxy from apt's configuration on the
// building machine, because that is what is known to be reachable from it.
// Without an apt for Debian it answers Debian's own mirrors.
func findMirror(ctx context.Context) mirror {
	// The proxy and the targets are hints: a machine without apt has neither.
	targets, _ := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages").Output()
	proxy, _ := exec.CommandContext(ctx, "apt-config", "shell", "P", "Acquire::http::Proxy").Output()
	found := parseTargets(string(targets))
	found.proxy = parseProxy(string(proxy))
	return found
}

func parseTargets(targets string) mirror {
	found := mirror{debian: defaultMirror, security: defaultSecurity}
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

func (m mirror) sourcesList() string {
	return "deb " + m.debian + " " + suite + " main\n" +
		"deb " + m.debian + " " + suite + "-updates main\n" +
		"deb " + m.security + " " + suite + "-security main\n"
}

func (m mirror) aptConf() string {
	conf := "Acquire::Retries \"3\";\nAcquire::Languages \"none\";\n"
	if m.proxy != "" {
		conf += "Acquire::http::Proxy \"" + m.proxy + "\";\n"
	}
	return conf
}
