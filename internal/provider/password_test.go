package provider_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // what the plugin is made of
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
)

// TestPasswordsAreWriteOnly looks for a password wherever it must not be, and
// changes it with its version alone.
func TestPasswordsAreWriteOnly(t *testing.T) {
	const first, second = "c0rrect-h0rse", "battery-st4ple"
	directory := t.TempDir()
	t.Setenv("TF_ACC_TEMP_DIR", directory)
	t.Setenv("TF_LOG", "TRACE")
	t.Setenv("TF_ACC_LOG_PATH", filepath.Join(directory, "terraform.log"))
	f := newFleet(t, "n1", "n2", "n3")
	cluster := galeratest.Install(t, f.machines, galeratest.MariaDB())
	// An ephemeral variable is the one way into a configuration that Terraform
	// itself does not write down.
	body := func(version int) string {
		return "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n" + f.config(f.resource("ha_galera_cluster", fmt.Sprintf(
			"name = \"shop\"\nusers = { app = { hosts = [\"%%\"], password_wo = var.password, password_wo_version = %d } }", version)))
	}
	with := func(password string) config.Variables {
		return config.Variables{"password": config.StringVariable(password)}
	}
	is := func(want string) resource.TestCheckFunc {
		return look(func() (err error) {
			f.locked(func() {
				if got := cluster.Nodes["n1"].History.Accounts["app@%"].Password; got != hashed(want) {
					err = fmt.Errorf("the password is %q", got)
				}
			})
			return err
		})
	}
	search := look(func() error { return f.search(directory, first, second) })
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: body(1), ConfigVariables: with(first), Check: resource.ComposeTestCheckFunc(is(first), search)},
			{Config: body(1), ConfigVariables: with(second), ConfigPlanChecks: before(plancheck.ExpectEmptyPlan()), Check: is(first)},
			{
				Config: body(2), ConfigVariables: with(second),
				ConfigPlanChecks: before(plancheck.ExpectResourceAction("ha_galera_cluster.t", plancheck.ResourceActionUpdate)),
				Check:            resource.ComposeTestCheckFunc(is(second), search),
			},
		},
	})
}

// hashed is what MariaDB keeps of a password.
func hashed(password string) string {
	first := sha1.Sum([]byte(password))
	return fmt.Sprintf("*%X", sha1.Sum(first[:]))
}

// search looks for secrets in what Terraform wrote, logs included, in the files of
// the machines, and in the command lines that reached them.
func (f *fleet) search(directory string, secrets ...string) error {
	state, steps := false, false
	err := filepath.WalkDir(directory, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".tfvars.json") {
			return err
		}
		// The test framework links the directories beside the test into its own.
		if linked, err := os.Stat(name); err != nil || linked.IsDir() {
			return err
		}
		content, err := unpacked(name)
		if err != nil {
			return err
		}
		state = state || filepath.Base(name) == "terraform.tfstate"
		steps = steps || filepath.Base(name) == "terraform.log" && bytes.Contains(content, []byte("step done"))
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				return fmt.Errorf("%s holds the password", name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !state || !steps {
		return fmt.Errorf("the search did not see state (%t) and log (%t)", state, steps)
	}
	for name, server := range f.servers {
		for _, secret := range secrets {
			if strings.Contains(strings.Join(server.Lines(), "\n"), secret) {
				return fmt.Errorf("a command line on %s shows the password", name)
			}
			f.locked(func() {
				for file, state := range f.machines[name].Files {
					if strings.Contains(state.Content, secret) {
						err = fmt.Errorf("%s on %s holds the password", file, name)
					}
				}
			})
		}
	}
	return err
}

// unpacked returns a file's content; a plan is an archive.
func unpacked(name string) ([]byte, error) {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return os.ReadFile(name)
	}
	defer archive.Close()
	var all []byte
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(reader)
		reader.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, content...)
	}
	return all, nil
}
