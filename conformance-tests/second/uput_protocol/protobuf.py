"""Strict Protocol Buffers: one message, one byte string (ENV-5, ENV-6).

Guarantees: what `decode` returns was encoded in the only way that ENV-5 leaves. Bytes that do not decode are MALFORMED,
bytes that would be encoded differently are NOT_CANONICAL.
Leaves to others: what the fields mean, and their bounds.

A schema is a tuple of fields in ascending order: (number, name, kind) with the kinds

    u32 u64 bool enum string bytes      a scalar without presence
    *string *bytes *enum                repeated; enums are packed
    NAME / *NAME                        a message / repeated messages; NAME is another schema
    ?GROUP:NAME, ?GROUP:bytes           one of the oneof GROUP

A message is a `Message`: attributes by name; an absent message is None, and of a oneof GROUP there is `GROUP`, the name
of the field that was chosen, or None.
"""

from .rejection import Rejection, malformed

MAX_GROUPS = 100


class Message:
    """The fields of one message, by name."""

    def __init__(self, schema: str, **fields):
        plan = _PLANS[schema]
        own = self.__dict__
        own["_schema"] = schema
        own.update(plan.defaults)
        for name in plan.lists:
            own[name] = []
        own.update(fields)


def decode(schema: str, data: bytes) -> Message:
    """Reads one message; refuses whatever ENV-5 would not have written."""
    message = Message(schema)
    merge(message, data)
    # [ENV-6] to decode, to encode again and to compare is the whole check.
    if encode(message) != data:
        raise Rejection("NOT_CANONICAL", schema)
    return message


def encode(message: Message) -> bytes:
    """The one encoding of a message (ENV-5)."""
    out, own = bytearray(), message.__dict__
    for tag, name, group, kind in _PLANS[own["_schema"]].steps:
        value = own[name]
        if group is not None:
            if own[group] == name:
                _put(out, tag, _body(kind, value))
        elif kind == "*enum":
            if value:
                _put(out, tag, b"".join(varint(v & _U64) for v in value))
        elif kind[0] == "*":
            for one in value:
                _put(out, tag, _body(kind[1:], one))
        elif kind in _NUMBERS:
            if value:
                out += tag + varint(int(value) & _U64)
        elif kind in ("string", "bytes"):
            if value:
                _put(out, tag, _body(kind, value))
        elif value is not None:
            _put(out, tag, encode(value))
    return bytes(out)


def _put(out, tag, body):
    out += tag
    out += varint(len(body))
    out += body


def varint(value: int) -> bytes:
    if value < 0x80:
        return _SHORT[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_U64 = (1 << 64) - 1
_SHORT = [bytes([value]) for value in range(0x80)]
_NUMBERS = frozenset({"u32", "u64", "enum", "bool"})


def _body(kind, value):
    if kind == "bytes":
        return value
    if kind == "string":
        return value.encode("utf-8")
    return encode(value)


def merge(message: Message, data: bytes) -> None:
    """Reads fields into a message and passes over what the schema does not have; says nothing of their encoding."""
    at = 0
    fields = _PLANS[message._schema].fields
    while at < len(data):
        number, wire, at = _tag(data, at)
        field = fields.get(number)
        if field is None:
            at = _skip(data, at, number, wire, 0)
        else:
            at = _read(message, *field, data, at, wire)


def _tag(data, at):
    tag, at = _varint(data, at)
    if tag > 0xFFFFFFFF or tag >> 3 == 0 or tag & 7 > 5:
        raise malformed("tag")
    return tag >> 3, tag & 7, at


def _varint(data, at):
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise malformed("cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > _U64:
                raise malformed("varint beyond 64 bits")
            return value, at
    raise malformed("varint too long")


def _chunk(data, at):
    length, at = _varint(data, at)
    if length > len(data) - at:
        raise malformed("cut off")
    return data[at : at + length], at + length


def _skip(data, at, number, wire, depth):
    if wire == 0:
        return _varint(data, at)[1]
    if wire == 2:
        return _chunk(data, at)[1]
    if wire in (1, 5):
        end = at + (8 if wire == 1 else 4)
        if end > len(data):
            raise malformed("cut off")
        return end
    if wire == 4 or depth >= MAX_GROUPS:
        raise malformed("group")
    while True:
        inner, wire, at = _tag(data, at)
        if wire == 4:
            if inner != number:
                raise malformed("group")
            return at
        at = _skip(data, at, inner, wire, depth + 1)


def _read(message, name, group, kind, data, at, wire):
    own = message.__dict__
    if kind == "*enum":
        return _read_enums(own[name], data, at, wire)
    if kind in _NUMBERS:
        if wire != 0:
            raise malformed("wire type")
        value, at = _varint(data, at)
        own[name] = _narrow(kind, value)
        return at
    if wire != 2:
        raise malformed("wire type")
    chunk, at = _chunk(data, at)
    if kind[0] == "*":
        own[name].append(_value(kind[1:], chunk, None))
    elif group is not None:
        before = own[name] if own[group] == name else None
        own[name] = _value(kind, chunk, before)
        own[group] = name
    else:
        own[name] = _value(kind, chunk, own[name])
    return at


def _read_enums(values, data, at, wire):
    if wire == 0:
        value, at = _varint(data, at)
        values.append(_narrow("enum", value))
        return at
    if wire != 2:
        raise malformed("wire type")
    chunk, at = _chunk(data, at)
    inner = 0
    while inner < len(chunk):
        value, inner = _varint(chunk, inner)
        values.append(_narrow("enum", value))
    return at


def _narrow(kind, value):
    if kind == "bool":
        return value != 0
    if kind == "u32":
        return value & 0xFFFFFFFF
    if kind == "enum":
        # An enumeration has 32 bits with a sign; one below 0 takes ten bytes.
        value &= 0xFFFFFFFF
        return value - (1 << 32) if value >> 31 else value
    return value


def _value(kind, chunk, before):
    if kind == "bytes":
        return bytes(chunk)
    if kind == "string":
        try:
            return chunk.decode("utf-8")
        except UnicodeDecodeError:
            raise malformed("not UTF-8") from None
    inner = before if isinstance(before, Message) else Message(kind)
    merge(inner, chunk)
    return inner


from .schema import SCHEMAS  # noqa: E402  (the schema names kinds only, and needs nothing of this module)


class _Plan:
    """What a schema comes to: what a new message begins with, how it is read, and the steps of its encoding."""

    def __init__(self, fields):
        self.defaults, self.lists, self.steps, self.fields = {}, [], [], {}
        for number, name, kind in fields:
            group = None
            if kind.startswith("?"):
                group, kind = kind[1:].split(":")
                self.defaults[group] = None
            if kind.startswith("*"):
                self.lists.append(name)
            else:
                self.defaults[name] = None if group is not None else _default(kind)
            self.fields[number] = (name, group, kind)
            self.steps.append((varint(number << 3 | (0 if kind in _NUMBERS else 2)), name, group, kind))


def _default(kind):
    return {"u32": 0, "u64": 0, "enum": 0, "bool": False, "string": "", "bytes": b""}.get(kind)


_PLANS = {schema: _Plan(fields) for schema, fields in SCHEMAS.items()}
