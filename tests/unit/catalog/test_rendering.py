import json

from llmaas.catalog import Problem, render_problems

ERROR = Problem("a,b:c.yaml", 3, 7, "wrong-type", "100 % wrong", "do this\nthen that")
WARNING = Problem("f.yaml", 9, 1, "limit-never-binds", "no effect", severity="warning")


def test_text_has_a_place_to_click_an_indented_help_and_a_total() -> None:
    assert render_problems((ERROR, WARNING)) == (
        "a,b:c.yaml:3:7: error[wrong-type]: 100 % wrong\n"
        "  help: do this\n"
        "        then that\n"
        "f.yaml:9:1: warning[limit-never-binds]: no effect\n"
        "1 error, 1 warning\n"
    )


def test_text_says_that_nothing_was_found() -> None:
    assert render_problems(()) == "no problems\n"


def test_totals_have_a_plural() -> None:
    assert render_problems((ERROR, ERROR)).endswith("\n2 errors\n")


def test_json_holds_the_same_facts() -> None:
    document = json.loads(render_problems((ERROR, WARNING), "json"))
    assert (document["errors"], document["warnings"]) == (1, 1)
    assert document["problems"][0] == {
        "path": "a,b:c.yaml",
        "line": 3,
        "column": 7,
        "code": "wrong-type",
        "message": "100 % wrong",
        "help": "do this\nthen that",
        "severity": "error",
    }
    assert document["problems"][1]["help"] is None


def test_github_annotations_escape_what_would_end_them() -> None:
    assert render_problems((ERROR, WARNING), "github") == (
        "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=wrong-type::"
        "100 %25 wrong%0Ahelp: do this%0Athen that\n"
        "::warning file=f.yaml,line=9,col=1,title=limit-never-binds::no effect\n"
    )
    assert render_problems((), "github") == ""
