package demo

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// newDemo is a demo without a lab's key.
func newDemo(t *testing.T) Demo {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	lab := region.Folder{Path: t.TempDir(), Name: "test"}
	return Demo{Root: root, Folder: lab, Stdout: io.Discard, Progress: io.Discard, Settings: region.Settings{
		Name: "test", Listen: "127.0.0.1:1", Token: "token", Subnet: netip.MustParsePrefix("172.29.3.0/24"),
	}}
}

func TestLayOut(t *testing.T) {
	d := newDemo(t)
	for range 2 {
		if err := d.layOut(); err != nil {
			t.Fatal(err)
		}
		// What the example no longer has is not left over.
		if err := os.WriteFile(filepath.Join(d.work(), "stale.tf"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.layOut(); err != nil {
		t.Fatal(err)
	}
	laid, err := filepath.Glob(filepath.Join(d.work(), "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	example, _ := filepath.Glob(filepath.Join(d.Root, "examples/website/*.tf"))
	if len(laid) != len(example) || len(laid) == 0 {
		t.Errorf("laid out %v of %v", laid, example)
	}
	if _, err := os.Stat(filepath.Join(d.work(), "../../modules/website/main.tf")); err != nil {
		t.Error(err)
	}
	if err := Remove(d.Folder); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(d.Root, "modules/website/main.tf")); err != nil {
		t.Errorf("the end of a demo reached into the checkout: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LINODE_TOKEN", "a real account's")
	t.Setenv("TF_CLI_ARGS_apply", "-destroy")
	d := newDemo(t)
	d.makeKeys(t)
	if err := d.layOut(); err != nil {
		t.Fatal(err)
	}
	environment, err := d.environment()
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.environment()
	if diff := cmp.Diff(environment, again); diff != "" || err != nil {
		t.Error("the passwords change", diff, err)
	}
	for _, wanted := range []string{
		"LINODE_TOKEN=token", "LINODE_URL=http://127.0.0.1:1",
		`TF_VAR_admin_cidrs=["172.29.3.0/24"]`, "TF_VAR_ssh_public_key=key", "TF_VAR_ssh_private_key=key\n",
	} {
		if !slices.Contains(environment, wanted) {
			t.Errorf("%q is missing", wanted)
		}
	}
	for _, variable := range environment {
		if strings.Contains(variable, "a real account's") || strings.HasPrefix(variable, "TF_CLI_ARGS") {
			t.Errorf("%q is passed on", variable)
		}
	}
	if info, err := os.Stat(d.path("secrets.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the passwords' file: %v, %v", info, err)
	}
}

func (d Demo) makeKeys(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(folder(d.Folder), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{d.Folder.KeyFile(), d.Folder.KeyFile() + ".pub"} {
		if err := os.WriteFile(file, []byte("key\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheSiteHasTheImageOfTheLab(t *testing.T) {
	for number, want := range map[string]string{"12": "TF_VAR_image=linode/debian12", "13": "TF_VAR_image=linode/debian13"} {
		d := newDemo(t)
		d.makeKeys(t)
		d.Settings.Debian = number
		environment, err := d.environment()
		if err != nil || !slices.Contains(environment, want) {
			t.Errorf("%s: %v is without %s, %v", number, environment, want, err)
		}
	}
	d := newDemo(t)
	d.makeKeys(t)
	d.Settings.Debian = "11"
	if _, err := d.environment(); err == nil {
		t.Error("a lab of Debian 11 has a site")
	}
}

func TestConfig(t *testing.T) {
	for choice, want := range map[string]bool{standIn: true, fromRegistry: false} {
		t.Setenv("LAB_LINODE_PROVIDER", choice)
		d := newDemo(t)
		if err := d.writeConfig(); err != nil {
			t.Fatal(err)
		}
		config, err := os.ReadFile(d.configFile())
		if err != nil {
			t.Fatal(err)
		}
		for _, registry := range registries {
			if got := strings.Contains(string(config), `"`+registry+`/linode/linode"`); got != want {
				t.Errorf("LAB_LINODE_PROVIDER=%q: linode from the mirror: %v\n%s", choice, got, config)
			}
			if !strings.Contains(string(config), `"`+registry+`/terraform-ha/ha"`) {
				t.Errorf("ha is not from the mirror\n%s", config)
			}
		}
	}
}

func TestInstalledLinodeProvider(t *testing.T) {
	folder := t.TempDir()
	install := func(version string) string {
		file := filepath.Join(folder, "registry.terraform.io", "linode", "linode", version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-linode_v"+version)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Setenv("TF_PLUGIN_CACHE_DIR", folder)
	if !slices.Contains(pluginFolders(), folder) {
		t.Error("Terraform's cache is not looked into")
	}
	install("2.41.0")
	if got := installedLinode([]string{folder, "/nonexistent"}); got != "" {
		t.Errorf("an old one was taken: %s", got)
	}
	install("3.9.0")
	newest := install("3.10.1")
	if got := installedLinode([]string{folder}); got != newest {
		t.Errorf("got %s", got)
	}
	for choice, want := range map[string]string{"stand-in": "", "registry": fromRegistry, "/x/linode": "/x/linode"} {
		t.Setenv("LAB_LINODE_PROVIDER", choice)
		if got := linodeChoice(); got != want {
			t.Errorf("%s: got %q", choice, got)
		}
	}
}

func TestPublish(t *testing.T) {
	d := newDemo(t)
	binary := filepath.Join(t.TempDir(), "binary")
	for _, content := range []string{"one", "two", "two"} {
		if err := os.WriteFile(binary, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := d.publish(binary, "registry.terraform.io", "terraform-ha", "ha", haVersion); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(d.mirrorPath(), "registry.terraform.io/terraform-ha/ha/0.1.0/*/*"))
		if err != nil || len(found) != 1 || filepath.Base(found[0]) != "terraform-provider-ha_v0.1.0" {
			t.Fatalf("%v, %v", found, err)
		}
		if got, err := os.ReadFile(found[0]); string(got) != content || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestShow(t *testing.T) {
	messages := strings.Join([]string{
		`{"@level":"info","@message":"Terraform 1.11.4","type":"version"}`,
		`{"@message":"module.website.module.db.ha_galera_cluster.this: Creating...","type":"apply_start"}`,
		`{"@message":"module.website.terraform_data.x: Creating...","type":"apply_start"}`,
		`{"@message":"Error: x","type":"diagnostic","diagnostic":{"severity":"error","summary":"x","detail":"two\nlines","address":"a.b"}}`,
		`no JSON at all`,
	}, "\n")
	var out bytes.Buffer
	show(strings.NewReader(messages), &out, time.Now())
	want := "terraform:    0s module.db.ha_galera_cluster.this: Creating...\n" +
		"terraform:    0s error: x (a.b)\n    two\n    lines\n" +
		"terraform:    0s no JSON at all\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNoDemo(t *testing.T) {
	d := newDemo(t)
	for name, err := range map[string]error{"url": d.URL(t.Context()), "plan": d.Plan(t.Context()), "status": d.Status(t.Context())} {
		if !errors.Is(err, ErrNoDemo) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
