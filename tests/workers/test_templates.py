import pytest

from llmaas.workers.templates import ChatTemplate, TemplateError, UnsupportedContentError

HI = [{"role": "user", "content": "hi"}]


def render(source, messages=HI, *, tools=None, **arguments):
    template = ChatTemplate(source, bos_token="<s>", eos_token="</s>")
    return template.render(messages, tools=tools, arguments=arguments)


def test_templates_render_as_the_field_renders_them():
    source = """{{ bos_token }}
{% for message in messages %}
  {% if loop.index > 1 %}{% continue %}{% endif %}
  {{ message.role }}: {{ message.content }}
{% endfor %}
{% if add_generation_prompt %}assistant:{% endif %}"""
    assert render(source) == "<s>\n  user: hi\nassistant:"


def test_json_in_a_prompt_has_no_html_escapes():
    tools = [{"name": "größe", "text": "<a> & 'b'"}]
    assert render("{{ tools | tojson }}", tools=tools) == (
        """[{"name": "größe", "text": "<a> & 'b'"}]"""
    )


def test_generation_blocks_are_transparent():
    assert render("a{% generation %}b{% endgeneration %}c") == "abc"


def test_text_parts_become_one_text():
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    assert render("{{ messages[0].content }}", [{"role": "user", "content": parts}]) == "one two"


def test_a_message_without_content_has_an_empty_one():
    assert render("[{{ messages[0].content }}]", [{"role": "assistant", "content": None}]) == "[]"


def test_media_are_refused_by_their_kind():
    parts = [{"type": "image_url", "image_url": {"url": "data:,"}}]
    with pytest.raises(UnsupportedContentError, match="image_url"):
        render("x", [{"role": "user", "content": parts}])


@pytest.mark.parametrize(
    ("text", "thinking"),
    [
        ("why? /think", "True"),
        ("/nothink why?", "False"),
        ("why? /no_think", "False"),
        ("a path: /think/of", "unset"),
        ("", "unset"),
    ],
)
def test_a_soft_switch_in_the_last_user_message_sets_enable_thinking(text, thinking):
    source = "{{ enable_thinking if enable_thinking is defined else 'unset' }}"
    messages = [{"role": "user", "content": "/think"}, {"role": "user", "content": text}]
    assert render(source, messages) == thinking


def test_a_template_argument_wins_over_a_soft_switch():
    messages = [{"role": "user", "content": "why? /think"}]
    assert render("{{ enable_thinking }}", messages, enable_thinking=False) == "False"


def test_what_the_template_raises_is_the_refusal():
    with pytest.raises(TemplateError, match="roles must alternate"):
        render("{{ raise_exception('roles must alternate') }}")


def test_an_invalid_template_is_refused_when_it_is_read():
    with pytest.raises(TemplateError, match="invalid"):
        render("{% if %}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception.__globals__.items() }}",
        "{% for i in range(10**9) %}{% endfor %}",
    ],
)
def test_a_template_from_a_hub_reaches_nothing_outside(source):
    with pytest.raises(TemplateError):
        render(source)


def test_thinking_is_said_by_every_name_and_the_callers_own_words_win():
    source = "{{ enable_thinking }} {{ thinking }}"
    template = ChatTemplate(source, bos_token="", eos_token="")

    def said(text, thinking, **arguments):
        messages = [{"role": "user", "content": text}]
        return template.render(messages, tools=None, arguments=arguments, thinking=thinking)

    assert said("why?", False) == "False False"
    assert said("why? /think", False) == "True True"
    assert said("why? /think", False, enable_thinking=False) == "False True"


CALLED = [
    {"role": "user", "content": "1 + 1?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "function": {"name": "add", "arguments": '{"a": 1}'}}],
    },
]
ADD = {"type": "function", "function": {"name": "add"}}


@pytest.mark.parametrize(
    "arguments", ["call.function.arguments | tojson", "'' + call.function.arguments"]
)
def test_arguments_are_given_as_the_template_takes_them(arguments):
    source = (
        "{% if tools %}{% endif %}{% for m in messages %}{% for call in m.tool_calls or [] %}"
        "{{ " + arguments + " }}{% endfor %}{% endfor %}"
    )
    assert render(source, CALLED, tools=[ADD]) == '{"a": 1}'


def test_a_template_without_tools_gets_them_in_words():
    source = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    text = render(source, CALLED, tools=[ADD])
    assert '{"name": "add"}' in text
    assert 'assistant: {"name": "add", "arguments": {"a": 1}}' in text


# As published, in short: calls only where there is no content, and no answer begins after a result.
DEEPSEEK = """{{ bos_token }}
{%- for message in messages if message.role == 'system' %}{{ message.content }}{% endfor %}
{%- for message in messages %}
{%- if message.role == 'user' %}{{ '<｜User｜>' + message.content }}{% endif %}
{%- if message.role == 'assistant' and message.content is none %}
{%- for tool in message.tool_calls %}
{{- '<｜tool▁calls▁begin｜>' + tool.type + tool.function.arguments }}{% endfor %}
{%- elif message.role == 'assistant' %}
{{- '<｜Assistant｜>' + message.content.split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}
{%- elif message.role == 'tool' %}
{{- '<｜tool▁outputs▁begin｜>' + message.content }}{% endif %}
{%- endfor %}
{%- if messages[-1].role != 'tool' %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"""


def test_deepseek_is_told_of_tools_calls_and_results_in_its_own_markers():
    call = {"type": "function", "id": "1", "function": {"name": "now", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Be brief."},
        *HI,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "noon"},
    ]
    template = ChatTemplate(DEEPSEEK, bos_token="<s>", eos_token="</s>")
    text = template.render(
        messages,
        tools=[{"type": "function", "function": {"name": "now"}}],
        arguments={},
        tool_call_format="deepseek",
    )
    told, _, rest = text.partition("<｜User｜>")
    assert '{"name": "now"}' in told
    assert "<｜tool▁call▁begin｜>function<｜tool▁sep｜><name>\n```json\n" in told
    assert told.endswith("Otherwise answer in plain text.\n\nBe brief.")
    assert rest == (
        "hi<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n"
        "```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>"
        "<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>noon<｜tool▁output▁end｜>"
        "<｜tool▁outputs▁end｜><｜end▁of▁sentence｜><｜Assistant｜><think>\n"
    )
