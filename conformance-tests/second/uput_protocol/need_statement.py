"""Words that must not tell who she is (need-statement.md): what is found in a text, and of which kind.

Guarantees only what the page says of forms. The words of each language (for a street, a telephone, a document) are not in the
page: those here were written for this package, and another program may know more.
"""

import re
import unicodedata
from collections import namedtuple

from .vector import specs

Finding = namedtuple("Finding", "start end kind")

NAMES = ("name", "children_names", "child_collectors", "guardian_name", "perpetrator_name", "excluded_persons", "reporter_name", "safe_contact_code_word")
ADDRESSES = ("home_address", "current_location")
REFERENCES = ("identity_number", "guardian_authority", "mandate_reference", "decision_reference")

LATIN = dict(zip("абвгґдђеєэәжзиіыјйклљмнњопрсшщтћчцуфхѓќѕџюяъьıłđðø", [
    "a", "b", "v", "g", "g", "d", "d", "e", "e", "e", "e", "z", "z", "i", "i", "i", "j", "j", "k", "l", "lj", "m", "n", "nj", "o", "p", "r",
    "s", "s", "s", "t", "c", "c", "c", "u", "f", "h", "gj", "kj", "dz", "dz", "ju", "ja", "", "", "i", "l", "d", "d", "o"]))
SOUNDS = (("xh", "dz"), ("gj", "d"), ("kj", "c"), ("ch", "c"), ("sh", "s"), ("zh", "z"), ("th", "t"), ("dh", "d"), ("q", "c"), ("w", "v"), ("y", "i"))
ENDINGS = set(
    # Slavic cases, vocatives, possessives and articles.
    "a e i o u ju je ja om em im oj og om ome omu ov ova ove ovi ovo ovog ovoj ovu ovom ovim ovih evog ev eva eve evi evo evoj evu evom evim evih in ina ine ini ino inoj inu "
    "inom inog ovata evata inata ovoto evoto inoto ovite evite inite ta to te "
    # Albanian.
    "t n s it in is ut un es en ve se ja jes jen eve "
    # Romani, Turkish, English.
    "ke ce ker kero kere kero ko ki estar este esa es ar nin in un den dan s".split())
SOFTER = {"k": "c", "g": "z", "h": "s"}
VOWELS = "aeiou"
DIGITS = set(
    "nula jedan jedna dva dvije dve tri cetiri pet sest sedam osam devet zero nje di tre kater pese gjaste djaste state tete nente nula eden edna dve cetiri "
    "sedum osum zero one tvo three tree four five six seven eight ej jeg duj trin star panc sov efta ohto ina sifir bir iki uc dort bes alti jedi sekiz dokuz "
    "diset deset dvaest dvadeset trideset cetrdeset pedeset sezdeset sedamdeset osamdeset devedeset sedumdeset dizet diet dizete".split())
ZEROS = {"nula", "zero", "sifir"}
AND = {"e", "i", "and"}
TELEPHONE = re.compile(r"^(tel|mob|zov|zvat|nazov|pozov|jav|telef|phone|call|numri|telefon|broj|cel|viber|vatsap|vhatsap|whatsap|ringtel|thirr|trrit|tirr|cel|jav|svoni|dzvon|zvon|svon)")
DOCUMENT = re.compile(r"^(jmbg|embg|oib|lk|pasos|pasapor|pasos|passport|pasport|licn|licne|licna|osobn|karta|karte|leternjoft|leternoft|id|isprav|dokument|document|matic|nid|letrnoft|personal)")
STREETS = re.compile(r"^(ulic\w*|ul|rrug\w*|rug\w*|rr|r|bulevar\w*|bul|trg|trgu|trga|lagj\w*|ladj\w*|lad\w*)$")
COUNTED = re.compile(r"\W*(mjesec|mesec|muaj|dana|dan\b|sat|godin|nedel|nedje|tjed|osob|krevet|minut|vjec|jav|dit|месец|дан|година|недел|сат|час)", re.I)
LIVING = re.compile(r"^(zivi|stan\w*|adres\w*|boravi|zivu|zivee|u|na|ne|vo|jeton|banon|lives|at|kod|iz)$")
CODES = ("355", "381", "382", "383", "385", "386", "387", "389", "359", "40", "30", "90", "36", "43", "49", "44")


def folded(text):
    """In small Latin letters, without marks. [CAS-62]"""
    plain = "".join(char for char in unicodedata.normalize("NFKD", _base(text)) if not unicodedata.combining(char))
    plain = "".join(LATIN.get(char, char) for char in plain)
    return re.sub(r"[’'ʼ`]", "", plain).replace("dj", "d")


def _base(text):
    # `ѓ` and `ќ` are letters of their own; their accents are not marks that fall away.
    return unicodedata.normalize("NFC", text).lower().replace("ѓ", "gj").replace("ќ", "kj").replace("й", "j")


def sound(text):
    """As it sounds. [CAS-31]"""
    plain = folded(text)
    for written, heard in SOUNDS:
        plain = plain.replace(written, heard)
    return re.sub(r"(.)\1", r"\1", plain)


Word = namedtuple("Word", "start end text plain")


def words(text):
    """Letters with their marks, and apostrophes between them. [NST-2]"""
    found = re.finditer(r"[^\W\d_][^\W\d_\u0300-\u036f]*(?:[\u0300-\u036f’'][^\W\d_]*)*", text)
    return [Word(word.start(), word.end(), word.group(), folded(word.group())) for word in found]


def digits(text):
    """The text with every digit of any form as an ASCII one, letter for letter. [NST-3]"""
    plain = []
    for char in text:
        form = unicodedata.normalize("NFKC", char)
        value = unicodedata.decimal(form, None) if len(form) == 1 else None
        plain.append(char if value is None else str(value))
    out = list(plain)
    for _ in range(2):
        for at, char in enumerate(out):
            near = "".join(out[max(0, at - 1):at] + out[at + 1:at + 2])
            if char in "OIl" and any(other.isdigit() for other in near):
                alone = not (out[at + 1:at + 2] and out[at + 1].isalpha() and out[at + 1] not in "OIl")
                out[at] = {"O": "0", "I": "1", "l": "1"}[char] if alone else char
    return "".join(out)


class Judge:
    """One text, with what the record says. `record` has pairs of a label and a value."""

    def __init__(self, label, text, record):
        self.label, self.text, self.record = label, text, record
        self.digits, self.words = digits(text), words(text)
        self.found = []

    def findings(self):
        if self.label in ADDRESSES:
            return []
        if self.label in REFERENCES:
            self._references()
        else:
            self._online_in_brackets()
            self._numbers()
            self._number_words()
            self._online()
            self._places()
        self._names()
        return sorted(self.found)

    def _add(self, start, end, kind):
        if all(end <= other.start or other.end <= start for other in self.found):
            self.found.append(Finding(start, end, kind))

    def _before(self, at, most=4):
        return [word.plain for word in self.words if word.end <= at][-most:]

    # Numbers. [NST-3] [NST-5]

    def _set_aside(self):
        plain = self.digits
        forms = (
            r"(?<!\d)\d{1,2}\s?[./]\s?\d{1,2}\s?[./]\s?(?:19|20)\d\d\.?(?!\d)", r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.(?!\d)",
            r"(?<!\d)\d{1,2}[:.]\d\d\s?[-–]\s?\d{1,2}[:.]\d\d(?!\d)", r"(?<!\d)[012]?\d[:.][0-5]\d(?!\d)",
            r"(?<!\d)(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d(?!\d)", r"(?<![\d+-])(?:19|20)\d\d\.?(?!\d)(?![-/ ]\d)",
            r"(?i)(?:pritisak|притисак|притисок|tension|tensioni)\w*\s\d{2,3}/\d{2,3}",
            r"(?i)\d{1,3}(?:[ .]\d{3})*(?:,\d\d)?\s?(?:km\b|eur|evr|dinar|denar|lek|динар|денар|евр)")
        for form in forms:
            plain = re.sub(form, lambda match: " \0" * (len(match.group()) // 2) + " " * (len(match.group()) % 2), plain)
        return plain

    def _numbers(self):
        plain = self._set_aside()
        for run in re.finditer(r"(?:\+\s?)?\(?\d+(?:(?:[\s/.()\[\]–-]{1,3}|(?<=\d)[A-Za-z](?=\d)|(?<=\d)[-( ]{1,2}\d?\)?)\d+)*", plain):
            kind = self._kind_of(run, plain)
            if kind:
                self._add(run.start(), run.end(), kind)

    def _kind_of(self, run, plain):
        said, groups = run.group(), re.findall(r"\d+", run.group())
        all_digits, signs = "".join(groups), re.findall(r"\D+", run.group().lstrip("+("))
        size, before = len(all_digits), self._before(run.start())
        touching = (re.search(r"[A-Z]{1,3}$", plain[:run.start()]) or re.match(r"[A-Z]{1,3}(?![a-z])", plain[run.end():]))
        after_document = any(DOCUMENT.match(word) for word in before)
        after_telephone = any(TELEPHONE.match(word) for word in before)
        if len(groups) == 1 and touching and 6 <= size <= 10 and not said.startswith("+"):
            return "id_number"
        if after_document and size >= 5 and not (all_digits.startswith("00") and size > 10):
            return "id_number"
        if self._telephone(said, groups, signs, all_digits, after_telephone):
            return "telephone"
        together = len(groups) == 1
        if size == 13 or together and (size in (11, 12) or size == 10 and all_digits[0] != "0"):
            return "id_number"
        return None

    def _telephone(self, said, groups, signs, all_digits, called):
        size, lengths = len(all_digits), tuple(map(len, groups))
        abroad = all_digits[2:] if all_digits.startswith("00") else all_digits
        if said.startswith("+") and 7 <= size <= 15 or all_digits.startswith("00") and 7 <= len(abroad) <= 15 and size > 9:
            return True
        if all_digits.startswith(CODES[:8]) and 10 <= size <= 12:
            return True
        if all_digits[0] == "0" and all_digits[1:2] != "0" and 8 <= size <= 11:
            return True
        if lengths in ((2, 3, 3), (2, 3, 4), (2, 6), (2, 7), (8,)) and not all_digits.endswith("000"):
            return True
        if size in (6, 7) and len(groups) > 1 and all(sign.strip() in ("-", "/") and sign.strip() for sign in signs):
            return True
        return called and 6 <= size <= 10 or self._is_hers(all_digits)

    def _is_hers(self, all_digits):
        known = [re.sub(r"\D", "", digits(value)) for label, value in self.record if label in ("safe_contact_telephone", "identity_number") and label != self.label]
        return len(all_digits) >= 6 and any(len(number) >= 6 and number[-6:] == all_digits[-6:] for number in known)

    def _number_words(self):
        run = []
        for word in [*self.words, Word(len(self.text), len(self.text), "", "")]:
            near = not run or re.fullmatch(r"[^\w]*", self.text[run[-1].end:word.start]) is not None
            if near and run and word.plain in AND:
                continue
            if near and sound(word.text) in SOUND_DIGITS:
                run.append(word)
                continue
            zero = run and sound(run[0].text) in ZEROS
            if len(run) >= 5 or len(run) == 4 and zero:
                self._add(run[0].start, run[-1].end, "telephone")
            elif zero and len(run) < 4:
                rest = re.match(r"\W{0,3}\d[\d\W]*\d", self.digits[run[-1].end:])
                if rest and len(re.sub(r"\D", "", rest.group())) >= 6:
                    self.found = [one for one in self.found if one.start < run[0].start or one.start > run[-1].end + rest.end()]
                    self._add(run[0].start, run[-1].end + rest.end(), "telephone")
            run = [word] if sound(word.text) in SOUND_DIGITS else []

    # Online. [NST-4]

    def _online_in_brackets(self):
        forms = (r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", r"[\w.+-]+\s?[(\[]\s?(?:at|et|kod)\s?[)\]]\s?[\w-]+(?:\.[\w-]+)+",
                 r"(?i)[\w.+-]+ (?:at|et) [\w-]+ (?:dot|tačka|tacka|točka|pikë|pike) \w+", r"(?i)[\w.+-]+ (?:at|et) (?:gmail|yahoo|hotmail|outlook)\S*")
        for form in forms:
            for match in re.finditer(form, self.text):
                self._add(match.start(), match.end(), "email")

    def _online(self):
        forms = (r"(?i)https?\S+", r"(?i)www\.\S+", r"(?<![\w.])@\w{3,}", r"(?<![\w.])[a-z][\w-]+\.(?:com|net|org|me|rs|mk|al|ba|hr|eu)\b(?!\.)",
                 r"(?i)\b(?:facebook|instagram|insta|tiktok|telegram|viber|skype|snapchat|fb|ig|фејсбук|инстаграм)\b\W{1,3}(?=\S*[\d._])[\w.]+")
        for form in forms:
            for match in re.finditer(form, self.text):
                self._add(match.start(), match.end(), "web")

    # Places. [NST-6]

    def _places(self):
        for match in re.finditer(r"\b\d\d?\.\d{4,}\W{1,3}\d\d?\.\d{4,}|(?<!\d)\d{5} (?=[^\W\d_])(?=[A-ZČĆŽŠĐА-Ш])\w+", self.digits):
            self._add(match.start(), match.end(), "address")
        for match in re.finditer(r"\b\d{1,3} (?:[A-Z]\w+ )?(?:Street|Road|Avenue|Lane)\b", self.digits):
            self._add(match.start(), match.end(), "address")
        for at, word in enumerate(self.words):
            rest, follows = self.digits[word.end:], self.words[at + 1:at + 3]
            if STREETS.match(word.plain) and self._is_street(word, rest, follows):
                end = re.match(r"[^,.;!?]*\d+\w?|\W*\w+(?:\W+[eè]\W+\w+)?", rest)
                self._add(word.start, word.end + (end.end() if end else 0), "address")
            named = word.text[:1].isupper() and re.search(r"(skoj|ska|eva|ova|evoj|ovoj|ici)$", word.plain)
            number = re.match(r"\s+(?:(?:br\.?|broj)\s*)?\d{1,3}[a-zа-ш]?(?!\d)", rest)
            lives = any(LIVING.match(before) for before in self._before(word.start, 3))
            if named and number and lives and not COUNTED.match(rest[number.end():]) and not rest[number.end():][:1] == ".":
                self._add(word.start, word.end + number.end(), "address")
        self._own_address()

    def _is_street(self, word, rest, follows):
        number = re.match(r"\.?\s+(?:nr\.?\s*|br\.?\s*)?\d{1,3}[a-zа-ш]?\b", rest)
        if number:
            capital = [other for other in self.words if other.end <= word.start][-1:]
            named = capital and capital[0].text[:1].isupper() and capital[0].start > 0
            first = capital and capital[0].text[:1].isupper()
            return (named or first or len(word.plain) < 4) and not COUNTED.match(rest[number.end():])
        near = [other for other in follows if not re.search(r"[.,;!?]", self.text[word.end + 1:other.start])]
        if near and near[0].text in ("e", "i", "së", "të") and len(near) > 1:
            near = near[1:]
        if near and near[0].text[:1].isupper():
            return True
        return word.plain.startswith(("bulevar", "trg", "ulic")) and bool(re.match(r"\s+\w+(?:\s+\w+)?\s+(?:\d{1,3}|bb)\b", self.digits[word.end:])) and word.text[:1].isupper()

    def _own_address(self):
        for label, value in self.record:
            if label not in ADDRESSES:
                continue
            known = [word.plain for word in words(re.split(r"[\d,]", value)[0]) if word.text[:1].isupper() and not STREETS.match(word.plain)]
            for word in self.words:
                if word.text[:1].isupper() and any(is_form(sound(word.text), sound(name)) for name in known if len(name) > 2):
                    self._add(word.start, word.end, "address")

    # Names. [NST-8] [NST-9] [NST-10]

    def _known(self):
        for label, value in self.record:
            if label in NAMES and label != self.label:
                found = [word for word in words(value) if len(word.plain) > 1]
                capital = [word for word in found if word.text[:1].isupper()]
                yield from (word.text for word in capital or found)

    def _names(self):
        known = {name for name in self._known()}
        for start, end, letters in self._spread():
            if any(sound(letters) == sound(name) for name in known):
                self._add(start, end, "name")
        for word in self.words:
            if len(word.plain) > 1 and any(self._is_name(word, name) for name in known):
                self._add(word.start, word.end, "name")

    def _spread(self):
        """Letters that stand apart are one word. [NST-8]"""
        for match in re.finditer(r"(?<!\w)[^\W\d_](?: [^\W\d_]){2,}(?!\w)", self.text):
            yield match.start(), match.end(), match.group().replace(" ", "")

    def _is_name(self, word, name):
        if not is_form(sound(word.text), sound(name)):
            return False
        common = [COMMON[plain] for plain in (word.plain, folded(name)) if plain in COMMON]
        if not common and len(folded(name)) > 3:
            return True
        first = re.fullmatch(r"(?:.*[.!?:]\s*)?\W*", self.text[:word.start], re.S) is not None
        return word.text[:1].isupper() and not (first and any(common))

    # File numbers. [NST-13]

    def _references(self):
        runs = [(run.start(), run.end(), run.group()) for run in re.finditer(r"\(?\d+(?:[\s/.()\[\]–-]{1,3}\d+)*", self.digits)]
        for start, _, said in runs:
            self._reference(start, said)
        if self.label != "identity_number":
            self._number_words()

    def _reference(self, start, said):
        groups = [(match.start(), match.end(), match.group()) for match in re.finditer(r"\d+", said)]
        identity = [value for label, value in self.record if label == "identity_number"]
        for first in range(len(groups)):
            for last in range(first, len(groups)):
                together = "".join(group for _, _, group in groups[first:last + 1])
                span = start + groups[first][0], start + groups[last][1]
                if 6 <= len(together) and self._is_hers(together):
                    same = any(re.sub(r"\D", "", value)[-6:] == together[-6:] for value in identity)
                    self._add(*span, "id_number" if same and self.label != "identity_number" else "telephone")
        called = any(TELEPHONE.match(word) and not word.startswith(("broj", "numri")) for word in self._before(start))
        together = "".join(group for _, _, group in groups)
        whole = start + groups[0][0], start + groups[-1][1]
        if called and 6 <= len(together) <= 11:
            self._add(*whole, "telephone")
        if self.label == "identity_number":
            return
        for begin, end, group in groups:
            if len(group) == 13 and not group.startswith("00"):
                self._add(start + begin, start + end, "id_number")
        if re.match(r"\(?(?:19|20)\d\d(?!\d)|.*/(?:19|20)\d\d(?!\d)|.*/\d\d?$", said):
            return
        for first in range(len(groups)):
            # A number of its own begins at the first group, or after a space.
            if first and not said[groups[first][0] - 1].isspace():
                continue
            rest = "".join(group for _, _, group in groups[first:])
            abroad = rest.startswith("00") and 9 <= len(rest) - 2 <= 13
            single = rest[0] == "0" and rest[1:2] != "0" and 8 <= len(rest) <= 10
            country = len(groups) - first > 1 and groups[first][2].startswith(CODES[:8]) and 10 <= len(rest) <= 13
            if abroad or single or country:
                self._add(start + groups[first][0], whole[1], "telephone")


def is_form(word, name):
    """Whether a word is a name or a form of it, both as they sound. [NST-9]"""
    if word == name:
        return True
    stems = {name}
    if name[-1:] in VOWELS:
        stems.add(name[:-1])
    if len(name) > 3 and name[-2] == "a" and name[-1] not in VOWELS:
        stems.add(name[:-2] + name[-1])
    if len(name) > 3 and name.endswith("ao"):
        stems.add(name[:-2] + "l")
    for stem in list(stems):
        if stem[-1:] in SOFTER:
            stems.add(stem[:-1] + SOFTER[stem[-1]])
            if stem[-1] == "k":
                stems.add(stem[:-1] + "c")
    return any(len(stem) > 1 and word.startswith(stem) and word[len(stem):] in ENDINGS and (len(stem) > 2 or word[len(stem):] in VOWELS) for stem in stems)


def _common():
    lines = (specs() / "common-words.txt").read_text("utf-8").splitlines()
    return {line.rstrip("*").strip(): line.endswith("*") for line in lines if line and not line.startswith("#")}


COMMON = _common()
SOUND_DIGITS = {sound(word) for word in DIGITS}
