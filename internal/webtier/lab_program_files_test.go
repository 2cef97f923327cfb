package webtier

import (
	"maps"
	"strings"
)

// readOnlyProgramFiles takes the right to write program files from the pages of a site
// that is there, in which links were planted, and gives it back.
func (s *site) readOnlyProgramFiles(spec Spec) {
	s.t.Helper()
	s.Run("web1", `su -s /bin/sh www-data -c 'mkdir -p /srv/www/site/wp-content/uploads/old && echo x >/srv/www/site/wp-content/uploads/old/x && ln -s /root/victims /srv/www/site/wp-content/plugins/out'`)
	wordpress := *spec.WordPress
	wordpress.ProgramFiles, wordpress.WritableDirectories = ProgramFilesReadOnly, []string{"wp-content/cache"}
	spec.WordPress = &wordpress
	s.wantDrift(spec, "web1", "it has no user wordpress-files")
	s.mustConverge(spec, balancerFor(spec))
	s.pagesWriteUploadsAlone()
	if got := s.Run("web1", "stat -c '%a %U:%G' /root/victim; stat -c '%U' /srv/www/site/wp-content/uploads/old/x; systemctl start terraform-ha-web-update.service terraform-ha-web-cron.service && systemctl show -p Result --value terraform-ha-web-update.service"); got != "600 root:root\nwww-data\nsuccess" {
		s.t.Errorf("web1 says %s", got)
	}
	if got := s.Run("web1", `cd /srv/www/site && for user in www-data wordpress-files; do setpriv --reuid=$user --regid=www-data --clear-groups php -d display_errors=stderr -r '
$_SERVER["HTTP_HOST"] = "shop.example.org"; if (posix_getpwuid(posix_geteuid())["name"] !== "www-data") define("DISALLOW_FILE_MODS", false);
require "wp-load.php"; require ABSPATH . "wp-admin/includes/admin.php"; require ABSPATH . "wp-admin/includes/class-wp-upgrader.php";
$u = new WP_Automatic_Updater; echo json_encode([$u->is_disabled(), get_filesystem_method([], ABSPATH) === "direct"]);'; done`); got != "[true,false][false,true]" {
		s.t.Errorf("the updater says %s", got)
	}
	s.Run("web1", "rm /srv/www/site/wp-content/plugins/out")
	wordpress.ProgramFiles, wordpress.WritableDirectories = ProgramFilesWritable, nil
	s.mustConverge(spec, balancerFor(spec))
	if got := s.Run("web2", "find /srv/www/site ! -user www-data | head"); got != "" {
		s.t.Errorf("back again, others have %s", got)
	}
}

// pagesWriteUploadsAlone asks a page on every node what it can write.
func (s *site) pagesWriteUploadsAlone() {
	s.t.Helper()
	s.Run("web1", `cat >/root/try.php <<'END'
<?php
$can = [];
foreach (['index.php', 'new.php', 'wp-config.php', 'wp-content/new.php', 'wp-content/plugins/new.php', 'wp-includes/load.php', 'wp-content/uploads/new.png', 'wp-content/uploads/old/x', 'wp-content/cache/new'] as $name) {
    if (@file_put_contents(__DIR__ . "/$name", '', FILE_APPEND) !== false) $can[] = $name;
}
echo implode(' ', $can), ' ', (int) @rename(__DIR__ . '/wp-content/uploads', __DIR__ . '/wp-content/away'), (int) @chmod(__DIR__, 0777);
END
setpriv --reuid=wordpress-files --regid=www-data --clear-groups dd of=/srv/www/site/try.php status=none </root/try.php
su -s /bin/sh www-data -c 'mkdir -p /srv/www/site/wp-content/uploads/old'`)
	for _, node := range s.Nodes {
		if got := s.Run(node.Name, "curl -s -H 'Host: shop.example.org' http://127.0.0.1/try.php"); got != "wp-content/uploads/new.png wp-content/uploads/old/x wp-content/cache/new 00" {
			s.t.Errorf("pages of %s can write %s", node.Name, got)
		}
		if got := s.answer(node.Name, "/wp-login.php"); got != "200" {
			s.t.Errorf("%s answers %s", node.Name, got)
		}
	}
	s.Run("web1", "rm /srv/www/site/try.php")
}

// slipsAreRefused has a setting that PHP does not know, and one of an extension that is
// not there, on the first node.
func (s *site) slipsAreRefused(spec Spec, balancer Balancer) {
	s.t.Helper()
	bad := spec
	bad.PHPSettings = maps.Clone(spec.PHPSettings)
	bad.PHPSettings["redis.session.locking_enabled"], bad.PHPSettings["opcache.enabel"] = "1", "1"
	if _, err := s.converge(bad, balancer); err == nil || !strings.Contains(err.Error(), "knows no setting opcache.enabel") || strings.Contains(err.Error(), "redis") {
		s.t.Errorf("with a slip: %v", err)
	}
	if got := s.Run("web1", "curl -s http://127.0.0.1/; ! grep -r enabel /etc/php"); !strings.Contains(got, "200M") {
		s.t.Errorf("web1 says %q", got)
	}
	if notices := bad.Notices(Observe(s.t.Context(), s.Hosts.Views(), bad.Defaulted())); len(notices) != 2 || !strings.Contains(notices[1], "web1, web2, web3 knows no setting redis.session.locking_enabled") {
		s.t.Errorf("told: %q", notices)
	}
}
