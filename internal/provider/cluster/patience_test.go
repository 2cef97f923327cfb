package cluster

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestAChangeWaitsLessForAMachineThatWasThere(t *testing.T) {
	at := func(host string, port int64) map[string]nodeModel {
		return map[string]nodeModel{"n1": {Host: types.StringValue(host), Port: types.Int64Value(port)}}
	}
	for name, test := range map[string]struct {
		boot   time.Duration
		before map[string]nodeModel
		want   time.Duration
	}{
		"the same":         {5 * time.Minute, at("192.0.2.1", 22), rebootPatience},
		"new":              {5 * time.Minute, nil, 5 * time.Minute},
		"another machine":  {5 * time.Minute, at("192.0.2.2", 22), 5 * time.Minute},
		"another port":     {5 * time.Minute, at("192.0.2.1", 23), 5 * time.Minute},
		"the user's limit": {time.Second, at("192.0.2.1", 22), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Access{BootTimeout: test.boot}
			if got := a.patienceWith(nodeChangesOf(test.before, at("192.0.2.1", 22))[0].Change); got != test.want {
				t.Errorf("%s, not %s", got, test.want)
			}
		})
	}
}
