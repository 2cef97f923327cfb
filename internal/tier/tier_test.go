package tier_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

type (
	node    struct{ version, word string }
	draft   struct{ walked []string }
	concern = tier.Concern[string, node, *draft]
)

func TestQuestionsOfAllConcernsAreOneCommand(t *testing.T) {
	concerns := []concern{
		{Name: "packages", Ask: func(string, string) tier.Questions {
			return tier.Questions{Packages: []string{"a", "b"}, Units: []string{"a.service"}}
		}},
		{Name: "nothing to ask"},
		{Name: "data", Ask: func(spec, name string) tier.Questions {
			return tier.Questions{Packages: []string{"b", "c"}, Files: []string{"/etc/a"}, Parts: []shell.Part{shell.Ask("word", ": word\necho \"$@\"", spec, name)}}
		}},
	}
	var got []string
	for _, part := range tier.Ask(concerns, "spec", "db1") {
		got = append(got, part.Name)
		switch part.Name {
		case "packages":
			if args := part.Command.Args(); !slices.Equal(args, []string{"a", "b", "c"}) {
				t.Errorf("packages: %v", args)
			}
		case "word":
			if args := part.Command.Args(); !slices.Equal(args, []string{"spec", "db1"}) {
				t.Errorf("the concern's own part has the arguments %v", args)
			}
		}
	}
	if diff := cmp.Diff([]string{"facts", "packages", "units", "files", "word"}, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestEachConcernReadsItsAnswers(t *testing.T) {
	concerns := []concern{
		{Name: "packages", Read: func(_, _ string, answers tier.Answers, seen *node) { seen.version = answers.Packages["a"] }},
		{Name: "data", Read: func(spec, name string, answers tier.Answers, seen *node) {
			seen.word = spec + " " + name + " " + answers.Parts["word"].Out + " " + seen.version
		}},
	}
	got := tier.Read(concerns, "spec", "db1", shell.Answers{"word": {Out: "hello"}, "packages": {Out: "installed a 1.0"}})
	if want := (node{version: "1.0", word: "spec db1 hello 1.0"}); got != want {
		t.Errorf("read %+v, not %+v", got, want)
	}
}

func TestNothingIsPlannedBeforeEveryConcernHadItsSay(t *testing.T) {
	refusal := &reconcile.RefusedError{What: "do it"}
	note := func(what string, err error) func(*draft) error {
		return func(d *draft) error {
			d.walked = append(d.walked, what)
			return err
		}
	}
	for name, test := range map[string]struct {
		second error
		want   []string
	}{
		"all agree":    {nil, []string{"refuse 1", "refuse 2", "plan 1", "plan 2"}},
		"one does not": {refusal, []string{"refuse 1", "refuse 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			var d draft
			err := tier.Walk([]concern{
				{Name: "1", Refuse: note("refuse 1", nil), Plan: note("plan 1", nil)},
				{Name: "2", Refuse: note("refuse 2", test.second), Plan: note("plan 2", nil)},
				{Name: "3"},
			}, &d)
			if !errors.Is(err, test.second) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, d.walked); diff != "" {
				t.Errorf("walked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStagesKeepTheirOrder(t *testing.T) {
	step := func(node, title string) reconcile.Step[int] {
		return reconcile.Step[int]{Node: node, Title: title, Do: func(context.Context, int) error { return nil }}
	}
	var stages tier.Stages[int]
	prepare, empty, join := stages.Add("prepare"), stages.Add("nothing"), stages.Add("join")
	join.InOrder(step("b", "join"))
	prepare.On("a", step("a", "install"))
	prepare.On("b", step("b", "install"))
	prepare.On("a", step("a", "configure"))
	join.InOrder(step("c", "join"))
	empty.On("a")
	if !empty.Empty() || prepare.Empty() {
		t.Error("a stage is empty exactly while it has no step")
	}
	got := map[string][][]string{}
	var order []string
	for _, stage := range stages.Plan().Stages {
		order = append(order, stage.Title)
		for _, lane := range stage.Lanes {
			var titles []string
			for _, s := range lane {
				titles = append(titles, s.Node+": "+s.Title)
			}
			got[stage.Title] = append(got[stage.Title], titles)
		}
	}
	if diff := cmp.Diff([]string{"prepare", "join"}, order); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	want := map[string][][]string{
		"prepare": {{"a: install", "a: configure"}, {"b: install"}},
		"join":    {{"b: join", "c: join"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lanes (-want +got):\n%s", diff)
	}
}
