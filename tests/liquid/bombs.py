"""Hostile templates: name -> (template, the cap it runs into, or "" where it is only to cost little)."""

from __future__ import annotations

_DOUBLING = "{% assign s = 'abcdefghijklmnop' %}" + "{% assign s = s | append: s %}" * 60
_LIST = "{% assign a = 'a,b,c,d,e,f,g,h' | split: ',' %}"
_NESTED = "".join(f"{{% for a{depth} in (1..1000) %}}" for depth in range(4)) + "x" + "{% endfor %}" * 4
_BIG = "{% assign b = 'x' %}" + "{% assign b = b | append: b %}" * 20

BOMBS: dict[str, tuple[str, str]] = {
    "nested loops": (_NESTED, "iterations"),
    "loops one after the other": ("{% for i in (1..90000) %}{{ i }}{% endfor %}" * 30, "iterations"),
    "loops that do nothing": ("{% for i in (1..90000) %}{% endfor %}" * 30, "iterations"),
    "a loop of heavy work": (
        f"{_BIG}{{% for i in (1..100000) %}}{{% assign c = b | md5 %}}{{% endfor %}}",
        "seconds",
    ),
    "a loop of conditions": (
        "{% for i in (1..99999) %}" + "{% if a == b %}{% endif %}" * 90 + "{% endfor %}",
        "seconds",
    ),
    "a huge range in a loop": ("{% for i in (1..999999999999999999999) %}x{% endfor %}", "items"),
    "a huge range joined": ("{{ (1..50000000) | join }}", "items"),
    "a huge range sorted": ("{% assign a = (1..50000000) | sort %}", "items"),
    "a huge tablerow": ("{% tablerow i in (1..9999999) %}x{% endtablerow %}", "items"),
    "tablerows one after the other": ("{% tablerow i in (1..90000) %}{% endtablerow %}" * 30, "iterations"),
    "an integer squared again and again": (
        "{% assign n = 9999999999 %}" + "{% assign n = n | times: n %}" * 60,
        "integer",
    ),
    "many digits": ("{{ '" + "9" * 500_000 + "' | plus: 1 }}", "expression"),
    "many digits built": (f"{_BIG}{{% assign n = b | replace: 'x', '9' %}}{{{{ n | plus: 1 | times: n }}}}", ""),
    "decimals that grow": ("{% assign n = 1.5 %}" + "{% assign n = n | times: n %}" * 60 + "{{ n }}", ""),
    "a text doubled": (_DOUBLING, "text"),
    "a replacement that explodes": (f"{_BIG}{{{{ b | replace: 'x', b }}}}", "text"),
    "an array doubled": (_LIST + "{% assign a = a | concat: a %}" * 60, "items"),
    "an array of big texts": (
        f"{_BIG}{_LIST}" + "{% assign c = b | split: 'y' %}" + "{% assign c = c | concat: c %}" * 9,
        "text",
    ),
    "a text split into letters": (f"{_BIG}{{% assign c = b | split: '' %}}", "items"),
    "many big values": (_BIG + "".join(f"{{% assign v{i} = b | slice: 0, 900000 %}}" for i in range(5000)), "made"),
    "output without end": (f"{_BIG}{{% for i in (1..1000) %}}{{{{ b }}}}{{% endfor %}}", "output"),
    "captures of captures": (
        "{% assign c = 'xxxxxxxx' %}" + "{% capture c %}{{ c }}{{ c }}{% endcapture %}" * 60,
        "text",
    ),
    "deep blocks": ("{% if true %}" * 500 + "{% endif %}" * 500, "nesting"),
    "deep blocks in the liquid tag": ("{% liquid\n" + "if true\n" * 500 + "endif\n" * 500 + "%}", "nesting"),
    "deep loops": ("{% for i in (1..1) %}" * 60 + "{% endfor %}" * 60, "nesting"),
    "deep brackets": ("{{ " + "a[" * 3000 + "1" + "]" * 3000 + " }}", "expression"),
    "many brackets": ("{{ " + "a[" * 500 + "b" + "]" * 500 + " }}", ""),
    "many parentheses": ("{{ " + "(" * 3900 + " }}", ""),
    "a condition of many parts": ("{% if a" + " or a" * 700 + " %}x{% endif %}", ""),
    "a long condition": ("{% if a" + " or a" * 5000 + " %}x{% endif %}", "expression"),
    "many tags": ("{{ a }}" * 140_000, "tags"),
    "a huge template": ("x" * 5_000_000, "template"),
    "braces that never close": ("{{" * 400_000, ""),
    "tags that never close": ("{%" * 400_000, ""),
    "dollars that never close": ("{{ " + "${" * 400_000, ""),
    "comments that never close": ("<!--" * 250_000, ""),
    "quotation marks that never close": ("{{ '" + "x}} {{ '" * 9_000, ""),
    "raw that never closes": ("{% raw %}" * 9_000, ""),
    "comment tags": ("{% comment %}" * 40_000, ""),
    "blanks in the liquid tag": ("{% liquid\n echo" + " " * 900_000 + "x\n%}", ""),
    "a block that calls itself": ("{{content_blocks.${loop}}}", ""),
    "a block that calls itself often": ("{{content_blocks.${loops}}}", ""),
    "blocks in a loop": ("{% for i in (1..99999) %}{{content_blocks.${heavy}}}{% endfor %}", "seconds"),
    "html without ends": (f"{_BIG}{{{{ b | replace: 'xxxxxxx', '<script' | strip_html | size }}}}", ""),
    "a wide date": ("{{ 'now' | date: '%99999999999d' | size }}", ""),
    "a long date pattern": (f"{_BIG}{{% assign f = b | replace: 'xx', '%c' %}}{{{{ 'now' | date: f }}}}", ""),
    "a long text as a date": (f"{_BIG}{{{{ b | date: '%s' | size }}}}", ""),
    "deep json": (
        "{% assign o = '[' %}" + "{% assign o = o | append: o %}" * 15 + "{{ o | json_parse }}",
        "",
    ),
    "json printed": ("{{ custom_attribute.${deep} }}{{ custom_attribute.${deep} | as_json_string }}", ""),
    "calls in a loop": (
        "{% for i in (1..9999) %}{% connected_content http://a.test/ :no_cache %}{% endfor %}",
        "calls",
    ),
    "many options": ("{% connected_content http://a.test/" + " :save x" * 100_000 + " %}", "words"),
    "many items": ("{% catalog_items C" + " {{a}}" * 100_000 + " %}", "tags"),
    "many bare items": ("{% catalog_items C" + " 1" * 400_000 + " %}", "words"),
    "random in a loop": ("{% for i in (1..99999) %}{% random 10 %}{% endfor %}", ""),
    "long expressions": (
        ("{% case a %}{% when " + "1," * 1_900 + "1 %}{% endcase %}") * 260,
        "seconds",
    ),
    "many lines in the liquid tag": ("{% liquid\n" + "echo a\n" * 120_000 + "%}", "tags"),
    "abort texts": ("{% abort_message('" + "'" * 500_000 + "') %}", ""),
}
