package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// layOut makes a folder that looks like the checkout to Terraform but takes
// what Terraform writes: the example's files and the modules are links.
func (d Demo) layOut() error {
	if err := os.MkdirAll(d.work(), 0o700); err != nil {
		return fmt.Errorf("cannot lay out the example: %w", err)
	}
	if err := link(filepath.Join(d.Root, "modules"), d.path("modules")); err != nil {
		return fmt.Errorf("cannot lay out the modules: %w", err)
	}
	source := filepath.Join(d.Root, "examples", "website")
	wanted, err := filepath.Glob(filepath.Join(source, "*.tf"))
	if err != nil || len(wanted) == 0 {
		return fmt.Errorf("cannot lay out the example: %s has no configuration: %w", source, err)
	}
	stale, err := filepath.Glob(filepath.Join(d.work(), "*.tf"))
	if err != nil {
		return fmt.Errorf("cannot lay out the example: %w", err)
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("cannot lay out the example: %w", err)
		}
	}
	for _, file := range wanted {
		if err := link(file, filepath.Join(d.work(), filepath.Base(file))); err != nil {
			return fmt.Errorf("cannot lay out the example: %w", err)
		}
	}
	return nil
}

func link(to, name string) error {
	if known, err := os.Readlink(name); err == nil && known == to {
		return nil
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(to, name)
}

// secrets are the site's passwords.
type secrets struct {
	Admin    string `json:"wordpress_admin_password"`
	Database string `json:"wordpress_database_password"`
}

// ensureSecrets returns the site's passwords, which are made once.
func (d Demo) ensureSecrets() (secrets, error) {
	file := d.path("secrets.json")
	var known secrets
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &known)
	} else if errors.Is(err, fs.ErrNotExist) {
		known = secrets{Admin: rand.Text(), Database: rand.Text()}
		if content, err = json.MarshalIndent(known, "", "  "); err == nil {
			err = os.WriteFile(file, append(content, '\n'), 0o600)
		}
	}
	if err != nil {
		return secrets{}, fmt.Errorf("cannot keep the site's passwords: %w", err)
	}
	return known, nil
}

// environment is what Terraform needs to build the site in this lab. What
// belongs to another site, or to a real account, is not passed on.
func (d Demo) environment() ([]string, error) {
	known, err := d.ensureSecrets()
	if err != nil {
		return nil, err
	}
	private, err := os.ReadFile(d.Folder.KeyFile())
	if err != nil {
		return nil, fmt.Errorf("cannot read the lab's key: %w", err)
	}
	public, err := os.ReadFile(d.Folder.KeyFile() + ".pub")
	if err != nil {
		return nil, fmt.Errorf("cannot read the lab's key: %w", err)
	}
	release, err := d.Settings.Release()
	if err != nil {
		return nil, fmt.Errorf("cannot choose the site's image: %w", err)
	}
	var environment []string
	for _, variable := range os.Environ() {
		if !foreign(variable) {
			environment = append(environment, variable)
		}
	}
	return append(environment,
		"TF_CLI_CONFIG_FILE="+d.configFile(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"LINODE_URL="+d.Settings.URL(), "LINODE_TOKEN="+d.Settings.Token,
		"TF_VAR_name=website", "TF_VAR_region=us-ord", "TF_VAR_wordpress=true", "TF_VAR_image="+release.Linode(),
		fmt.Sprintf("TF_VAR_admin_cidrs=[%q]", d.Settings.Subnet),
		"TF_VAR_ssh_public_key="+strings.TrimSpace(string(public)), "TF_VAR_ssh_private_key="+string(private),
		"TF_VAR_wordpress_admin_password="+known.Admin, "TF_VAR_wordpress_database_password="+known.Database,
	), nil
}

func foreign(variable string) bool {
	for _, prefix := range []string{"LINODE_", "HA_", "TF_DATA_DIR=", "TF_WORKSPACE=", "TF_CLI_ARGS", "TF_CLI_CONFIG_FILE="} {
		if strings.HasPrefix(variable, prefix) {
			return true
		}
	}
	return false
}
