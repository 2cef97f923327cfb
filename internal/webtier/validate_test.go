package webtier

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	number := func(n int) *int { return &n }
	off := false
	for name, test := range map[string]struct {
		change func(*Spec)
		path   string
		says   string
	}{
		"no nodes":                {func(s *Spec) { s.Nodes = nil }, "nodes", "at least one"},
		"name":                    {func(s *Spec) { s.Name = "My Shop" }, "name", "lower-case"},
		"duplicate address":       {func(s *Spec) { s.Nodes[1].Address = "10.0.0.11" }, "nodes web2 address", "10.0.0.11 is the address of web1 too"},
		"duplicate name":          {func(s *Spec) { s.Nodes[1].Name = "web1" }, "nodes web1", "twice"},
		"address":                 {func(s *Spec) { s.Nodes[0].Address = "web1" }, "nodes web1 address", "not an IP"},
		"foreign backend":         {func(s *Spec) { s.Backends = map[string]string{"db1": "10.0.0.9"} }, "backends db1", "there is no node db1"},
		"duplicate backend":       {func(s *Spec) { s.Backends = map[string]string{"web1": "10.1.0.9", "web2": "10.1.0.9"} }, "backends web2", "of web1 too"},
		"relative root":           {func(s *Spec) { s.DocumentRoot = "srv/www" }, "document_root", "not an absolute path"},
		"dots in root":            {func(s *Spec) { s.DocumentRoot = "/srv/www/../site" }, "document_root", "should be written"},
		"root of the system":      {func(s *Spec) { s.DocumentRoot = "/" }, "document_root", "belongs to the system"},
		"injection by root":       {func(s *Spec) { s.DocumentRoot = "/srv/www/a\">\nx" }, "document_root", "other than letters"},
		"root beside mount":       {func(s *Spec) { s.MountPoint = "/srv/files" }, "document_root", "does not lie on the mount"},
		"root beside by prefix":   {func(s *Spec) { s.MountPoint = "/srv/ww" }, "document_root", "does not lie on the mount"},
		"root is the mount":       {func(s *Spec) { s.MountPoint = "/srv/www/site" }, "document_root", "below the mount point"},
		"mount over the system":   {func(s *Spec) { s.MountPoint = "/" }, "mount_point", "belongs to the system"},
		"mount over a directory":  {func(s *Spec) { s.MountPoint = "/srv" }, "mount_point", "below it"},
		"mount over etc":          {func(s *Spec) { s.MountPoint = "/etc/x" }, "mount_point", "belongs to the system"},
		"mount point, no mount":   {func(s *Spec) { s.Mount = nil; s.MountPoint = "/srv/www" }, "mount_point", "without a mount"},
		"source":                  {func(s *Spec) { s.Mount.Source = "content" }, "mount source", "not a source"},
		"source with a line":      {func(s *Spec) { s.Mount.Source = "a:/b\nType=x" }, "mount source", "not a source"},
		"backup server":           {func(s *Spec) { s.Mount.BackupServers = []string{"a b"} }, "mount backup_servers", "neither"},
		"options":                 {func(s *Spec) { s.Mount.Options = "ro\nType=x" }, "mount options", "not a list"},
		"unit specifier":          {func(s *Spec) { s.Mount.Options = "x=%h" }, "mount options", "not a list"},
		"type":                    {func(s *Spec) { s.Mount.Type = "nfs" }, "mount type", "known are: glusterfs"},
		"port":                    {func(s *Spec) { s.Port = 70000 }, "port", "not a port"},
		"server name":             {func(s *Spec) { s.ServerName = "a b" }, "server_name", "not a host name"},
		"server name with a line": {func(s *Spec) { s.ServerName = "a\nInclude /etc/shadow" }, "server_name", "not a host name"},
		"alias":                   {func(s *Spec) { s.ServerName = "a.org"; s.ServerAliases = []string{"*.b.org", "<x>"} }, "server_aliases", `"<x>"`},
		"alias alone":             {func(s *Spec) { s.ServerAliases = []string{"b.org"} }, "server_aliases", "without server_name"},
		"health path":             {func(s *Spec) { s.HealthPath = `/x"y` }, "health_path", "not a path"},
		"trust everybody":         {func(s *Spec) { s.TrustedProxies = []string{"0.0.0.0/0"} }, "trusted_proxies", "every visitor"},
		"proxy":                   {func(s *Spec) { s.TrustedProxies = []string{"nb"} }, "trusted_proxies", "neither"},
		"setting's name":          {func(s *Spec) { s.PHPSettings = map[string]string{"a b": "1"} }, "php_settings a b", "not the name"},
		"extension":               {func(s *Spec) { s.PHPSettings = map[string]string{"zend_extension": "/tmp/x.so"} }, "php_settings zend_extension", "not the name"},
		"setting with a line":     {func(s *Spec) { s.PHPSettings = map[string]string{"memory_limit": "1M\nx=y"} }, "php_settings memory_limit", "line break"},
		"setting with a quote":    {func(s *Spec) { s.PHPSettings = map[string]string{"memory_limit": `1M"`} }, "php_settings memory_limit", "quote"},
		"setting with a variable": {func(s *Spec) { s.PHPSettings = map[string]string{"memory_limit": `${HOME}`} }, "php_settings memory_limit", "quote"},
		"sessions":                {func(s *Spec) { s.Sessions = "memcached" }, "sessions", "neither"},
		"sessions of no volume":   {func(s *Spec) { s.Mount, s.Sessions = nil, SessionsShared }, "sessions", "a volume that all nodes mount"},
		"sessions in two places": {func(s *Spec) {
			s.Sessions, s.PHPSettings = SessionsShared, map[string]string{"session.save_path": "/tmp"}
		}, "php_settings session.save_path", "contradicts"},
		"words for levels":     {func(s *Spec) { s.PHPSettings = map[string]string{"error_reporting": "E_ALL & ~E_NOTHING"} }, "php_settings error_reporting", "E_ALL & ~E_DEPRECATED"},
		"half a level":         {func(s *Spec) { s.PHPSettings = map[string]string{"error_reporting": "E_ALL &"} }, "php_settings error_reporting", "neither a number"},
		"levels and more":      {func(s *Spec) { s.PHPSettings = map[string]string{"error_reporting": "E_ALL; x = 1"} }, "php_settings error_reporting", "neither a number"},
		"letters of an amount": {func(s *Spec) { s.PHPSettings = map[string]string{"memory_limit": "512MB"} }, "php_settings memory_limit", "takes all else for bytes"},
		"upload above post": {func(s *Spec) {
			s.PHPSettings = map[string]string{"upload_max_filesize": "1G", "post_max_size": "100M"}
		}, "php_settings upload_max_filesize", "more than post_max_size, 100M"},
		"another root":         {func(s *Spec) { s.PHPSettings = map[string]string{"doc_root": "/srv"} }, "php_settings doc_root", "document_root"},
		"settings without PHP": {func(s *Spec) { s.PHP = &off; s.PHPWorkers = 3 }, "php_settings", "while php is off"},
		"package":              {func(s *Spec) { s.Packages = []string{"a b"} }, "packages", "not the name"},
		"package to remove":    {func(s *Spec) { s.Packages = []string{"php-fpm-"} }, "packages", "not the name"},
		"package to install":   {func(s *Spec) { s.Packages = []string{"php-fpm+"} }, "packages", "not the name"},
		"option as package":    {func(s *Spec) { s.Packages = []string{"-o"} }, "packages", "not the name"},
		"page":                 {func(s *Spec) { s.Check = &Check{Path: "index.php"} }, "check path", "not the path of a page"},
		"page's status":        {func(s *Spec) { s.Check = &Check{Path: "/", Status: 99} }, "check status", "not the status"},
		"page's text":          {func(s *Spec) { s.Check = &Check{Path: "/", Contains: "a\nb"} }, "check contains", "line break"},
		"nodebalancer":         {func(s *Spec) { s.NodeBalancer = &NodeBalancer{ID: 1} }, "nodebalancer", "named by its number"},
		"drain":                {func(s *Spec) { s.DrainSeconds = number(-1) }, "drain_seconds", "between"},
		"checksum":             {func(s *Spec) { s.WordPress.Source = "https://wordpress.org/x.tar.gz" }, "wordpress source_sha256", "64"},
		"archive":              {func(s *Spec) { s.WordPress.Source, s.WordPress.SHA256 = "file:///etc/passwd", strings.Repeat("a", 64) }, "wordpress source_url", "neither"},
		"database host":        {func(s *Spec) { s.WordPress.DBHost = "a b" }, "wordpress database_host", "not a host"},
		"database":             {func(s *Spec) { s.WordPress.DBName = "a'b" }, "wordpress database_name", "not the name"},
		"site's address":       {func(s *Spec) { s.WordPress.URL = "shop.example.org" }, "wordpress url", "not an address"},
		"site in a directory":  {func(s *Spec) { s.WordPress.URL = "https://shop.example.org/blog/" }, "wordpress url", "served at its root"},
		"updates":              {func(s *Spec) { s.WordPress.Updates = "major" }, "wordpress updates", "neither"},
		"mail":                 {func(s *Spec) { s.WordPress.AdminEmail = "me" }, "wordpress admin_email", "not an e-mail"},
		"title with a line":    {func(s *Spec) { s.WordPress.Title = "a\nb" }, "wordpress title", "line break"},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.WordPress = goodWordPress()
			if strings.Contains(name, "PHP") {
				s.WordPress = nil
			}
			test.change(&s)
			problems := s.Validate()
			if len(problems) != 1 || strings.Join(problems[0].Path, " ") != test.path || !strings.Contains(problems[0].Message, test.says) {
				t.Errorf("problems %q, want %q at %q", problems, test.says, test.path)
			}
		})
	}
	s := good()
	s.WordPress = goodWordPress()
	if problems := s.Validate(); problems != nil {
		t.Errorf("a good spec has %q", problems)
	}
}
