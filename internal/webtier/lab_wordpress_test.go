package webtier

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func TestLabWordPress(t *testing.T) {
	labtest.Long(t)
	s := boot(t, "web1", "web2", "web3")
	s.glusterByHand()
	s.Run("web1", `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends mariadb-server >/dev/null 2>&1
printf '[mysqld]\nbind-address=0.0.0.0\n' >/etc/mysql/mariadb.conf.d/90-test.cnf; systemctl restart mariadb
mariadb -e "CREATE DATABASE IF NOT EXISTS wordpress; CREATE OR REPLACE USER wordpress@'%' IDENTIFIED BY 'it''s \$(secret)'; GRANT ALL ON wordpress.* TO wordpress@'%'"`)
	spec := s.glusterSpec()
	s.try("web1", "find /srv/www/site -mindepth 1 -delete; mariadb -e 'DROP DATABASE wordpress; CREATE DATABASE wordpress'")
	if s.try("web1", "apt-cache policy wordpress-theme-twentytwentythree | grep 'Candidate: [0-9]'") == "" {
		// The lab's archive lacks the theme's package: a theme of two files stands in.
		s.Run("web1", `mkdir -p /usr/share/wordpress/wp-content/themes/plain; cd /usr/share/wordpress/wp-content/themes/plain
echo '/* Theme Name: Plain */' >style.css; echo '<html><title><?php bloginfo("name"); ?></title><?php while (have_posts()) { the_post(); the_title(); the_content(); }' >index.php`)
	}
	spec.WordPress = &WordPress{
		DBHost: s.Nodes[0].Address, DBName: "wordpress", DBUser: "wordpress", DBPassword: "it's $(secret)",
		URL: "http://shop.example.org", Title: `A "shop" & more`, AdminUser: "admin", AdminPassword: `pa'ss "word" $x`, AdminEmail: "admin@example.org",
	}
	steps := s.mustConverge(spec, balancerFor(spec))
	t.Log(steps)
	for _, node := range s.Nodes {
		page := s.Run(node.Name, "curl -s -H 'Host: shop.example.org' http://127.0.0.1/")
		if !strings.Contains(page, "more</title>") || !strings.Contains(page, "Welcome to WordPress") {
			t.Errorf("%s serves %.300q", node.Name, page)
		}
	}
	tables := func() string {
		return s.Run("web1", `mariadb -N -e "SELECT COUNT(*), MIN(create_time) FROM information_schema.tables WHERE table_schema='wordpress'"`)
	}
	before, salts := tables(), s.Run("web1", "sha256sum /srv/www/.terraform-ha/shop/salts.php")
	t.Log(before)
	login := s.Run("web2", `curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: shop.example.org' -b wordpress_test_cookie=x --data-urlencode 'log=admin' --data-urlencode "pwd=pa'ss \"word\" \$x" -d 'wp-submit=x&testcookie=1' http://127.0.0.1/wp-login.php`)
	if !strings.HasPrefix(login, "302 ") || !strings.Contains(login, "wp-admin") {
		t.Errorf("login says %s", login)
	}
	for path, want := range map[string]string{"/wp-config.php": "403", "/wp-config.php.bak": "403", "/dump.SQL": "403", "/xmlrpc.php": "403", "/wp-content/uploads/x.php": "403", "/wp-content/uploads/none.png": "404",
		"/wp-content/uploads/x.php/y.png": "403", "/wp-admin/install.php": "403", "/wp-admin/install.php/?step=2": "403"} {
		if got := s.Run("web1", `curl -s -o /dev/null -w '%{http_code}' -H 'Host: shop.example.org' http://127.0.0.1`+path); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
	if got := s.Run("web1", "stat -c '%a %U:%G' /srv/www/.terraform-ha/shop/wordpress.php"); got != "640 root:www-data" {
		t.Error(got)
	}
	if got := s.Run("web1", "su -s /bin/sh www-data -c 'touch /srv/www/.terraform-ha/shop/x /srv/www/x' 2>&1 || echo refused"); !strings.HasSuffix(got, "refused") {
		t.Error(got)
	}
	s.Run("web1", "systemctl start terraform-ha-web-cron.service")
	if got := s.Run("web1", "curl -sI -H 'Host: shop.example.org' http://127.0.0.1/"); !strings.Contains(got, "X-Content-Type-Options: nosniff") || !strings.Contains(got, "X-Frame-Options: SAMEORIGIN") {
		t.Errorf("headers: %s", got)
	}
	if got := s.Run("web2", `cd /srv/www/site && setpriv --reuid=www-data --regid=www-data --clear-groups php -d display_errors=stderr -r '
$_SERVER["HTTP_HOST"] = "shop.example.org"; require "wp-load.php"; require ABSPATH . "wp-admin/includes/admin.php"; require ABSPATH . "wp-admin/includes/class-wp-upgrader.php";
$u = new WP_Automatic_Updater; $c = fn($v) => Core_Upgrader::should_update_to_version($v); list($major, $minor) = explode(".", $GLOBALS["wp_version"]);
echo json_encode([$u->is_disabled(), $u->is_vcs_checkout(ABSPATH), $c("$major.$minor.99"), $c("$major." . ($minor + 1)), get_filesystem_method([], ABSPATH)]);'`); got != `[false,false,true,false,"direct"]` {
		t.Errorf("the updater says %s", got)
	}
	s.Run("web3", "rm /srv/www/site/wp-includes/load.php; rm -r /srv/www/site/wp-admin/images")

	secretless := spec
	withoutSecrets := *spec.WordPress
	withoutSecrets.DBPassword, withoutSecrets.AdminPassword = "", ""
	secretless.WordPress = &withoutSecrets
	s.Run("web3", "echo '// x' >>/srv/www/site/wp-config.php")
	s.wantDrift(secretless, "web1", "wp-config.php was edited")
	s.wantDrift(secretless, "web1", "WordPress misses wp-includes/load.php")
	s.mustConverge(spec, balancerFor(spec))
	s.Run("web1", "test -s /srv/www/site/wp-includes/load.php && test -s /srv/www/site/wp-admin/images/spinner.gif")

	// Our record is lost: the database decides, and nothing is installed again.
	s.Run("web1", "rm /srv/www/.terraform-ha/shop/wordpress")
	s.mustConverge(spec, balancerFor(spec))
	if after := tables(); after != before || s.Run("web1", "sha256sum /srv/www/.terraform-ha/shop/salts.php") != salts {
		t.Errorf("tables were %s and are %s", before, after)
	}
	t.Run("planted links", func(t *testing.T) { s.with(t).plantedLinks(spec, secretless) })
	t.Run("read-only program files", func(t *testing.T) { s.with(t).readOnlyProgramFiles(spec) })
	t.Run("database changes", func(t *testing.T) { s.with(t).databaseChanges(spec, secretless) })
	t.Run("archive", func(t *testing.T) { s.with(t).installsFromArchive(spec) })
}

// plantedLinks has the site's own user, by a hole in the site, put links to root's
// files wherever anything is read or written in the document root, and a file without
// end in the place of wp-config.php.
func (s *site) plantedLinks(spec, secretless Spec) {
	s.t.Helper()
	s.Run("web1", "install -m 0600 /dev/null /root/victim; echo secret >/root/victim; mkdir -p /root/victims")
	victim := func() string {
		return s.Run("web1", "stat -c '%a %U:%G %s %Y' /root/victim; cat /root/victim; ls -A /root/victims; stat -c '%a %U:%G' /etc/passwd /etc/shadow")
	}
	before := victim()
	s.Run("web1", `su -s /bin/sh www-data -c 'cd /srv/www/site && for f in .terraform-ha-lock .terraform-ha-cron.lock .terraform-ha-wordpress \
.terraform-ha-wordpress.new .terraform-ha-health .terraform-ha-probe.web1 wp-salts.php wp-salts.php.new wp-config.php.new sentinel lock wordpress; do ln -s /root/victim "$f"; done
ln -s /root/victims .terraform-ha; rm wp-config.php; ln -s /dev/zero wp-config.php'`)
	begin := time.Now()
	s.wantDrift(secretless, "web1", "wp-config.php was edited")
	if took := time.Since(begin); took > 8*time.Second {
		s.t.Errorf("looking took %s", took)
	}
	s.mustConverge(spec, balancerFor(spec))
	if got := s.try("web1", "pgrep -af '[/]dev/zero'; pgrep -c -f 'wp-confi[g].php'"); got != "0" {
		s.t.Errorf("left behind: %s", got)
	}
	if after := victim(); after != before {
		s.t.Errorf("the victim was %s and is %s", before, after)
	}
	if got := s.Run("web1", "stat -c '%F %U' /srv/www/site/wp-config.php"); got != "regular file www-data" {
		s.t.Errorf("wp-config.php is a %s", got)
	}
}

// databaseChanges has somebody change WordPress's database under it.
func (s *site) databaseChanges(spec, secretless Spec) {
	s.t.Helper()
	password := func(literal string) {
		s.Run("web1", `mariadb -e "ALTER USER wordpress@'%' IDENTIFIED BY `+literal+`"`)
	}
	password("'another'")
	s.wantDrift(secretless, "web1", "does not let wordpress in")
	password(`'it''s \$(secret)'`)
	s.wantDrift(secretless, "", "")
	s.Run("web1", "mariadb -e 'DROP DATABASE wordpress; CREATE DATABASE wordpress'")
	var refused *reconcile.RefusedError
	if _, err := s.converge(spec, balancerFor(spec)); !errors.As(err, &refused) || !strings.Contains(err.Error(), "has no tables of it any more") {
		s.t.Errorf("with an empty database: %v", err)
	}
}

// installsFromArchive begins again with files from an archive, after one whose
// checksum is another.
func (s *site) installsFromArchive(spec Spec) {
	s.t.Helper()
	s.remove(spec, true)
	s.try("web1", "tar -C /usr/share -chzf /root/wordpress.tar.gz wordpress")
	sum := strings.Fields(s.Run("web1", "sha256sum /root/wordpress.tar.gz"))[0]
	address := s.Nodes[0].Address + ":8099"
	s.Run("web1", "mkdir -p /srv/archive && mv /root/wordpress.tar.gz /srv/archive && systemd-run --quiet --collect --unit=archive php -S "+address+" -t /srv/archive")
	wordpress := *spec.WordPress
	// The owner of program files updates them, where pages cannot.
	wordpress.ProgramFiles, wordpress.WritableDirectories = ProgramFilesReadOnly, []string{"wp-content/cache"}
	wordpress.Source, wordpress.SHA256 = "http://"+address+"/wordpress.tar.gz", strings.Repeat("0", 64)
	spec.WordPress = &wordpress
	if _, err := s.converge(spec, balancerFor(spec)); err == nil || !strings.Contains(err.Error(), "the archive has the checksum "+sum) {
		s.t.Fatalf("with another checksum: %v", err)
	}
	wordpress.SHA256 = sum
	s.mustConverge(spec, balancerFor(spec))
	page := s.Run("web3", "curl -s -H 'Host: shop.example.org' http://127.0.0.1/")
	if !strings.Contains(page, "Welcome to WordPress") {
		s.t.Errorf("from the archive web3 serves %.300q", page)
	}
	// A newer version, as its number alone says.
	sum = s.Run("web1", `cd /srv/archive && mkdir x && tar -xzf wordpress.tar.gz -C x && cd x/wordpress && touch readme.html && echo '<?php // newer' >wp-includes/newer.php
sed -i 's/^.wp_version = .*/$wp_version = "6.99";/' wp-includes/version.php && cd .. && tar -czf ../newer.tar.gz wordpress && sha256sum <../newer.tar.gz | cut -d' ' -f1`)
	wordpress.Source, wordpress.SHA256 = "http://"+address+"/newer.tar.gz", sum
	s.wantDrift(spec, "web1", "WordPress was not made from the declared archive")
	s.mustConverge(spec, balancerFor(spec))
	s.pagesWriteUploadsAlone()
	if got := s.Run("web2", "grep '^.wp_version' /srv/www/site/wp-includes/version.php; stat -c %U /srv/www/site/wp-includes/newer.php; ls /srv/www/site/wp-content/upgrade; curl -s -H 'Host: shop.example.org' http://127.0.0.1/ | grep -o 'Welcome to WordPress' | head -n 1"); got != "$wp_version = \"6.99\";\nwordpress-files\nWelcome to WordPress" {
		s.t.Errorf("after the update: %s", got)
	}
}
