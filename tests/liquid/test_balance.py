"""Which templates are refused before anything knows what their tags mean, and what the reason says."""

from __future__ import annotations

import pytest

from emulator.liquid.balance import defect

GOOD = [
    "",
    "Hello",
    "Hi {{${first_name}}}!",
    "{{ ${first_name} | default: 'you' }}",
    "{{custom_attribute.${Favorite Color}}}",
    "{{event_properties.${songs}[0].album.name}}",
    "{{api_trigger_properties.${details}.${color}}}",
    "{{content_blocks.${b} | id: 'cb1'}}",
    # inner braces, of an assign, a condition, a filter's argument
    "{% assign x = {{${email_address}}} | md5 %}",
    "{% assign n = {{custom_attribute.${b} | plus: 50}} %}",
    "{% if {{custom_attribute.${x}}} == 1 %}a{% elsif custom_attribute.${x} == 2 %}b{% else %}c{% endif %}",
    "{{ 5 | plus: {{balance}} }}",
    "{% assign v = {{content_blocks.${List}}} | split: ',' %}",
    # quoted braces, and apostrophes that are no quotation marks
    "{% assign s = 'My name is {{${first_name}}}' %}",
    "{% assign s = 'one }} and %} two' %}",
    "{{ 'an opening {{ brace' }}",
    "It's {{ name }}, isn't it",
    "{% abort_message(It's over) %}don't{% if a %}{% endif %}",
    # every block, white-space control, dividers
    "{%- unless a -%}b{%- else -%}c{%- endunless -%}",
    "{% case a %}{% when 1, 2 %}x{% else %}y{% endcase %}",
    "{% for i in (1..3) %}{% if i == 2 %}{% break %}{% endif %}{% else %}none{% endfor %}",
    "{% tablerow i in a %}{{i}}{% endtablerow %}{% ifchanged %}a{% endifchanged %}",
    "{% capture c %}{% for x in y %}{{ x }}{% endfor %}{% endcapture %}{{ c | strip }}",
    "{% translation greeting %}Hello{% endtranslation %}",
    # nothing is read in comments and in raw text
    "{% comment %}{{ {% if %} {% comment %} {% endcomment %} {% endfor %}{% endcomment %}",
    "{% raw %}{{ {% if %}{% comment %}{% endraw %}",
    "{%- raw -%}{{{%- endraw -%}",
    "<!-- {{ {% if a %} -->{{ b }}",
    "{% # a remark %}",
    # tags with markup of their own
    '{% connected_content https://a.test/{{${user_id}}} :headers {"A":{"b":"{{${x}}}"}} :save r %}{{r.a}}',
    '{% connected_content\n  https://a.test/\n  :body {"a":{"b":1}}\n%}',
    '{% abort_message("stop }} here") %}{% message_extras :key a :value b %}',
    "{% liquid\n assign a = 1\n if a\n  echo a\n endif\n comment\n if\n endcomment\n%}",
    "{% liquid liquid liquid echo a %}",
    # braces that are no Liquid
    "a { b } c }} d %} e",
    "<style>@media print{p{color:red}}</style>",
]

BAD = [
    ("{{ a", "line 1: '{{' was not properly terminated with '}}'"),
    ("a\n\n{{ ${first_name} }", "line 3: '{{' was not properly terminated with '}}'"),
    ("{{ ${first_name }}", "line 1: '{{' was not properly terminated with '}}'"),
    ("{{ a %}", "line 1: '{{' was not properly terminated with '}}'"),
    ("{{ a {% if b %}{% endif %}", "line 1: '{{' was not properly terminated with '}}'"),
    ("{{ a | plus: {{b }}", "line 1: '{{' was not properly terminated with '}}'"),
    ("x\n{% if a", "line 2: '{%' was not properly terminated with '%}'"),
    ("{% if a }}b{% endif %}", "line 1: '{%' was not properly terminated with '%}'"),
    ("{% assign x = {{${a}} | md5 %}", "line 1: '{%' was not properly terminated with '%}'"),
    ("{{{api_trigger_properties.${name}}}}", "line 1: an output begins with another brace"),
    ("{{ {{custom_attribute.${born}}} | date: '%s' }}", "line 1: an output begins with another brace"),
    ("{% %}", "line 1: a tag without a name"),
    ("{% if a %}\n{% for b in c %}\n{% endfor %}", "line 1: 'if' tag was never closed"),
    ("{% if a %}{% for b in c %}{% endif %}{% endfor %}", "line 1: unexpected 'endif' in 'for' of line 1"),
    ("{% endif %}", "line 1: unexpected 'endif' outside of any block"),
    ("{% else %}", "line 1: unexpected 'else' outside of any block"),
    ("{% if a %}\n{% when 1 %}{% endif %}", "line 2: unexpected 'when' in 'if' of line 1"),
    ("{% unknown %}{% endunknown %}", "line 1: unexpected 'endunknown' outside of any block"),
    ("\n{% comment %}{% comment %}{% endcomment %}", "line 2: 'comment' tag was never closed"),
    ("{% raw %}{% end raw %}", "line 1: 'raw' tag was never closed"),
    ("{% liquid\n if a\n echo b\n%}", "line 2: 'if' tag was never closed"),
    ("<!-- {{\n -->\n{% if a %}", "line 3: 'if' tag was never closed"),
]


@pytest.mark.parametrize("source", GOOD)
def test_defect_is_empty_for_a_template_that_closes_what_it_opens(source: str) -> None:
    assert defect(source) == ""


@pytest.mark.parametrize(("source", "reason"), BAD)
def test_defect_names_the_line_and_what_is_wrong(source: str, reason: str) -> None:
    assert defect(source) == reason


@pytest.mark.parametrize("unit", ["{{'}}'{{ }}", "{{ '", "{% comment %}", "<!--", "{% if a %}", "{% liquid liquid"])
def test_defect_reads_the_largest_block_there_can_be(unit: str) -> None:
    assert isinstance(defect(unit * (51_200 // len(unit))), str)
