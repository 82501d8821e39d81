"""The browser folds words as the program does: a word of the index is found whatever its script."""

from __future__ import annotations

from digest.model.searching import read_question
from digest.templating import packaged
from tests.browser import browser, page

TEXTS = (
    "The ferries of Ōrua sail at dawn", "O'Neill's boats and l'accord d'Évian", "Größere Fähren für die Straße",
    "خبراء يناقشون المِيناء الجديد", "وبالميناء للبحارة أحداث", "汐見港の一日", "通信は2026年から", "항구의 하루", "ท่าเรือแห่งใหม่",
    "नई दिल्ली में बंदरगाह", "Київ і Львів", "İstanbul'da yeni liman", "Łódź, Århus, Đà Nẵng", "ﬁne ﬂeets ①②", "R&D 5G G7",
    "co-operation e-mail", "naïve café", "Ærø ÆON", "dresses class news", "x y z 7", "ΑΘΗΝΑ λιμάνι", "שלום הנמל", "U.S. policy's",
    "“quoted” — dashes…", "emoji 🚢 sails", "mixed汐見text", "''", "kıyı", "STRAẞE",
)  # fmt: skip


def test_the_script_folds_as_the_program_does() -> None:
    script = packaged("pages/archive/search.js")
    part = script[script.index("const unspaced") : script.index("// What was typed")]
    with browser() as started, page(started) as opened:
        found = opened.evaluate(f"(texts) => {{ {part} return texts.map((text) => runs(text)); }}", list(TEXTS))
    for text, runs in zip(TEXTS, found, strict=True):
        expected = [list(term.words) for term in read_question(f"{text} ") if text != "''"]
        assert list(map(tuple, dict.fromkeys(map(tuple, runs))))[:12] == list(map(tuple, expected)), text
