package webtier

import (
	"fmt"
	"strings"
	"testing"
)

func TestOpenBasedirHoldsWhatTheTierNeeds(t *testing.T) {
	for value, test := range map[string]struct {
		wordpress bool
		temporary string
		lacks     string
	}{
		"/srv/www/site":                  {false, "", ""},
		"/srv/www":                       {true, "/srv/www/tmp", ""},
		".:/srv/www/.terraform-ha:/tmp/": {true, "", ""},
		"/":                              {true, "", ""},
		"none":                           {true, "", ""},
		"/srv/www/site2":                 {false, "", "lacks /srv/www/site (the site),"},
		"/srv/www/site:/tmp":             {true, "", "lacks /srv/www/.terraform-ha/shop (WordPress's settings and salts),"},
		"/srv/www/site:/srv/www/.terraform-ha/shop":        {true, "", "lacks /tmp (uploads that arrive),"},
		"/srv/www/site/:/srv/www/.terraform-ha/shop:/tmp2": {true, "/tmp2/x", ""},
	} {
		spec := good()
		spec.PHPSettings = map[string]string{"open_basedir": value}
		if test.temporary != "" {
			spec.PHPSettings["upload_tmp_dir"] = test.temporary
		}
		if test.wordpress {
			spec.WordPress = goodWordPress()
		}
		if said := fmt.Sprint(spec.Validate()); (test.lacks == "") != (said == "[]") || !strings.Contains(said, test.lacks) {
			t.Errorf("%s: %s", value, said)
		}
	}
}
