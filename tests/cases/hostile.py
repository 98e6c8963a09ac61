"""Twelve texts that do harm where a writer trusts a name (RELIABILITY C5 101-103)."""

PAYLOADS = {
    "formula": '=HYPERLINK("http://127.0.0.1/","x")',
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+1+cmd",
    "minus": "-2+3",
    "tab": "\t=1+1",
    "script": "</script><script>alert(1)</script>",
    "template": "${7*7}{{7*7}}`${1}`",
    "right_to_left": "abc\u202egnp.exe",
    "typst": '#eval("1+1") #panic("x") $x^2$ *b* _i_ <label> @ref',
    "backslash": "\\u{1F600}\\n\\\\server\\x",
    "lines": 'a"b,c\r\nd;\x00e\x1b[31m',
    "long": "长" * 5000,
}
