"""The codes of specs/rejections.tsv, as the one exception of this package.

Guarantees: every refusal of bytes from outside is a `Rejection`, with a code of that table.
Leaves to others: which requirement a place stands for; that says whoever catches it.
"""


class Rejection(Exception):
    """Bytes, or a request, were refused."""

    def __init__(self, code: str, detail: str = ""):
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def malformed(detail: str = "") -> Rejection:
    return Rejection("MALFORMED", detail)
