"""What is found in words has a kind and a place, and where the page asks nothing, nothing is found."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from uput_protocol import statements
from uput_protocol.need_statement import Finding, Judge

RECORD = [("name", "Amra Nestvarić"), ("safe_contact_telephone", "+38267123456")]


def found(label, text, record=()):
    return Judge(label, text, [*RECORD, *record, (label, text)]).findings()


class Statements(unittest.TestCase):
    def test_a_finding_has_its_place(self):  # [NST-2] [NST-7]
        text = "Zvati na 061/123-456, Amri je hitno."
        self.assertEqual(found("need_statement", text), [Finding(9, 20, "telephone"), Finding(22, 26, "name")])

    def test_addresses_are_addresses_by_their_meaning(self):  # [NST-1]
        text = "ulica Izmišljena 14, 061/123-456"
        self.assertEqual(found("home_address", text), [])
        self.assertEqual({one.kind for one in found("reason_in_words", text)}, {"address", "telephone"})

    def test_a_file_number_has_room_for_digits(self):  # [NST-12] [NST-13]
        self.assertEqual(found("decision_reference", "06-1234/2026"), [])
        self.assertEqual([one.kind for one in found("decision_reference", "061 123 456")], ["telephone"])
        self.assertEqual([one.kind for one in found("decision_reference", "12/26 (123456)")], ["telephone"])
        self.assertEqual(found("identity_number", "0101990715008"), [])

    def test_a_word_of_everyday_language_needs_a_capital(self):  # [NST-10]
        record = [("name", "Nada Izmišljena")]
        self.assertEqual(found("need_statement", "Ona ima nadu.", record), [])
        self.assertEqual([one.kind for one in found("need_statement", "Hitno, Nadu zvati.", record)], ["name"])

    def test_a_row_that_is_not_met_is_said(self):
        with TemporaryDirectory() as home:
            folder = Path(home, "need-statement")
            folder.mkdir()
            rows = ["name=Amra\tNišta [[telephone:za]] nju.", "name=Amra\tZvati 061/123-456.", "name=Amra\t[[name:Amri]] hitno."]
            (folder / "bs.tsv").write_text("\n".join(rows), "utf-8")
            agreed, asked, wrong = statements.check(folder)
            self.assertEqual((agreed, asked, len(wrong)), (1, 3, 2))


if __name__ == "__main__":
    unittest.main()
