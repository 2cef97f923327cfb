package webtier

import "testing"

func TestPHPSettings(t *testing.T) {
	for name, test := range map[string]struct {
		wanted map[string]string
		want   map[string]string
	}{
		"levels are no text":        {map[string]string{"error_reporting": "E_ALL & ~(E_NOTICE | E_DEPRECATED)"}, map[string]string{"error_reporting": "E_ALL & ~(E_NOTICE | E_DEPRECATED)"}},
		"a number of levels":        {map[string]string{"error_reporting": "32767"}, map[string]string{"error_reporting": "32767"}},
		"a post holds the file":     {map[string]string{"upload_max_filesize": "2G"}, map[string]string{"upload_max_filesize": `"2G"`, "post_max_size": `"2056M"`}},
		"a small file":              {map[string]string{"upload_max_filesize": "8M"}, map[string]string{"post_max_size": `"72M"`}},
		"a post as it was told":     {map[string]string{"post_max_size": "8M"}, map[string]string{"post_max_size": `"8M"`}},
		"nothing before the script": {map[string]string{"auto_prepend_file": "none"}, map[string]string{"auto_prepend_file": ""}},
		"a word that is meant":      {map[string]string{"session.cookie_samesite": "None"}, map[string]string{"session.cookie_samesite": `"None"`}},
	} {
		t.Run(name, func(t *testing.T) {
			for setting, value := range test.wanted {
				if problem := phpSettingProblem(setting, value); problem != "" {
					t.Errorf("%s: %s", setting, problem)
				}
			}
			got := map[string]string{}
			for _, line := range settings(test.wanted) {
				got[line.Name] = line.Value
			}
			for setting, want := range test.want {
				if got[setting] != want {
					t.Errorf("%s = %s, want %s", setting, got[setting], want)
				}
			}
		})
	}
}

func TestLimitsFollowPHP(t *testing.T) {
	if got := pageSeconds(map[string]string{"max_execution_time": "900"}); got != 960 {
		t.Errorf("a page has %d s", got)
	}
	if got := pageSeconds(nil); got != 300 {
		t.Errorf("a page has %d s", got)
	}
	if got := bodyBytes(map[string]string{"upload_max_filesize": "2G"}); got != 2056<<20 {
		t.Errorf("Apache takes %d bytes", got)
	}
	if got := bodyBytes(nil); got != 0 {
		t.Errorf("Apache takes %d bytes", got)
	}
}

func TestWorkers(t *testing.T) {
	for _, test := range []struct{ wanted, memory, want int }{
		{0, 0, 5}, {0, 1024, 5}, {0, 2048, 20}, {0, 1987, 20}, {0, 64000, 100}, {7, 64000, 7},
	} {
		if got := workers(test.wanted, test.memory); got != test.want {
			t.Errorf("workers(%d, %d) is %d, want %d", test.wanted, test.memory, got, test.want)
		}
	}
}
