package tier

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type (
	login  struct{ Name, Host string }
	memory struct {
		Err      error
		Text     string
		On       bool
		Small    int
		Large    uint64
		Ratio    float64
		Pair     [2]string
		None     []string
		Empty    []string
		Nothing  *login
		Someone  *login
		Accounts map[login][]string
		Inner    map[string]memory
		Address  netip.Addr
		Networks []netip.Prefix
	}
)

// What is replayed is what was recorded, but for the types of errors.
func TestAnObservationIsReplayed(t *testing.T) {
	seen := memory{
		Err: errors.New("no route"), Text: "ü\n", On: true, Small: -3, Large: 1 << 63, Ratio: 0.1, Pair: [2]string{"a", "b"},
		Empty: []string{}, Someone: &login{"a", "b"},
		Accounts: map[login][]string{{"a", "%"}: {"x"}, {"b", ""}: nil},
		Inner:    map[string]memory{"n1": {Small: 1 << 60}, "n2": {}},
		Address:  netip.MustParseAddr("10.0.0.1"), Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	text, err := recorded(seen)
	if err != nil {
		t.Fatal(err)
	}
	var got memory
	if err := replayed(text, &got); err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b error) bool { return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error() })
	if diff := cmp.Diff(seen, got, same, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("replayed (-recorded +replayed):\n%s", diff)
	}
	for range 5 {
		if again, _ := recorded(seen); again != text {
			t.Fatal("the same observation is recorded as another text")
		}
	}
}

func TestWhatCannotBeKeptIsNotRecorded(t *testing.T) {
	for name, seen := range map[string]any{
		"a field that is not exported": struct{ a int }{1},
		"a function":                   struct{ Do func() }{func() {}},
		"an interface":                 struct{ Any any }{1},
		"in a map":                     map[string]any{"a": struct{ b string }{"c"}},
	} {
		if text, err := recorded(seen); err == nil {
			t.Errorf("%s is recorded as %s", name, text)
		}
	}
}

func TestWhatWasNotRecordedIsNotReplayed(t *testing.T) {
	text, err := recorded(map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"nothing": "", "no text": "%", "no packed text": "YQ==", "another type": text, "cut short": text[:len(text)-12]} {
		var into memory
		if replayed(text, &into) == nil {
			t.Errorf("%s is replayed as %+v", name, into)
		}
	}
}
